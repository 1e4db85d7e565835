#pragma once
// What learners from their own decisions have in common: they collect a rollout, then learn from it while the next one
// is collected.  Each decision is used steps_per_update·batch_size/decisions_per_update times (train).
//
// Decisions are made with the exploration of train.epsilon, by policies up to a rollout old.  Two things are therefore
// told apart (Hilton, Cobbe & Schulman 2022): the proximal policy π_old, the actor when the rollout began to be used,
// from which trust regions are measured; and the propensity that was logged, against which rows are weighed,
//
//   ratio = π(a|s)/π_old(a|s),   w = min(π_old(a|s)/propensity, 2)       without gradient into w
//
// A clip around the propensity itself would hold the policy near the exploration.

#include "agents/learner_config.h"

namespace sluice {

struct OnPolicyConfig : LearnerConfig {
  double actor_learning_rate = 3e-4;
  int rollout_transitions = 16384;
  double gae_lambda = 0.95;
  double entropy_coefficient = 0.01;
  int steps_per_update = 1;

  static constexpr auto rollout_fields() {
    using C = OnPolicyConfig;
    return std::tuple_cat(
        LearnerConfig::learner_fields(),
        std::tuple{field("rollout_transitions", &C::rollout_transitions, {.range = {1, 1e8}, .doc = "decisions of a rollout"}),
                   field("gae_lambda", &C::gae_lambda, {.range = {0, 1}, .doc = "λ of advantages", .source = "CleanRL"}),
                   field("entropy_coefficient", &C::entropy_coefficient, {.range = {0, 100}, .doc = "weight of the entropy bonus, in units of the normalised advantage", .source = "CleanRL"}),
                   field("steps_per_update", &C::steps_per_update, {.range = {1, 1000}, .doc = "minibatches at every update; a rollout is used so many times as often"})});
  }
  /// With the step size of an actor that moves by Adam.
  static constexpr auto on_policy_fields() {
    using C = OnPolicyConfig;
    return std::tuple_cat(rollout_fields(), std::tuple{field("actor_learning_rate", &C::actor_learning_rate, {.range = {0, 1, kOpenBelow}, .doc = "Adam step size of the actor"})});
  }
};

}  // namespace sluice
