#include "agents/ddpg.h"

#include "agents/relaxed_actor.h"

namespace sluice {

std::unique_ptr<Agent> make(const DdpgConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<ActorCriticAgent>(DdpgConfig::kKind, config, relaxed_rule(config, {}, seed), spec, seed, learning);
}

}  // namespace sluice
