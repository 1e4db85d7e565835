#include "agents/redq.h"

#include "agents/soft_actor_critic.h"
#include "sim/check.h"

namespace sluice {

std::unique_ptr<Agent> make(const RedqConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  if (config.subset > config.num_critics)
    throw data_error("agent.subset: " + std::to_string(config.subset) + " critics cannot be drawn from num_critics: " + std::to_string(config.num_critics));
  const SoftOptions options{.subset = config.subset, .temperature = config.temperature};
  return std::make_unique<ActorCriticAgent>(RedqConfig::kKind, config, soft_rule(config.num_critics, options, spec.num_actions, seed), spec, seed, learning);
}

}  // namespace sluice
