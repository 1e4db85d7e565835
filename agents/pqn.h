#pragma once
// PQN (Gallici et al. 2025): Q-learning without replay and without target networks.  LayerNorm behind every hidden layer
// is what keeps it from diverging.
//
//   G_i = r^λ_i + discount·[λ·G_successor(i) + (1 − λ)·max_a Q(s'_i,a)]      when a rollout begins to be used (advantages.h)
//   L   = mean (Q(s,a) − G)²                                                 on minibatches of the rollout
//
// The traces are not cut where a decision was exploratory, as in the paper.  Acts like the other learners of Q: ε-greedy,
// or sparsemax of randomized_band.  The authors step with RAdam; here it is Adam.

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/learner_config.h"

namespace sluice {

struct PqnConfig : QLearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "pqn", .family = "variance-robust", .description = "Q(λ) on rollouts, without replay and targets",
                                      .source = "Gallici et al. 2025", .learns = true, .data = "on-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  int rollout_transitions = 16384;
  double trace = 0.65;

  static constexpr auto fields() {
    using C = PqnConfig;
    return std::tuple_cat(
        LearnerConfig::learner_fields(),
        std::tuple{field("rollout_transitions", &C::rollout_transitions, {.range = {1, 1e8}, .doc = "decisions of a rollout"}),
                   field("trace", &C::trace, {.range = {0, 1}, .doc = "λ of the returns", .source = "CleanRL"}), QLearnerConfig::band_field()});
  }
};

std::unique_ptr<Agent> make(const PqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
