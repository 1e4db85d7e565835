#include "agents/multipliers.h"

#include <algorithm>
#include <cmath>

#include "sim/check.h"

namespace sluice {
namespace {

std::size_t cost_index(const EnvSpec& spec, const std::string& name) {
  const auto found = std::find(spec.cost_names.begin(), spec.cost_names.end(), name);
  if (found != spec.cost_names.end())
    return static_cast<std::size_t>(found - spec.cost_names.begin());
  std::string known;
  for (const std::string& cost : spec.cost_names) known += (known.empty() ? "" : ", ") + cost;
  throw data_error("agent.multiplier: this environment has no cost '" + name + "' (it has: " + known +
                   ")");
}

MultiplierConfig resolve(const MultiplierConfig& config, const EnvSpec& spec) {
  if (!std::holds_alternative<AutoMultiplierConfig>(config)) return config;
  if (!spec.has_watch_outcome) return DualMultiplierConfig{};
  FixedMultiplierConfig fixed;
  for (const std::string& cost : spec.cost_names)
    if (cost == "cost_usage") fixed.costs[cost] = 1;
  return fixed;
}

}  // namespace

Multipliers::Multipliers(const MultiplierConfig& config, const EnvSpec& spec)
    : values_(spec.cost_names.size(), 0.0) {
  const auto set_fixed = [&](const std::map<std::string, double>& costs) {
    for (const auto& [name, value] : costs) values_[cost_index(spec, name)] = value;
  };
  const auto limit_others = [&](const std::map<std::string, double>& fixed) {
    set_fixed(fixed);
    for (const CostLimit& limit : spec.limits)
      if (!fixed.contains(spec.cost_names[static_cast<std::size_t>(limit.cost)])) limits_.push_back(limit);
    controllers_.resize(limits_.size());
  };
  const MultiplierConfig resolved = resolve(config, spec);
  if (const auto* fixed = std::get_if<FixedMultiplierConfig>(&resolved)) set_fixed(fixed->costs);
  if (const auto* dual = std::get_if<DualMultiplierConfig>(&resolved)) {
    rule_ = *dual;
    limit_others(dual->fixed);
    for (const CostLimit& limit : limits_)
      values_[static_cast<std::size_t>(limit.cost)] = std::min(dual->initial, dual->max);
  }
  if (const auto* pid = std::get_if<PidMultiplierConfig>(&resolved)) {
    rule_ = *pid;
    limit_others(pid->fixed);
  }
}

void Multipliers::step(std::span<const double> cost_values) {
  for (std::size_t k = 0; k < limits_.size(); ++k) {
    const auto i = static_cast<std::size_t>(limits_[k].cost);
    ENSURE(i < cost_values.size(), "a value for every cost");
    if (std::isnan(cost_values[i])) continue;
    // A limit of exactly 0 has no scale of its own: the excess then counts in the cost's unit.
    const double scale = limits_[k].limit == 0 ? 1 : std::abs(limits_[k].limit);
    const double violation = (cost_values[i] - limits_[k].limit) / scale;
    values_[i] = std::holds_alternative<PidMultiplierConfig>(rule_)
                     ? pid_step(controllers_[k], cost_values[i], violation, scale)
                     : dual_step(values_[i], violation);
  }
  steps_ += 1;
}

double Multipliers::dual_step(double lambda, double violation) const {
  const auto& dual = std::get<DualMultiplierConfig>(rule_);
  const double decay = dual.decay_steps > 0 ? 1 + steps_ / dual.decay_steps : 1;
  return std::clamp(lambda + dual.step_size / decay * violation, 0.0, dual.max);
}

double Multipliers::pid_step(Controller& c, double value, double violation, double scale) const {
  const auto& pid = std::get<PidMultiplierConfig>(rule_);
  const bool is_first = c.means.empty();
  const auto trail = [&](double mean, double newest) {
    return is_first ? newest : pid.smoothing * mean + (1 - pid.smoothing) * newest;
  };
  const double mean_value = trail(is_first ? 0 : c.means.back(), value);
  c.mean_violation = trail(c.mean_violation, violation);
  c.integral = std::clamp(c.integral + pid.integral * violation, 0.0, pid.max);
  c.means.push_back(mean_value);
  const bool has_past = c.means.size() > static_cast<std::size_t>(pid.delay);
  const double growth = has_past ? std::max(0.0, mean_value - c.means.front()) / scale : 0;
  if (has_past) c.means.erase(c.means.begin());
  return std::clamp(pid.proportional * c.mean_violation + c.integral + pid.derivative * growth, 0.0, pid.max);
}

void Multipliers::transfer(StateArchive& archive) {
  archive.value("steps", steps_);
  archive.fixed("values", values_);
  for (std::size_t k = 0; k < controllers_.size(); ++k)
    archive.section("controller_" + std::to_string(k), [&] {
      archive.value("integral", controllers_[k].integral);
      archive.value("mean_violation", controllers_[k].mean_violation);
      archive.values("means", controllers_[k].means);
    });
}

bool Multipliers::may_price(std::size_t i) const {
  return values_[i] != 0 || std::any_of(limits_.begin(), limits_.end(), [&](const CostLimit& limit) { return static_cast<std::size_t>(limit.cost) == i; });
}

void Multipliers::set_values(std::vector<double> values) {
  ENSURE(values.size() == values_.size(), "one multiplier per cost");
  values_ = std::move(values);
}

MultiplierConfig own_prices_only(const MultiplierConfig& config, const EnvSpec& spec, const char* agent) {
  const MultiplierConfig resolved = resolve(config, spec);
  if (std::holds_alternative<FixedMultiplierConfig>(resolved)) return resolved;
  if (std::holds_alternative<AutoMultiplierConfig>(config)) return FixedMultiplierConfig{};
  throw data_error(std::string("agent.multiplier: ") + agent + " keeps limits by itself and its prices do not move; give {kind: fixed}, with the costs that shall have a price");
}

std::vector<CostLimit> unpriced_limits(const MultiplierConfig& config, const EnvSpec& spec) {
  const MultiplierConfig resolved = resolve(config, spec);
  const auto* const fixed = std::get_if<FixedMultiplierConfig>(&resolved);
  ENSURE(fixed != nullptr, "prices that do not move");
  std::vector<CostLimit> limits;
  for (const CostLimit& limit : spec.limits)
    if (!fixed->costs.contains(spec.cost_names[static_cast<std::size_t>(limit.cost)])) limits.push_back(limit);
  return limits;
}

}  // namespace sluice
