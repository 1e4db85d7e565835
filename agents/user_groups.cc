#include "agents/user_groups.h"

#include "agents/agent_state.h"

#include <algorithm>

#include "sim/check.h"

namespace sluice {

std::vector<float> group_boundaries(std::span<const float> keys, int num_groups) {
  std::vector<float> positive;
  for (const float key : keys)
    if (key > 0) positive.push_back(key);
  std::sort(positive.begin(), positive.end());
  std::vector<float> boundaries;
  if (positive.empty()) return boundaries;
  for (int i = 1; i < num_groups - 1; ++i)
    boundaries.push_back(
        positive[positive.size() * static_cast<std::size_t>(i) / static_cast<std::size_t>(num_groups - 1)]);
  return boundaries;
}

std::uint8_t group_of(float key, std::span<const float> boundaries, int num_groups) {
  if (num_groups == 1 || !(key > 0)) return 0;
  const auto above = std::upper_bound(boundaries.begin(), boundaries.end(), key);
  return static_cast<std::uint8_t>(1 + (above - boundaries.begin()));
}

UserGroups::UserGroups(int num_groups, int num_users, int reassign_days, Grouping grouping, Seed seed)
    : num_groups_(num_groups),
      reassign_days_(reassign_days),
      grouping_(grouping),
      seed_(seed),
      group_(static_cast<std::size_t>(num_users), 0) {}

bool UserGroups::begin_day(int day, std::span<const float> keys) {
  if (assigned_ && day - assigned_day_ < reassign_days_) return false;
  ENSURE(keys.size() == group_.size(), "a group key for every user");
  if (!have_boundaries_ || learned_since_) boundaries_ = group_boundaries(keys, num_groups_);
  have_boundaries_ = !boundaries_.empty() || num_groups_ <= 2;
  learned_since_ = false;
  const std::vector<std::uint8_t> before = group_;
  for (std::size_t user = 0; user < group_.size(); ++user)
    group_[user] = grouping_ == Grouping::kRandom
                       ? static_cast<std::uint8_t>(seed_.stream(Purpose::kGroup, user)() % static_cast<std::uint64_t>(num_groups_))
                       : group_of(keys[user], boundaries_, num_groups_);
  if (assigned_) {
    std::size_t crossed = 0;
    for (std::size_t user = 0; user < group_.size(); ++user) crossed += before[user] != group_[user] ? 1 : 0;
    crossings_ = static_cast<double>(crossed) / static_cast<double>(std::max<std::size_t>(1, group_.size()));
  }
  assigned_ = true;
  assigned_day_ = day;
  return true;
}

void UserGroups::transfer(StateArchive& archive) {
  archive.value("assigned_day", assigned_day_);
  archive.value("assigned", assigned_);
  archive.value("have_boundaries", have_boundaries_);
  archive.value("learned_since", learned_since_);
  archive.value("crossings", crossings_);
  archive.values("boundaries", boundaries_);
  archive.fixed("group", group_);
}

void UserGroups::set_boundaries(std::vector<float> boundaries) {
  boundaries_ = std::move(boundaries);
  have_boundaries_ = true;
  learned_since_ = false;
  assigned_ = false;  // the next day assigns by them
}

void UserGroups::save(AgentState& state) const { save_vector("group_boundaries", {boundaries_.begin(), boundaries_.end()}, state); }

void UserGroups::load(const AgentState& state) {
  const std::vector<double> boundaries = load_vector("group_boundaries", state);
  set_boundaries({boundaries.begin(), boundaries.end()});
}

}  // namespace sluice
