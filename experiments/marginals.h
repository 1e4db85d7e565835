#pragma once
// The marginals of a feed world: what a platform's log would say of it, in the statistics that KuaiRand
// and KuaiLive publish (experiments/marginal_targets.h).
//
// A world is simulated under its burn-in rule, for its burn-in and for 31 days more, which are measured.
// Definitions, each as in the data it is set beside:
//   exposure      a slot shown, whatever it holds; a batch of one request has one time, the request's
//   user-day      calendar days, idle ones included
//   gap           from a request to the same user's next one, at most 30 min
//   live user     who watched live for more than 300 s in the last 21 days (KuaiLive's users liked,
//                 commented and gave within them: its fitted law has 0.7 % below 300 s)
//   ICC           user variance / (user + rest) of ln watch, one-way random effects by moments, users
//                 with 20 videos or more
//   thinned D1    KuaiRand-Pure holds a random part of the log, 9.1 rows per user in 14 days.  Every
//                 exposure of the simulated log is kept with that probability; D1 is the share of days
//                 with a row, the window's last apart, that are followed by a day with a row, by the
//                 number of the user's rows in the window.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/experiment_config.h"

namespace sluice {

inline constexpr int kMarginalDays = 31;       // KuaiRand's log: 8 April to 8 May 2022
inline constexpr double kLiveUserSeconds = 300;
inline constexpr double kThinnedRows = 9.1;    // per user and window
inline constexpr int kThinnedDays = 14;
/// Bins of a user's rows in the window: first and last number.
inline constexpr std::array<std::array<int, 2>, 6> kRowBins = {{{1, 3}, {4, 7}, {8, 14}, {15, 28}, {29, 56}, {57, 112}}};

/// Counts of values in bins whose upper edges are given.
struct Histogram {
  std::vector<double> edges, counts;
  double cdf(double x) const;          // at the last edge ≤ x
  double smooth_cdf(double x) const;   // linear within a bin
  double quantile(double q) const;     // its inverse
  double total() const;
};

struct Marginals {
  int users = 0;
  // Activity.
  std::array<double, 24> hour_exposures{};      // exposures by hour of the day
  double sessions_per_user_day = 0, requests_per_session = 0, items_per_request = 0;
  double exposures_per_user_day = 0;
  std::vector<double> user_exposures;           // [user] per day, mean over the 31 days; sorted
  Histogram gaps;                               // s
  double gap_mean_s = 0, gap_ln_mean = 0, gap_ln_sd = 0;
  double app_usage_s = 0;                       // per user-day
  // Short videos.
  Histogram short_watch;                        // s, by exposure
  double user_icc = 0;
  // Live streams.
  double live_share = 0;                        // of exposures
  double entry_rate = 0, watch_per_entry_s = 0;
  std::vector<double> live_watch;               // s, per entry, sorted
  double live_user_share = 0;                   // live users / users
  std::vector<double> live_user_watch;          // s in the last 21 days, of live users, sorted
  double live_user_exposures = 0, live_user_entries = 0;  // per live user and day
  double live_user_live_share = 0;              // live share of a live user's exposures
  std::vector<double> stream_minutes;           // durations of streams that began in the 31 days, sorted
  std::array<double, 24> on_air{};              // mean streams on air by hour
  std::array<double, 24> entries{};             // entries by hour
  // Coming back.
  double active_prob = 0, live_dau_share = 0, d1 = 0, d7 = 0;
  std::array<double, kRowBins.size()> thinned_d1{};       // by kRowBins
  std::array<double, kRowBins.size()> thinned_pairs{};    // user-days behind each
};

struct MeasureOptions {
  int users = 5000;
  std::uint64_t seed = 1;
  int num_threads = 1;
  std::string progress;  // shown under this name; empty: silent
};

/// Simulates and measures.  Same config, seed and users: same numbers at any number of threads.
Marginals measure_marginals(const FeedConfig& config, const MeasureOptions& options);

}  // namespace sluice
