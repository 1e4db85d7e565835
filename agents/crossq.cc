#include "agents/crossq.h"

#include "agents/soft_actor_critic.h"

namespace sluice {

std::unique_ptr<Agent> make(const CrossqConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  const SoftOptions options{.batch_norm = true, .period = config.policy_period, .temperature = config.temperature};
  return std::make_unique<ActorCriticAgent>(CrossqConfig::kKind, config, soft_rule(config.num_critics, options, spec.num_actions, seed), spec, seed, learning);
}

}  // namespace sluice
