#pragma once
// Proximal policy optimisation (Schulman et al. 2017).  With dual or PID multipliers it is PPO-Lagrangian (Ray, Achiam &
// Amodei 2019): values and advantages of reward and of every cost are learned apart, and priced when they are used.
//
//   L_π = −mean w·min(ratio·Â, clip(ratio, 1 ± ε)·Â),   ratio and w: on_policy_config.h
//   Â = (A_R − Σ_i λ_i·A_i), standardised per minibatch
//
// Values are not clipped (Andrychowicz et al. 2021 found no gain).
// All of it less entropy_coefficient·mean H(π(·|s)).

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/on_policy_config.h"

namespace sluice {

struct PpoConfig : OnPolicyConfig {
  static constexpr AgentInfo kInfo = {.kind = "ppo", .family = "on-policy", .description = "proximal policy optimisation; with moving prices PPO-Lagrangian",
                                      .source = "Schulman et al. 2017; Ray et al. 2019", .learns = true, .data = "on-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  double clip = 0.2;

  static constexpr auto fields() {
    return std::tuple_cat(OnPolicyConfig::on_policy_fields(),
                          std::tuple{field("clip", &PpoConfig::clip, {.range = {0, 1, kOpen}, .doc = "ε: how far the ratio may move for gain", .source = "CleanRL"})});
  }
};

std::unique_ptr<Agent> make(const PpoConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
