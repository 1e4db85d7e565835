#pragma once
// Implicit Q-learning (Kostrikov, Nair & Levine 2022) on a discrete action: values of the data's best actions without
// ever asking for the value of an action that the data lacks.
//
//   L_V = mean |τ − 1[u < 0]|·u²,  u = min_k Q'_k(s,a) − V(s)      expectile: τ = ½ is the data's own value, τ → 1 the best
//   L_Q = Σ_k mean (Q_k(s,a) − [r + discount·V(s')])²
//   L_π = −mean min(exp(β·u), 100)·ln π(a|s)                        β = 0 is behaviour cloning

#include <memory>
#include <tuple>

#include "agents/actor_critic_config.h"
#include "agents/agent.h"

namespace sluice {

struct IqlConfig : ActorCriticConfig {
  static constexpr AgentInfo kInfo = {.kind = "iql", .family = "offline", .description = "implicit Q-learning by expectiles",
                                      .source = "Kostrikov et al. 2022", .learns = true, .data = "off-policy", .offline = true, .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  double expectile = 0.7;
  double inverse_temperature = 3;

  static constexpr auto fields() {
    using C = IqlConfig;
    return std::tuple_cat(ActorCriticConfig::actor_critic_fields(),
                          std::tuple{field("expectile", &C::expectile, {.range = {0, 1, kOpen}, .doc = "τ", .source = "Kostrikov et al. 2022"}),
                                     field("inverse_temperature", &C::inverse_temperature, {.range = {0, 1e6}, .unit = "1/reward_scale", .doc = "β", .source = "Kostrikov et al. 2022"})});
  }
};

std::unique_ptr<Agent> make(const IqlConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
