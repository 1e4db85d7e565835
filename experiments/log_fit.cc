#include "experiments/log_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/kuairand_figures.h"
#include "sim/check.h"

namespace sluice {
namespace {

// Five parameters of a mixture; fewer rows tell them to no useful precision (error of w about .1).
constexpr std::int64_t kFewestPlayed = 500;

void fit_watch(const KuairandLog& log, LogFit& fit) {
  std::vector<std::array<double, 3>> shares;  // tab rows, not played, short
  std::vector<ValueHistogram> watch;
  ValueHistogram all;
  for (const UserGroupCounts& group : log.groups) {
    const auto rows = static_cast<double>(group.tab_rows);
    shares.push_back(
        {rows, rows - static_cast<double>(group.watch_ms.total()), static_cast<double>(group.short_rows)});
    watch.push_back(group.watch_ms);
    all.add(group.watch_ms);
  }
  const std::span<const std::array<double, 3>> sums = shares;
  fit.not_played = jackknife(sums, [](const auto& s) { return s[1] / s[0]; });
  fit.short_share = jackknife(sums, [](const auto& s) { return s[2] / (s[0] - s[1]); });
  fit.short_share.n = fit.played;
  for (const auto& [q, published] : kuairand::kWatchQuantilesMs) {
    std::vector<double> without;
    for (const ValueHistogram& group : watch) {
      if (group.total() == 0) continue;
      ValueHistogram rest = all;
      rest.remove(group);
      without.push_back(rest.quantile(q));
    }
    fit.watch_quantiles_ms.push_back({all.quantile(q), jackknife_error(without), all.total()});
  }
  fit.watch = fit_mixture(watch);
  if (!fit.watch.share.known())
    throw data_error(
        fmt::format("the {} watch times are not a mixture of two log-normals (too few different values, "
                    "or one component only); is play_time_ms in ms?",
                    fit.played));
}

void fit_hours(const KuairandLog& log, LogFit& fit) {
  std::vector<std::array<double, 25>> groups;  // all, then by hour
  for (const UserGroupCounts& group : log.groups) {
    std::array<double, 25>& sums = groups.emplace_back();
    for (std::size_t h = 0; h < 24; ++h) sums[0] += sums[h + 1] = group.hours[h];
  }
  const std::span<const std::array<double, 25>> sums = groups;
  for (std::size_t h = 0; h < 24; ++h)
    fit.hour_percent[h] = jackknife(sums, [h](const auto& s) { return 100 * s[h + 1] / s[0]; });
  fit.hour_distance = jackknife(sums, [](const auto& s) {
    double distance = 0;
    for (std::size_t h = 0; h < 24; ++h)
      distance += std::abs(s[h + 1] / s[0] - kuairand::kHourPercent[h] / 100) / 2;
    return distance;
  });
}

// A day at the edge of the log counts if rows begin before 3 h, or end after 21 h.
bool whole(const std::array<std::int64_t, 24>& hours, bool is_first, bool is_last) {
  return (!is_first || hours[0] + hours[1] + hours[2] > 0) &&
         (!is_last || hours[21] + hours[22] + hours[23] > 0);
}

struct Day {
  std::int64_t day;
  double rows;
};

std::vector<Day> whole_days(const KuairandLog& log) {
  std::vector<Day> days;
  for (auto at = log.days.begin(); at != log.days.end(); ++at) {
    const bool is_first = at == log.days.begin(), is_last = std::next(at) == log.days.end();
    double rows = 0;
    for (const std::int64_t n : at->second) rows += static_cast<double>(n);
    if (whole(at->second, is_first, is_last)) days.push_back({at->first, rows});
  }
  return days;
}

void fit_weekdays(const std::vector<Day>& days, LogFit& fit) {
  std::array<double, 7> n{}, sum{}, squares{};
  for (const Day& day : days) {
    const auto weekday = static_cast<std::size_t>((day.day + 3) % 7);  // day 0 was a Thursday; Monday is 0
    n[weekday] += 1;
    sum[weekday] += day.rows;
    squares[weekday] += day.rows * day.rows;
  }
  if (std::any_of(n.begin(), n.end(), [](double x) { return x == 0; })) return;
  fit.weekdays_told = std::all_of(n.begin(), n.end(), [](double x) { return x >= 2; });
  double mean = 0, within = 0, free = 0;
  for (std::size_t d = 0; d < 7; ++d) {
    mean += sum[d] / n[d] / 7;
    within += squares[d] - sum[d] * sum[d] / n[d];
    free += n[d] - 1;
  }
  // The spread of days of one weekday, pooled over weekdays.
  const double sd = free > 0 ? std::sqrt(within / free) : std::nan("");
  for (std::size_t d = 0; d < 7; ++d)
    fit.weekday_index[d] = {sum[d] / n[d] / mean, sd / mean / std::sqrt(n[d]), static_cast<std::int64_t>(n[d])};
}

void find_longest_run(const std::vector<Day>& days, LogFit& fit) {
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < days.size(); ++i) {
    if (i == 0 || days[i].day != days[i - 1].day + 1) begin = days[i].day;
    if (days[i].day - begin + 1 <= fit.num_days) continue;
    fit.first_day = begin;
    fit.num_days = days[i].day - begin + 1;
  }
}

}  // namespace

LogFit fit_log(const KuairandLog& log, ActivitySource activity) {
  LogFit fit;
  fit.played = log.played();
  if (fit.played < kFewestPlayed)
    throw data_error(fmt::format("{} of {} rows are played and of tab {}; at least {} are needed{}", fit.played,
                                 log.rows, log.options.tab == kAnyTab ? "any" : std::to_string(log.options.tab),
                                 kFewestPlayed,
                                 log.options.tab == kAnyTab ? "" : "  (--tab all takes every tab)"));
  fit_watch(log, fit);
  fit.user = fit_random_effects(log.users);
  fit.video = fit_random_effects(log.videos);
  fit_hours(log, fit);
  const std::vector<Day> days = whole_days(log);
  fit_weekdays(days, fit);
  find_longest_run(days, fit);
  if (fit.num_days > 0)
    fit.activity = fit_activity(log.times, fit.first_day, fit.num_days, log.options.utc_offset_h);
  fit.activity_told = fit.activity.users > 0 && (activity == ActivitySource::kFit ||
                                                 (activity == ActivitySource::kAuto && !fit.activity.thinned));
  return fit;
}

}  // namespace sluice
