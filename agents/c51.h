#pragma once
// C51 (Bellemare, Dabney & Munos 2017): Q's distribution as probabilities of N fixed atoms z_0 < … < z_{N−1},
//
//   Z(s,a) = z_i with probability softmax_i(network),   Q(s,a) = Σ_i p_i·z_i
//   target: mass p'_j of r^λ/scale + discount·z_j is split between its two neighbours among the atoms
//   L = −Σ_i m_i·ln p_i
//
// Values beyond the atoms go to the outermost.  Where the optimal next action is randomised, p' is the mixture.  Atoms
// cover [value_low, value_high] in units of reward_scale, or, if these are equal, what the rewards of the warm-up
// suggest (value_head.h).

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/learner_config.h"

namespace sluice {

struct C51Config : QLearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "c51", .family = "value-based", .description = "DQN on a categorical distribution of the return",
                                      .source = "Bellemare et al. 2017", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  bool double_q = true;
  int num_atoms = 51;
  double value_low = 0, value_high = 0;

  static constexpr auto fields() {
    using C = C51Config;
    return std::tuple_cat(
        QLearnerConfig::q_fields(),
        std::tuple{field("double_q", &C::double_q, {.doc = "the online network chooses the action whose target value is used"}),
                   field("num_atoms", &C::num_atoms, {.range = {2, 1001}, .doc = "N", .source = "Bellemare et al. 2017"}),
                   field("value_low", &C::value_low, {.unit = "of reward_scale", .doc = "lowest atom; equal to value_high: both from the rewards of the warm-up"}),
                   field("value_high", &C::value_high, {.unit = "of reward_scale", .doc = "highest atom"})});
  }
};

std::unique_ptr<Agent> make(const C51Config& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
