#include "agents/sac.h"

#include "agents/soft_actor_critic.h"

namespace sluice {

std::unique_ptr<Agent> make(const SacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  const SoftOptions options{.target = config.aggregation, .actor = config.aggregation, .q_clip = config.q_clip, .temperature = config.temperature};
  return std::make_unique<ActorCriticAgent>(SacConfig::kKind, config, soft_rule(config.num_critics, options, spec.num_actions, seed), spec, seed, learning);
}

}  // namespace sluice
