#pragma once
// CQL(H) (Kumar, Zhou, Tucker & Levine 2020) on Double DQN: actions that the data lacks are held to be bad.
//
//   L = TD + α·mean [ln Σ_b exp Q(s,b) − Q(s,a)]          the gap is ≥ 0; α = 0 is Double DQN

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/learner_config.h"

namespace sluice {

struct CqlConfig : QLearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "cql", .family = "offline", .description = "Double DQN that holds unseen actions to be bad",
                                      .source = "Kumar et al. 2020", .learns = true, .data = "off-policy", .offline = true, .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  double alpha = 0.1;

  static constexpr auto fields() {
    return std::tuple_cat(QLearnerConfig::q_fields(),
                          std::tuple{field("alpha", &CqlConfig::alpha, {.range = {0, 1e6}, .doc = "weight of the gap, whose size depends on reward_scale", .source = "Dopamine: .1; d3rlpy: 1"})});
  }
};

std::unique_ptr<Agent> make(const CqlConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
