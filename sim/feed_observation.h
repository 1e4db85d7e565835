#pragma once
// The feed's observation: which columns there are, and how one row is filled.

#include <span>

#include "sim/observation.h"
#include "sim/user_history.h"

namespace sluice {

ObservationSchema feed_observation_schema();

/// Everything the row of one request is made from.
struct FeedRequestView {
  const UserProfile& profile;
  const UserHistory& history;
  const Candidate& candidate;
  const PageOutlook& outlook;
  std::uint32_t page;
  Seconds now;
};

/// row.size() == feed_observation_schema().width.
void write_feed_observation(const FeedRequestView& request, std::span<float> row);

}  // namespace sluice
