#pragma once
// The threshold rule with a threshold for each group of users, by their live watch of the past 21 days.
//   inject iff (1 + λ)·ŷ − λ·v̄ > τ_g,   g = number of boundaries ≤ live watch in 21 days; none: group 0
// (agents/reference_policies.h has the symbols).  Boundaries are numbers, not quantiles of whoever is in
// the world, so that one user alone is treated as among all others.

#include <memory>
#include <tuple>
#include <vector>

#include "agents/agent.h"
#include "agents/agent_info.h"
#include "sim/config.h"

namespace sluice {

struct GroupThresholdConfig {
  static constexpr AgentInfo kInfo = {"group_threshold", "reference rule", "a threshold for each group of users by live watch", "our choice"};
  static constexpr const char* kKind = kInfo.kind;
  double lagrange_multiplier = 0;
  std::vector<double> boundaries_s = {4000, 13000};
  std::vector<double> thresholds_s = {17, 10, 14, 20};
  static constexpr auto fields() {
    using C = GroupThresholdConfig;
    return std::tuple{
        field("lagrange_multiplier", &C::lagrange_multiplier, {.range = {0, 1e4}, .doc = "λ of the predicted Lagrangian reward"}),
        field("boundaries_s", &C::boundaries_s, {.range = {0, 1e9}, .unit = "s", .doc = "live watch in 21 days that separates groups 1, 2, …; ascending", .source = "about the terciles of the default scenario's live users"}),
        field("thresholds_s", &C::thresholds_s, {.unit = "s", .doc = "τ of group 0 (no live watch in 21 days), 1, 2, …: two more than boundaries", .source = "our choice; see experiments/configs/tuned"})};
  }
};

/// Throws data_error when the lengths do not fit or the boundaries do not ascend.
std::unique_ptr<Agent> make(const GroupThresholdConfig& config, const EnvSpec& spec, Seed seed);

}  // namespace sluice
