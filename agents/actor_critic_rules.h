#pragma once
// Rules of actor-critics whose agents are made of nothing else.  Private to the learning library; others are beside the
// losses they share: soft_actor_critic.h, advantage_weights.h, relaxed_actor.h.

#include <memory>

#include "agents/actor_critic.h"
#include "agents/cmpo.h"
#include "agents/tscac.h"

namespace sluice {

std::unique_ptr<ActorCriticRule> cmpo_rule(const CmpoConfig& config);
std::unique_ptr<ActorCriticRule> tscac_rule(const TscacConfig& config, const std::vector<std::int64_t>& costs, double scale);

}  // namespace sluice
