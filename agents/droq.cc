#include "agents/droq.h"

#include "agents/soft_actor_critic.h"

namespace sluice {

std::unique_ptr<Agent> make(const DroqConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  const SoftOptions options{.target = Aggregation::kMin, .dropout = config.dropout, .temperature = config.temperature};
  return std::make_unique<ActorCriticAgent>(DroqConfig::kKind, config, soft_rule(config.num_critics, options, spec.num_actions, seed), spec, seed, learning);
}

}  // namespace sluice
