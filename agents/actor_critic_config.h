#pragma once
// What actor-critics have in common: N critics on one extractor, target critics, and a softmax actor that sees the
// critics' features without moving them.

#include "agents/learner_config.h"

namespace sluice {

struct ActorCriticConfig : LearnerConfig {
  double actor_learning_rate = 3e-4;
  double polyak = 0.005;
  int num_critics = 2;

  static constexpr auto actor_field() {
    return field("actor_learning_rate", &ActorCriticConfig::actor_learning_rate, {.range = {0, 1, kOpenBelow}, .doc = "Adam step size of the actor"});
  }
  static constexpr auto critics_field() {
    return field("num_critics", &ActorCriticConfig::num_critics, {.range = {1, 100}, .doc = "N critics, with weights of their own behind the extractor"});
  }
  static constexpr auto actor_critic_fields() {
    return std::tuple_cat(
        LearnerConfig::learner_fields(),
        std::tuple{actor_field(), field("polyak", &ActorCriticConfig::polyak, {.range = {0, 1, kOpenBelow}, .doc = "target ← (1−polyak)·target + polyak·online after each update"}),
                   critics_field()});
  }
  /// Of those without target critics.
  static constexpr auto untargeted_fields() { return std::tuple_cat(LearnerConfig::learner_fields(), std::tuple{actor_field(), critics_field()}); }
};

}  // namespace sluice
