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
  static constexpr auto fields() {
    using C = DualMultiplierConfig;
    return std::tuple{
        field("step_size", &C::step_size, {.range = {0, 1e3, kOpenBelow}, .doc = "η: change of λ in the first step per unit of relative violation"}),
        field("decay_steps", &C::decay_steps, {.range = {0, 1e9}, .unit = "steps", .doc = "step k moves by η/(1 + k/decay_steps); 0: no decay, for a world that keeps changing"}),
        field("initial", &C::initial, {.range = {0, 1e6}, .doc = "λ of every limited cost at the start"}),
        field("max", &C::max, {.range = {0, 1e6, kOpenBelow}, .doc = "λ never exceeds this"})};
  }
};

using MultiplierConfig =
    std::variant<AutoMultiplierConfig, FixedMultiplierConfig, DualMultiplierConfig>;

class Multipliers {
 public:
  /// Throws data_error when a cost is named that the environment lacks.
  Multipliers(const MultiplierConfig& config, const EnvSpec& spec);

  /// One step with the costs' measured values (EnvSpec order); a NaN leaves its multiplier alone.
  void step(std::span<const double> cost_values);

  const std::vector<double>& values() const { return values_; }  // λ per cost
  void set_values(std::vector<double> values);
  void transfer(StateArchive& archive) {
    archive.value("steps", steps_);
    archive.fixed("values", values_);
  }

 private:
  std::vector<CostLimit> limits_;  // only those that move
  DualMultiplierConfig dual_;
  double steps_ = 0;
  std::vector<double> values_;
};

}  // namespace sluice
