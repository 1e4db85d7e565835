#include "sim/feed_tables.h"

#include <limits>

namespace sluice {

const std::vector<std::string>& feed_cost_names() {
  static const std::vector<std::string> names = {"cost_usage", "cost_time", "cost_retention",
                                                 "cost_skip"};
  return names;
}

std::array<double, kNumFeedCosts> feed_costs(const std::array<double, kNumFeedTotals>& totals) {
  return {totals[kUsageCost], -totals[kAppUsage], totals[kReturnCost], totals[kSkips]};
}

void FeedTables::open_day(int day) {
  days_.push_back({.day = day});
  for (int group = 0; group < num_groups_; ++group)
    group_days_.push_back({.day = day, .group = group});
}

void FeedTables::add(const UserDayRow& row) {
  const std::size_t today = group_days_.size() - static_cast<std::size_t>(num_groups_);
  const auto group = static_cast<std::size_t>(row.group);
  for (Sums* sums : {&days_.back(), &group_days_[today + group]}) {
    ++sums->users;
    sums->dau += row.active;
    sums->live_dau += row.totals[kEntries] > 0;
    for (std::size_t i = 0; i < kNumFeedTotals; ++i)
      sums->totals[i] += static_cast<double>(row.totals[i]);
  }
  if (row.active && row.was_active && days_.size() > 1) {
    ++days_[days_.size() - 2].returned;
    ++group_days_[today - static_cast<std::size_t>(num_groups_) + group].returned;
  }
}

void FeedTables::close_day(double mean_streams_on_air) {
  days_.back().streams_on_air = mean_streams_on_air;
  for (std::size_t i = group_days_.size() - static_cast<std::size_t>(num_groups_);
       i < group_days_.size(); ++i)
    group_days_[i].streams_on_air = mean_streams_on_air;
}

void FeedTables::clear() {
  days_.clear();
  group_days_.clear();
}

Table FeedTables::to_table(const std::vector<Sums>& rows, int first_day, bool with_group) const {
  using Integers = std::vector<std::int64_t>;
  using Reals = std::vector<double>;
  const auto integers = [&](auto value) {
    Integers column;
    for (const Sums& row : rows) column.push_back(value(row));
    return column;
  };
  const auto reals = [&](auto value) {
    Reals column;
    for (const Sums& row : rows) column.push_back(value(row));
    return column;
  };
  const auto total = [&](FeedTotal which) {
    return reals([which](const Sums& row) { return row.totals[which]; });
  };
  const auto count = [&](FeedTotal which) {
    return integers([which](const Sums& row) { return static_cast<std::int64_t>(row.totals[which] + 0.5); });
  };
  const int last_day = rows.empty() ? 0 : rows.back().day;
  Table table;
  auto& c = table.columns;
  c.push_back({"day", "day", "simulated day after burn-in, from 0",
               integers([&](const Sums& row) { return std::int64_t{row.day - first_day}; })});
  if (with_group)
    c.push_back({"group", "1", "reporting group: 0 = no live watch in the last 21 days of burn-in, "
                 "the others quantiles of live watch", integers([](const Sums& row) { return std::int64_t{row.group}; })});
  c.push_back({"users", "users", "users in the world", integers([](const Sums& row) { return row.users; })});
  c.push_back({"dau", "users", "users with a request on this day", integers([](const Sums& row) { return row.dau; })});
  c.push_back({"live_dau", "users", "users who entered a live stream on this day", integers([](const Sums& row) { return row.live_dau; })});
  c.push_back({"live_watch_s", "s", "live-stream watch time", total(kLiveWatch)});
  c.push_back({"short_watch_s", "s", "short-video watch time", total(kShortWatch)});
  c.push_back({"app_usage_s", "s", "time in session, pauses and passes included", total(kAppUsage)});
  c.push_back({"sessions", "1", "sessions started", count(kSessions)});
  c.push_back({"requests", "1", "feed requests", count(kRequests)});
  c.push_back({"injections", "1", "requests that got a live stream", count(kInjections)});
  c.push_back({"entries", "1", "live streams entered", count(kEntries)});
  c.push_back({"skips", "1", "live streams left within 3 s", count(kSkips)});
  c.push_back({"exposures", "1", "slots shown, live and short", count(kExposures)});
  c.push_back({"retention_d1", "1", "share of this day's users with a request on the next day; NaN on the last day",
               reals([&](const Sums& row) {
                 return row.day == last_day || row.dau == 0
                            ? std::numeric_limits<double>::quiet_NaN()
                            : static_cast<double>(row.returned) / static_cast<double>(row.dau);
               })});
  c.push_back({"streams_on_air", "1", "live streams on air, mean over the day", reals([](const Sums& row) { return row.streams_on_air; })});
  return table;
}

Table FeedTables::daily(int first_day) const { return to_table(days_, first_day, false); }
Table FeedTables::daily_group(int first_day) const { return to_table(group_days_, first_day, true); }

}  // namespace sluice
