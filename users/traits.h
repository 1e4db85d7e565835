#pragma once
// Who a user is: the fixed traits, drawn once from (seed, user).

#include "sim/limited_log_normal.h"
#include "users/behavioural_config.h"
#include "users/behavioural_state.h"

namespace sluice {

Favourites draw_favourites(Rng& rng);
/// One favourite, any, gives way to a new one of the same law: the population's interests stay as they
/// are while every user's drift.
void replace_favourite(Favourites& favourites, Rng& rng);

/// ln of the mean session budget of the median user.
float median_log_budget_of(const ActivityConfig& activity);

BehaviouralTraits draw_traits(const BehaviouralUsersConfig& config, const LimitedLogNormal& early,
                              Seed seed, std::uint32_t user);

}  // namespace sluice
