#pragma once
// Multi-group state decomposition: which group a user is in.
//
// Group 0: no live watch in the past 21 days.  The other K − 1 groups split the users with some into
// equal numbers by the amount.  The boundaries between them are formed anew every reassign_days while
// the agent learns; an agent that only acts keeps the boundaries it learned with.

#include <cstdint>
#include <span>
#include <vector>

#include "sim/state_archive.h"

namespace sluice {

/// The K − 2 inner boundaries: quantiles 1/(K−1), …, (K−2)/(K−1) of the positive keys.
std::vector<float> group_boundaries(std::span<const float> keys, int num_groups);

/// 0 for a key ≤ 0 and for K = 1; else 1 + number of boundaries ≤ key.
std::uint8_t group_of(float key, std::span<const float> boundaries, int num_groups);

class UserGroups {
 public:
  UserGroups(int num_groups, int num_users, int reassign_days);

  /// Returns whether groups were formed anew on this day.
  bool begin_day(int day, std::span<const float> keys);
  void note_learning() { learned_since_ = true; }

  std::uint8_t of(std::int32_t user) const { return group_[static_cast<std::size_t>(user)]; }
  const std::vector<float>& boundaries() const { return boundaries_; }
  void set_boundaries(std::vector<float> boundaries);
  void transfer(StateArchive& archive);

 private:
  int num_groups_;
  int reassign_days_;
  int assigned_day_ = 0;
  bool assigned_ = false;       // on some day
  bool have_boundaries_ = false;
  bool learned_since_ = false;  // transitions were observed since the boundaries were formed
  std::vector<float> boundaries_;
  std::vector<std::uint8_t> group_;
};

}  // namespace sluice
