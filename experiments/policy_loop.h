#pragma once
// The loop between an environment and a frozen agent.

#include <functional>

#include "agents/agent.h"
#include "sim/feed_world.h"

namespace sluice {

inline Observations observations_for(const Agent& agent) {
  if (agent.needs_latent()) return Observations::kBuildWithLatent;
  return agent.needs_observations() ? Observations::kBuild : Observations::kSkip;
}

/// Called after each batch with the number of decisions so far; may throw to stop.
using DecisionCounter = std::function<void(std::int64_t)>;

/// Runs the frozen policy to the horizon, or until a signal asks to stop (UserError, 75).  Returns the number of decisions.
std::int64_t run_policy(Environment& environment, Agent& agent, const DecisionCounter& count = {});

}  // namespace sluice
