#pragma once
// The feed's tables: per simulated day, per day and reporting group, per user episode.  Every user
// carries its own totals; they are added up in user order at midnight, so the sums do not depend on
// threads.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/environment.h"
#include "sim/state_archive.h"
#include "sim/table.h"

namespace sluice {

/// The feed's costs, in this order.
enum FeedCost { kCostUsage, kCostTime, kCostRetention, kCostSkip, kNumFeedCosts };
const std::vector<std::string>& feed_cost_names();

/// What is counted per user and day.
enum FeedTotal {
  kLiveWatch,      // s
  kShortWatch,     // s
  kAppUsage,       // s, pauses and passes included
  kSessions,
  kRequests,
  kInjections,
  kEntries,
  kSkips,
  kExposures,      // slots shown, live and short
  kUsageCost,      // Σ cost_usage, s
  kReturnCost,     // Σ cost_retention
  kNumFeedTotals
};
using FeedTotals = std::array<float, kNumFeedTotals>;

/// Cost values of a user's totals, in the order of FeedCost.
std::array<double, kNumFeedCosts> feed_costs(const std::array<double, kNumFeedTotals>& totals);

/// One user's day, as the tables see it.
struct UserDayRow {
  const FeedTotals& totals;
  int group;             // reporting group
  bool active, was_active;
};

/// Rows of /daily and /daily_group.
class FeedTables {
 public:
  explicit FeedTables(int num_groups) : num_groups_(num_groups) {}

  void open_day(int day);
  void add(const UserDayRow& row);
  void close_day(double mean_streams_on_air);
  void clear();
  void transfer(StateArchive& archive) {
    archive.values("days", days_);
    archive.values("group_days", group_days_);
  }

  /// Days count from `first_day`.  Retention of the last day is NaN.
  Table daily(int first_day) const;
  Table daily_group(int first_day) const;

 private:
  struct Sums {
    int day = 0, group = -1;
    std::int64_t users = 0, dau = 0, live_dau = 0, returned = 0;
    std::array<double, kNumFeedTotals> totals{};
    double streams_on_air = 0;
  };
  Table to_table(const std::vector<Sums>& rows, int first_day, bool with_group) const;

  int num_groups_;
  std::vector<Sums> days_, group_days_;
};

}  // namespace sluice
