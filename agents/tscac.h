#pragma once
// Two-stage constrained actor-critic (Cai et al. 2023, WWW): a policy for every auxiliary signal, and a main policy that
// maximises the reward near them.  Here the auxiliary signals are the costs, each avoided by a policy of its own.
//
//   stage 1, cost i:  Q_i ← −cost_i + discount·Σ_a π_i(a|s')·Q'_i(s',a);   π_i maximises Σ_a π_i·Qn_i + c_H·H(π_i)
//   stage 2:          Q_0 ← reward + discount·Σ_a π(a|s')·Q'_0(s',a)
//     π* ∝ exp((Σ_i λ_i·ln π_i(a|s) + A_0(s,a))/(Σ_i λ_i + temperature)),   A_0 = Q_0 − Σ_b π(b|s)·Q_0
//     L_π = −mean Σ_a π*(a|s)·ln π(a|s)
//
// for the costs whose λ is not fixed at 0, everything in units of reward_scale, Qn_i = (Q_i − mean_a Q_i)/(mean gap).  λ_i, the multipliers, say how closely π stays by
// π_i: not prices, and no setting of them is known to make π optimal under a limit.  Both stages learn at once.
// The paper's π* is the closed form of its stage 2, without the added temperature (which keeps π* soft where Σλ is near 0),
// and its actors learn from sampled actions; the code the authors released is a deterministic DDPG: see ddpg.h.

#include <memory>
#include <tuple>

#include "agents/actor_critic_config.h"
#include "agents/agent.h"

namespace sluice {

struct TscacConfig : LearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "tscac", .family = "constrained", .description = "two-stage constrained actor-critic: near a policy for each cost",
                                      .source = "Cai et al. 2023", .learns = true, .data = "off-policy", .limits = "proximity"};
  static constexpr const char* kKind = kInfo.kind;
  double actor_learning_rate = 3e-4;
  double polyak = 0.005;
  double temperature = 0.05;
  double entropy_coefficient = 0.02;

  static constexpr auto fields() {
    using C = TscacConfig;
    return std::tuple_cat(
        LearnerConfig::learner_fields(),
        std::tuple{field("actor_learning_rate", &C::actor_learning_rate, {.range = {0, 1, kOpenBelow}, .doc = "Adam step size of all actors"}),
                   field("polyak", &C::polyak, {.range = {0, 1, kOpenBelow}, .doc = "target ← (1−polyak)·target + polyak·online after each update"}),
                   field("temperature", &C::temperature, {.range = {0, 1e6, kOpenBelow}, .unit = "of reward_scale", .doc = "how soft π* is where no λ is"}),
                   field("entropy_coefficient", &C::entropy_coefficient, {.range = {0, 100}, .doc = "c_H of the policies of stage 1"})});
  }
};

std::unique_ptr<Agent> make(const TscacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
