#pragma once
// Lagrange multipliers: the prices that turn a reward and a vector of costs into one number,
//   r^λ = reward − Σ_i λ_i·cost_i.
//
// fixed: λ_i is given (the paper).
// dual:  projected ascent on each limit d_i of the environment with the measured value J_i,
//          λ_i ← clip(λ_i + η_k·(J_i − d_i)/|d_i|, 0, max),   η_k = η/(1 + k/decay_steps) at step k.
//        The violation is relative to |d_i|, so η has the unit of λ and none of the cost.  The critic
//        lags behind a moving λ, and with constant steps the two chase each other around the limit;
//        shrinking steps (Robbins & Monro 1951) let the last iterate settle.
// pid:   with e = (J_i − d_i)/|d_i| and a trailing mean ⟨·⟩ of weight 1 − smoothing for the newest value,
//          I ← max(0, I + k_I·e),  D = max(0, ⟨J⟩_t − ⟨J⟩_{t−delay})/|d_i|,
//          λ_i = clip(k_P·⟨e⟩ + I + k_D·D, 0, max)      (Stooke, Achiam & Abbeel 2020)
//        ⟨·⟩ begins at the first value; D is 0 until there are delay values before.
// Both may hold other costs at a fixed price.
// auto:  fixed at cost_usage = 1 where live watch is observed (feed), dual elsewhere (tabular).

#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sim/config.h"
#include "sim/environment.h"

namespace sluice {

struct AutoMultiplierConfig {
  static constexpr const char* kKind = "auto";
  static constexpr auto fields() { return std::tuple{}; }
};

struct FixedMultiplierConfig {
  static constexpr const char* kKind = "fixed";
  std::map<std::string, double> costs = {};
  static constexpr auto fields() {
    return std::tuple{rest_field(&FixedMultiplierConfig::costs,
                                 {.range = {0, 1e6}, .doc = "cost name → λ; costs that are not named get 0"})};
  }
};

struct DualMultiplierConfig {
  static constexpr const char* kKind = "dual";
  double step_size = 0.03;
  double decay_steps = 500;
  double initial = 0;
  double max = 100;
  std::map<std::string, double> fixed = {};
  static constexpr auto fields() {
    using C = DualMultiplierConfig;
    return std::tuple{
        field("step_size", &C::step_size, {.range = {0, 1e3, kOpenBelow}, .doc = "η: change of λ in the first step per unit of relative violation"}),
        field("decay_steps", &C::decay_steps, {.range = {0, 1e9}, .unit = "steps", .doc = "step k moves by η/(1 + k/decay_steps); 0: no decay, for a world that keeps changing"}),
        field("initial", &C::initial, {.range = {0, 1e6}, .doc = "λ of every limited cost at the start"}),
        field("max", &C::max, {.range = {0, 1e6, kOpenBelow}, .doc = "λ never exceeds this"}),
        field("fixed", &C::fixed, {.range = {0, 1e6}, .doc = "cost name → λ of costs that do not move"})};
  }
};

struct PidMultiplierConfig {
  static constexpr const char* kKind = "pid";
  double proportional = 0.1;
  double integral = 0.01;
  double derivative = 0.01;
  double smoothing = 0.95;
  int delay = 10;
  double max = 100;
  std::map<std::string, double> fixed = {};
  static constexpr auto fields() {
    using C = PidMultiplierConfig;
    return std::tuple{
        field("proportional", &C::proportional, {.range = {0, 1e6}, .doc = "k_P: λ per unit of mean relative violation", .source = "OmniSafe"}),
        field("integral", &C::integral, {.range = {0, 1e6}, .doc = "k_I: change of λ in a step per unit of relative violation", .source = "OmniSafe"}),
        field("derivative", &C::derivative, {.range = {0, 1e6}, .doc = "k_D: λ per unit of growth of the mean cost over `delay` steps, relative to the limit", .source = "OmniSafe"}),
        field("smoothing", &C::smoothing, {.range = {0, 1, kOpenAbove}, .doc = "share of the past in the trailing means", .source = "OmniSafe"}),
        field("delay", &C::delay, {.range = {1, 10000}, .unit = "steps", .doc = "over which growth is measured", .source = "OmniSafe"}),
        field("max", &C::max, {.range = {0, 1e6, kOpenBelow}, .doc = "λ never exceeds this"}),
        field("fixed", &C::fixed, {.range = {0, 1e6}, .doc = "cost name → λ of costs that do not move"})};
  }
};

using MultiplierConfig =
    std::variant<AutoMultiplierConfig, FixedMultiplierConfig, DualMultiplierConfig, PidMultiplierConfig>;

class Multipliers {
 public:
  /// Throws data_error when a cost is named that the environment lacks.
  Multipliers(const MultiplierConfig& config, const EnvSpec& spec);

  /// One step with the costs' measured values (EnvSpec order); a NaN leaves its multiplier alone.
  void step(std::span<const double> cost_values);

  const std::vector<double>& values() const { return values_; }  // λ per cost
  /// Whether cost i has a price other than 0, or may get one.
  bool may_price(std::size_t i) const;
  void set_values(std::vector<double> values);
  void transfer(StateArchive& archive);

 private:
  // Of one limit under PID control.
  struct Controller {
    double integral = 0, mean_violation = 0;
    std::vector<double> means;  // ⟨J⟩ of the last steps, at most delay + 1
  };
  double dual_step(double lambda, double violation) const;
  double pid_step(Controller& controller, double value, double violation, double scale) const;

  std::vector<CostLimit> limits_;  // only those that move
  std::variant<DualMultiplierConfig, PidMultiplierConfig> rule_;
  std::vector<Controller> controllers_;  // one per limit
  double steps_ = 0;
  std::vector<double> values_;
};

/// For agents that keep limits by other means: `multiplier` with `auto` made into fixed prices, or none where it would move
/// some.  Throws data_error when it is dual or pid.
MultiplierConfig own_prices_only(const MultiplierConfig& config, const EnvSpec& spec, const char* agent);
/// The limits of costs that fixed prices do not name: who names a cost, at 0 too, does not ask for its limit to be kept.
std::vector<CostLimit> unpriced_limits(const MultiplierConfig& config, const EnvSpec& spec);

}  // namespace sluice
