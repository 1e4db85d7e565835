#pragma once
// The published figures that a simulated world is set beside, and where `--data DIR` has the files, the
// data's own distributions.
//
// Sources.  KuaiRand-27K (Gao et al. 2022): 322,278,385 exposures of 27,285 users, 8 April to 8 May
// 2022; batches share a time stamp.  KuaiRand-Pure: 228,329 of its rows.  KuaiLive (2025): 4,909,515
// entries of 23,772 users and 11,613,708 rooms, 5 to 25 May 2025.  Users of both are picked active ones.

#include <array>
#include <string>

#include "experiments/distances.h"
#include "experiments/marginals.h"

namespace sluice {

struct MarginalTargets {
  /// Exposures by hour of the day, % (KuaiRand-27K).
  std::array<double, 24> hour_percent = {3.297, 2.005, 1.282, .903,  .812,  1.146, 2.133, 3.093,
                                         3.582, 4.017, 4.477, 4.791, 5.284, 5.316, 4.795, 4.893,
                                         5.149, 5.438, 5.847, 6.166, 6.614, 6.863, 6.783, 5.313};
  /// Of KuaiLive's gifts, % (read off a chart): when live streams have viewers.
  std::array<double, 24> live_hour_percent = {4.1, 2.3, 1.4, 1.0, 1.0, 1.6, 2.6, 2.8, 3.3, 3.7, 3.8, 4.0,
                                              4.7, 4.3, 4.1, 4.0, 4.0, 4.3, 5.4, 7.1, 8.6, 8.3, 7.7, 5.9};
  double sessions_per_user_day = 4.84;  // 30-min rule
  double requests_per_session = 13.6;
  double items_per_request = 5.80;
  double exposures_per_user_day = 381.0;
  double gap_mean_s = 164.7;            // of the log-normal (4.278, 1.469) truncated at 30 min, fitted
  double gap_ln_mean = 4.224, gap_ln_sd = 1.407;  // its moments
  double user_icc = 0.179;              // KuaiRand-Pure
  double entry_rate = 0.279;            // KuaiLive: 4.91 M of 17.62 M impressions
  double watch_per_entry_s = 82.6;      // KuaiLive, over all entries
  double live_share = 0.10;             // short videos are shown 9 times as often (arXiv 2408.05709)
  double live_user_exposures = 35.3;    // KuaiLive: 17.62 M impressions / 23,772 users / 21 days
  double live_user_entries = 9.83;      // KuaiLive, per user-day
  double live_dau_share = 0.57;         // 170 M of about 300 M, June 2020
  double active_prob_low = 0.80, active_prob_high = 0.88;  // KuaiRand-Pure, lower bounds per bin of rows
  double d1 = 0.90, d7 = 0.80;          // KuaiLive .914/.890 by click; KuaiRand-Pure .774 to .915
  std::array<double, kRowBins.size()> thinned_d1 = {.104, .297, .487, .678, .819, .925};

  CdfFunction short_watch;              // s, by exposure that was played
  CdfFunction user_exposures;           // per day, users' means over 31 days
  CdfFunction live_watch;               // s, per entry; shop rooms, the only published law
  CdfFunction live_user_watch;          // s in 21 days
  CdfFunction stream_minutes;           // shop rooms of 5 min to 24 h
  CdfFunction gaps;                     // s
  std::string short_watch_source, user_exposures_source;
};

/// Published figures alone.
MarginalTargets published_targets();

/// The same, with what DIR holds in the place of published points: DIR/kuairand_27k/
/// log_standard_user_stats_distribution.csv[.gz] (column exposures, 31 days) and every
/// DIR/kuairand_pure/log_standard*.csv[.gz] (columns tab, play_time_ms; rows of tab 1 that were played).
/// Throws data_error if DIR holds neither, or what it holds is damaged.
MarginalTargets targets_with_data(const std::string& directory);

}  // namespace sluice
