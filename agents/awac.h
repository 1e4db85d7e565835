#pragma once
// AWAC (Nair, Gupta, Dalal & Levine 2020): the actor imitates the data's actions, the better ones more.
//
//   y   = r + discount·Σ_a π(a|s')·min_k Q'_k(s',a)
//   L_π = −mean min(exp(A(s,a)/temperature), 100)·ln π(a|s),   A = Q̄(s,a) − Σ_b π(b|s)·Q̄(s,b)

#include <memory>
#include <tuple>

#include "agents/actor_critic_config.h"
#include "agents/agent.h"

namespace sluice {

struct AwacConfig : ActorCriticConfig {
  static constexpr AgentInfo kInfo = {.kind = "awac", .family = "offline", .description = "advantage-weighted actor-critic",
                                      .source = "Nair et al. 2020", .learns = true, .data = "off-policy", .offline = true, .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  double temperature = 1;

  static constexpr auto fields() {
    return std::tuple_cat(ActorCriticConfig::actor_critic_fields(),
                          std::tuple{field("temperature", &AwacConfig::temperature, {.range = {0, 1e6, kOpenBelow}, .unit = "of reward_scale", .doc = "a lower one follows the critic more closely", .source = "CORL"})});
  }
};

std::unique_ptr<Agent> make(const AwacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
