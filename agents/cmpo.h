#pragma once
// Clipped maximum a posteriori policy optimisation: the policy update of Muesli (Hessel et al. 2021) on replay.
//
//   Â(s,a)  = (Q̄'(s,a) − Σ_b π'(b|s)·Q̄'(s,b))/σ        ' : targets, Q̄ the mean of the critics; σ² trailing mean of Σ_a π'·(…)²
//   π_C     ∝ π'(a|s)·exp(clip(Â(s,a), ±1))              never far from π', however large an advantage seems
//   L_actor = −mean Σ_a π(a|s)·Â(s,a) + c·mean KL(π_C ‖ π)
//   y       = r + discount·Σ_a π'(a|s')·Q̄'(s',a)
//
// Left out of Muesli: the learned model and its unroll, Retrace, categorical values.  Its policy gradient is sampled with
// clipped importance weights; two actions allow the exact sum.

#include <memory>
#include <tuple>

#include "agents/actor_critic_config.h"
#include "agents/agent.h"

namespace sluice {

struct CmpoConfig : ActorCriticConfig {
  static constexpr AgentInfo kInfo = {.kind = "cmpo", .family = "variance-robust", .description = "clipped MPO, the policy update of Muesli",
                                      .source = "Hessel et al. 2021", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  double clip = 1;
  double kl_weight = 1;

  static constexpr auto fields() {
    using C = CmpoConfig;
    return std::tuple_cat(ActorCriticConfig::actor_critic_fields(),
                          std::tuple{field("clip", &C::clip, {.range = {0, 100, kOpenBelow}, .doc = "advantages count at most this, in units of their deviation", .source = "Hessel et al. 2021"}),
                                     field("kl_weight", &C::kl_weight, {.range = {0, 1e6}, .doc = "c, weight of the regulariser", .source = "Hessel et al. 2021"})});
  }
};

std::unique_ptr<Agent> make(const CmpoConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
