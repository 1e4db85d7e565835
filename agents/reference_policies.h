#pragma once
// Rules that do not learn.  They anchor every comparison: what happens with no live streams, with as
// many as possible, at a constant rate, and under the myopic rules a careful engineer would ship.
//
// The threshold rules look at the Lagrangian reward that injecting is predicted to bring,
//   r̂ = (1 + λ)·ŷ − λ·v̄        (s)
// with ŷ the environment's own watch-time predictor (column predicted_watch_s, s) and v̄ the user's
// trailing mean short-video watch per slot (column displaced_s, s):
//   threshold:           inject iff r̂ > τ
//   fatigue_threshold:   inject iff r̂ > τ + slope·F,  F = recent live exposures (column recent_exposures)
// Both are myopic in form; tuned in (λ, τ) they are hard to beat, which is why they are here.

#include <memory>

#include "agents/agent.h"
#include "agents/agent_info.h"
#include "sim/config.h"

namespace sluice {

struct NeverConfig {
  static constexpr AgentInfo kInfo = {"never", "reference rule", "no live stream, ever", "anchor"};
  static constexpr const char* kKind = kInfo.kind;
  static constexpr auto fields() { return std::tuple{}; }
};

struct AlwaysConfig {
  static constexpr AgentInfo kInfo = {"always", "reference rule", "a live stream in every request that has one", "anchor"};
  static constexpr const char* kKind = kInfo.kind;
  static constexpr auto fields() { return std::tuple{}; }
};

struct RandomConfig {
  static constexpr AgentInfo kInfo = {"random", "reference rule", "a live stream with a fixed probability", "anchor"};
  static constexpr const char* kKind = kInfo.kind;
  double probability = 0.5;
  static constexpr auto fields() {
    return std::tuple{field("probability", &RandomConfig::probability,
                            {.range = {0, 1}, .doc = "probability of injecting; over more than two actions, of any but action 0"})};
  }
};

struct IntervalConfig {
  static constexpr AgentInfo kInfo = {"interval", "reference rule", "a live stream in every n-th request of a user", "industry rule"};
  static constexpr const char* kKind = kInfo.kind;
  int every = 5;
  static constexpr auto fields() {
    return std::tuple{field("every", &IntervalConfig::every,
                            {.range = {1, 1e6}, .unit = "requests", .doc = "inject into every n-th request of a user; users start at different offsets"})};
  }
};

struct ThresholdConfig {
  static constexpr AgentInfo kInfo = {"threshold", "reference rule", "inject iff the predicted Lagrangian reward exceeds a threshold", "industry rule"};
  static constexpr const char* kKind = kInfo.kind;
  double lagrange_multiplier = 1;
  double threshold_s = -6;
  static constexpr auto fields() {
    using C = ThresholdConfig;
    return std::tuple{
        field("lagrange_multiplier", &C::lagrange_multiplier, {.range = {0, 1e4}, .doc = "λ of the predicted Lagrangian reward (1+λ)·predicted_watch_s − λ·displaced_s"}),
        field("threshold_s", &C::threshold_s, {.unit = "s", .doc = "inject iff the predicted Lagrangian reward exceeds this", .source = "our choice: about 9 % live share of watch time"})};
  }
};

struct FatigueThresholdConfig {
  static constexpr AgentInfo kInfo = {"fatigue_threshold", "reference rule", "threshold that grows with recent live exposures", "our choice: the form planners find"};
  static constexpr const char* kKind = kInfo.kind;
  double lagrange_multiplier = 1;
  double threshold_s = -6;
  double slope_s = 10;
  static constexpr auto fields() {
    using C = FatigueThresholdConfig;
    return std::tuple{
        field("lagrange_multiplier", &C::lagrange_multiplier, {.range = {0, 1e4}, .doc = "λ of the predicted Lagrangian reward"}),
        field("threshold_s", &C::threshold_s, {.unit = "s", .doc = "threshold of a user without recent exposures"}),
        field("slope_s", &C::slope_s, {.unit = "s", .doc = "growth of the threshold per recent live exposure", .source = "our choice: planners choose 8 to 16"})};
  }
};

std::unique_ptr<Agent> make(const NeverConfig&, const EnvSpec&, Seed);
std::unique_ptr<Agent> make(const AlwaysConfig&, const EnvSpec&, Seed);
std::unique_ptr<Agent> make(const RandomConfig&, const EnvSpec&, Seed);
std::unique_ptr<Agent> make(const IntervalConfig&, const EnvSpec&, Seed);
std::unique_ptr<Agent> make(const ThresholdConfig&, const EnvSpec&, Seed);
std::unique_ptr<Agent> make(const FatigueThresholdConfig&, const EnvSpec&, Seed);

}  // namespace sluice
