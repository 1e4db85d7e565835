#pragma once
// Multi-group state decomposition: which group a user is in.
//
// Group 0: no live watch in the past 21 days.  The other K − 1 groups split the users with some into
// equal numbers by the amount.  The boundaries between them are formed anew every reassign_days while
// the agent learns; an agent that only acts keeps the boundaries it learned with.
//
// `random` gives every user one of K groups by lot, for good: as many networks and as many parameters, and
// nothing that the groups could know.  What grouping by live watch is worth shows only against this.

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "agents/agent.h"
#include "sim/rng.h"
#include "sim/state_archive.h"

namespace sluice {

enum class Grouping { kLiveWatch, kRandom };
constexpr std::array<const char*, 2> enum_names(Grouping) { return {"live_watch", "random"}; }

/// The K − 2 inner boundaries: quantiles 1/(K−1), …, (K−2)/(K−1) of the positive keys.
std::vector<float> group_boundaries(std::span<const float> keys, int num_groups);

/// 0 for a key ≤ 0 and for K = 1; else 1 + number of boundaries ≤ key.
std::uint8_t group_of(float key, std::span<const float> boundaries, int num_groups);

class UserGroups {
 public:
  /// The seed is that of random groups.
  UserGroups(int num_groups, int num_users, int reassign_days, Grouping grouping = Grouping::kLiveWatch, Seed seed = Seed{0});

  /// Returns whether groups were formed anew on this day.
  bool begin_day(int day, std::span<const float> keys);
  void note_learning() { learned_since_ = true; }

  std::uint8_t of(std::int32_t user) const { return group_[static_cast<std::size_t>(user)]; }
  const std::vector<float>& boundaries() const { return boundaries_; }
  void set_boundaries(std::vector<float> boundaries);
  /// Share of users whose group changed when groups were last formed anew; NaN before the second time.
  double crossings() const { return crossings_; }
  void transfer(StateArchive& archive);
  /// The boundaries, of a saved agent.
  void save(AgentState& state) const;
  void load(const AgentState& state);

 private:
  int num_groups_;
  int reassign_days_;
  Grouping grouping_;
  Seed seed_;
  int assigned_day_ = 0;
  bool assigned_ = false;       // on some day
  bool have_boundaries_ = false;
  bool learned_since_ = false;  // transitions were observed since the boundaries were formed
  double crossings_ = std::numeric_limits<double>::quiet_NaN();
  std::vector<float> boundaries_;
  std::vector<std::uint8_t> group_;
};

}  // namespace sluice
