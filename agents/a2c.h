#pragma once
// Advantage actor-critic (Mnih et al. 2016) on rollouts:
//
//   L_π = −mean w·Â·ratio,   Â: GAE, standardised per minibatch; ratio and w: on_policy_config.h
//
// whose gradient at π_old is the policy gradient.  With a dual multiplier this is RCPO (Tessler, Mankowitz & Mannor
// 2019), an actor-critic on the penalised reward whose price moves slowest: advantages are linear in the reward, so
// those of reward and costs, priced, are that of the penalised reward.
// All of it less entropy_coefficient·mean H(π(·|s)).

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/on_policy_config.h"

namespace sluice {

struct A2cConfig : OnPolicyConfig {
  static constexpr AgentInfo kInfo = {.kind = "a2c", .family = "on-policy", .description = "advantage actor-critic with generalised advantages; with a dual price RCPO",
                                      .source = "Mnih et al. 2016; Schulman et al. 2016; Tessler et al. 2019", .learns = true, .data = "on-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  static constexpr auto fields() { return OnPolicyConfig::on_policy_fields(); }
};

std::unique_ptr<Agent> make(const A2cConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
