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
  const MultiplierConfig resolved = resolve(config, spec);
  if (const auto* fixed = std::get_if<FixedMultiplierConfig>(&resolved)) {
    for (const auto& [name, value] : fixed->costs) values_[cost_index(spec, name)] = value;
  } else {
    dual_ = std::get<DualMultiplierConfig>(resolved);
    limits_ = spec.limits;
    for (const CostLimit& limit : limits_)
      values_[static_cast<std::size_t>(limit.cost)] = std::min(dual_.initial, dual_.max);
  }
}

void Multipliers::step(std::span<const double> cost_values) {
  const double decay = dual_.decay_steps > 0 ? 1 + steps_ / dual_.decay_steps : 1;
  const double step_size = dual_.step_size / decay;
  steps_ += 1;
  for (const CostLimit& limit : limits_) {
    const auto i = static_cast<std::size_t>(limit.cost);
    ENSURE(i < cost_values.size(), "a value for every cost");
    if (std::isnan(cost_values[i])) continue;
    // A limit of exactly 0 has no scale of its own: the excess then counts in the cost's unit.
    const double scale = limit.limit == 0 ? 1 : std::abs(limit.limit);
    const double violation = (cost_values[i] - limit.limit) / scale;
    values_[i] = std::clamp(values_[i] + step_size * violation, 0.0, dual_.max);
  }
}

void Multipliers::set_values(std::vector<double> values) {
  ENSURE(values.size() == values_.size(), "one multiplier per cost");
  values_ = std::move(values);
}

}  // namespace sluice
