#pragma once
// TD3 (Fujimoto, van Hoof & Meger 2018) with a relaxed binary action: relaxed_config.h.  The least of two critics, an
// actor and targets that move with every second update.  The target's action is smoothed by noise where it is a
// probability; elsewhere the target is the exact mean over both actions, and needs none.

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/relaxed_config.h"

namespace sluice {

struct Td3Config : RelaxedConfig {
  static constexpr AgentInfo kInfo = {.kind = "td3", .family = "relaxed action", .description = "DDPG with twin critics and a delayed actor",
                                      .source = "Fujimoto et al. 2018; Maddison et al. 2017", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  int policy_period = 2;
  double smoothing = 0.2;
  double smoothing_clip = 0.5;

  static constexpr auto td3_fields() {
    using C = Td3Config;
    return std::tuple_cat(
        RelaxedConfig::relaxed_fields(),
        std::tuple{field("policy_period", &C::policy_period, {.range = {1, 1000}, .unit = "updates", .doc = "actor and targets move so often", .source = "Fujimoto et al. 2018"}),
                   field("smoothing", &C::smoothing, {.range = {0, 1}, .doc = "σ of the noise on the target's probability (relaxation: probability)", .source = "Fujimoto et al. 2018"}),
                   field("smoothing_clip", &C::smoothing_clip, {.range = {0, 1}, .doc = "the noise is clipped to ± this", .source = "Fujimoto et al. 2018"})});
  }
  static constexpr auto fields() { return td3_fields(); }
};

std::unique_ptr<Agent> make(const Td3Config& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
