#pragma once
// Behaviour cloning: the policy that makes the data likeliest, L = −mean ln π(a|s).  The anchor of offline learning:
// what an agent gains over it, it has from rewards.

#include <memory>
#include <tuple>

#include "agents/actor_critic_config.h"
#include "agents/agent.h"

namespace sluice {

struct BehaviourCloningConfig : ActorCriticConfig {
  static constexpr AgentInfo kInfo = {.kind = "behaviour_cloning", .family = "offline", .description = "imitates the decisions that it sees",
                                      .source = "Pomerleau 1989", .learns = true, .data = "off-policy", .offline = true};
  static constexpr const char* kKind = kInfo.kind;
  static constexpr auto fields() {
    using C = BehaviourCloningConfig;
    return std::tuple_cat(LearnerConfig::network_fields(),
                          std::tuple{field("actor_learning_rate", &C::actor_learning_rate, {.range = {0, 1, kOpenBelow}, .doc = "Adam step size of the actor; learning_rate is the extractor's"})});
  }
};

std::unique_ptr<Agent> make(const BehaviourCloningConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
