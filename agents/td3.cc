#include "agents/td3.h"

#include "agents/relaxed_actor.h"

namespace sluice {

std::unique_ptr<Agent> make(const Td3Config& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  const RelaxedOptions options{.period = config.policy_period, .smoothing = config.smoothing, .smoothing_clip = config.smoothing_clip};
  return std::make_unique<ActorCriticAgent>(Td3Config::kKind, config, relaxed_rule(config, options, seed), spec, seed, learning);
}

}  // namespace sluice
