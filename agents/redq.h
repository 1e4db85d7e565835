#pragma once
// REDQ (Chen, Wang, Zhou & Ross 2021): soft actor-critic with N critics, each learning from the minimum over a random
// subset of M target critics; the actor follows the mean of all N.  Averages out the critics' noise without the
// underestimation of a minimum over all.
//
// The paper makes 20 updates per step and moves the actor in the last of them.  Here the number of updates is
// train.decisions_per_update, the same for every agent compared, and the actor moves in each.

#include "agents/sac.h"

namespace sluice {

struct RedqConfig : ActorCriticConfig {
  static constexpr AgentInfo kInfo = {.kind = "redq", .family = "variance-robust", .description = "soft actor-critic with an ensemble of critics",
                                      .source = "Chen et al. 2021", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  int subset = 2;
  TemperatureConfig temperature = {};

  RedqConfig() { num_critics = 10; }

  static constexpr auto fields() {
    using C = RedqConfig;
    return std::tuple_cat(ActorCriticConfig::actor_critic_fields(),
                          std::tuple{field("subset", &C::subset, {.range = {1, 100}, .doc = "M critics of which the target takes the minimum; at most num_critics", .source = "Chen et al. 2021"}),
                                     field("temperature", &C::temperature, {.doc = "the weight of entropy"})});
  }
};

std::unique_ptr<Agent> make(const RedqConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
