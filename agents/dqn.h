#pragma once
// DQN (Mnih et al. 2015) on the Lagrangian reward, with what became of it:
//
//   r^λ = reward − Σ_i λ_i·cost_i                              formed at update time
//   y   = r^λ/scale + discount·Σ_a π(a|s')·Q'(s', a)            (discount: bellman.h)
//   L   = mean ℓ(Q(s, a) − y),  ℓ squared error or Huber
//
// π is the greedy policy, or the sparsemax policy of QLearnerConfig, of the online network (Double: van Hasselt, Guez
// & Silver 2016) or of the target network.  Dueling (Wang et al. 2016): the last layer gives V and A with
// Q = V + A − mean_a A.  Acts ε-greedily in kExplore.

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/learner_config.h"

namespace sluice {

struct DqnConfig : QLearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "dqn", .family = "value-based", .description = "(Double, Dueling) DQN on the Lagrangian reward",
                                      .source = "Mnih et al. 2015; van Hasselt et al. 2016; Wang et al. 2016", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  bool double_q = true;
  bool dueling = false;
  TdLoss td_loss = TdLoss::kMse;

  static constexpr auto fields() {
    using C = DqnConfig;
    return std::tuple_cat(
        QLearnerConfig::q_fields(),
        std::tuple{field("double_q", &C::double_q, {.doc = "the online network chooses the action whose target value is used"}),
                   field("dueling", &C::dueling, {.doc = "value and advantages have outputs of their own"}),
                   field("td_loss", &C::td_loss, {.doc = "squared error, or Huber with corner 1 (in units of reward_scale); where most rewards are 0 and a few are huge, Huber learns nearer the median than the mean"})});
  }
};

std::unique_ptr<Agent> make(const DqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
