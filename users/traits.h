#pragma once
// Who a user is: the fixed traits, drawn once from (seed, user).

#include "sim/limited_log_normal.h"
#include "users/behavioural_config.h"
#include "users/behavioural_state.h"

namespace sluice {

/// Interests: two to four favourite topics with random weights over a small common floor, unit length.
TopicVector draw_interests(Rng& rng, std::uint8_t* top_topic);

BehaviouralTraits draw_traits(const BehaviouralUsersConfig& config, const LimitedLogNormal& early,
                              Seed seed, std::uint32_t user);

}  // namespace sluice
