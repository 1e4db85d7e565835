#pragma once
// FOCOPS (Zhang, Vuong & Ross 2020): the policy that a trust-region problem under constraints would choose, approached
// by first-order steps:
//
//   L_π = mean (KL(π‖π_old) − w·ratio·Â/temperature)·1[KL(π‖π_old) ≤ trust],   Â = (A_R − Σ_i λ_i·A_i), standardised
//
// ratio and w: on_policy_config.h.  Prices move as `multiplier` says (the paper: projected ascent).
// All of it less entropy_coefficient·mean H(π(·|s)).

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/on_policy_config.h"

namespace sluice {

struct FocopsConfig : OnPolicyConfig {
  static constexpr AgentInfo kInfo = {.kind = "focops", .family = "on-policy", .description = "first-order constrained optimisation in policy space",
                                      .source = "Zhang et al. 2020", .learns = true, .data = "on-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  double temperature = 1.5;
  double trust = 0.02;

  static constexpr auto fields() {
    using C = FocopsConfig;
    return std::tuple_cat(OnPolicyConfig::on_policy_fields(),
                          std::tuple{field("temperature", &C::temperature, {.range = {0, 1e6, kOpenBelow}, .doc = "how much gain a nat of KL costs", .source = "OmniSafe"}),
                                     field("trust", &C::trust, {.range = {0, 100, kOpenBelow}, .unit = "nat", .doc = "rows whose policy moved by more no longer count", .source = "OmniSafe"})});
  }
};

std::unique_ptr<Agent> make(const FocopsConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
