#pragma once
// Critic-regularised regression (Wang et al. 2020): the actor imitates those of the data's actions that the critic
// thinks better than its own.
//
//   y   = r + discount·Σ_a π(a|s')·min_k Q'_k(s',a)
//   L_π = −mean w·ln π(a|s),   binary: w = 1[A(s,a) > 0];   exp: w = min(exp(A/temperature), 20)

#include <array>
#include <memory>
#include <tuple>

#include "agents/actor_critic_config.h"
#include "agents/agent.h"

namespace sluice {

enum class CrrWeight { kBinary, kExp };
constexpr std::array<const char*, 2> enum_names(CrrWeight) { return {"binary", "exp"}; }

struct CrrConfig : ActorCriticConfig {
  static constexpr AgentInfo kInfo = {.kind = "crr", .family = "offline", .description = "critic-regularised regression",
                                      .source = "Wang et al. 2020", .learns = true, .data = "off-policy", .offline = true, .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  CrrWeight weight = CrrWeight::kExp;
  double temperature = 1;

  static constexpr auto fields() {
    using C = CrrConfig;
    return std::tuple_cat(ActorCriticConfig::actor_critic_fields(),
                          std::tuple{field("weight", &C::weight, {.doc = "of an action's imitation"}),
                                     field("temperature", &C::temperature, {.range = {0, 1e6, kOpenBelow}, .unit = "of reward_scale", .doc = "of weight: exp", .source = "Wang et al. 2020"})});
  }
};

std::unique_ptr<Agent> make(const CrrConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
