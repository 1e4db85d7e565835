#pragma once
// Discrete BCQ (Fujimoto, Conti, Ghavamzadeh & Pineau 2019): Double DQN among the actions that the data would take.
//
//   G(·|s) imitates the data (cross-entropy, and .01·mean of its squared logits)
//   allowed: actions with G(a|s)/max_b G(b|s) ≥ threshold
//   y = r + discount·Q'(s', argmax over allowed a of Q(s',a)),   π greedy over the allowed
//
// threshold 0 is Double DQN on features that G also moves, threshold 1 behaviour cloning's likeliest action.  Squared error
// where the paper has smooth L1, whose fixed point is not the mean.

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/learner_config.h"

namespace sluice {

struct BcqConfig : QLearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "bcq", .family = "offline", .description = "Double DQN among the actions that the data would take",
                                      .source = "Fujimoto et al. 2019", .learns = true, .data = "off-policy", .offline = true, .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  double threshold = 0.3;

  static constexpr auto fields() {
    return std::tuple_cat(QLearnerConfig::q_fields(),
                          std::tuple{field("threshold", &BcqConfig::threshold, {.range = {0, 1}, .doc = "least probability of an allowed action, as a share of the likeliest one's", .source = "Fujimoto et al. 2019"})});
  }
};

std::unique_ptr<Agent> make(const BcqConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
