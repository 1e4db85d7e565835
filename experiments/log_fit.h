#pragma once
// What a log of exposures says of its users: marginals by exposure, each with its error and what it was
// read off.  (A scenario's parameters are by user and before cutting: see calibrated_scenario.h.)

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/activity_fit.h"
#include "experiments/kuairand_log.h"
#include "experiments/log_normal_mixture.h"
#include "experiments/random_effects.h"

namespace sluice {

/// Whether requests, sessions and days are taken from the log.
enum class ActivitySource { kAuto, kFit, kKeep };

struct LogFit {
  std::int64_t played = 0;                   // rows of the tab with a watch time
  Estimate not_played, short_share;          // P(watch = 0), P(watch ≤ 3 s | played)
  std::vector<Estimate> watch_quantiles_ms;  // those of kuairand::kWatchQuantilesMs
  MixtureFit watch;                          // ln ms
  RandomEffects user, video;                 // on ln ms

  std::array<Estimate, 24> hour_percent;  // played rows of the tab by local hour
  Estimate hour_distance;                 // total variation to kuairand::kHourPercent

  std::array<Estimate, 7> weekday_index;  // rows by day of the week, mean 1; n: days
  bool weekdays_told = false;             // every weekday at least twice

  std::int64_t first_day = 0, num_days = 0;  // longest run of whole local days, days since 1970
  ActivityFit activity;
  bool activity_told = false;
};

/// Throws data_error if there are too few played rows, or no two components in them.
LogFit fit_log(const KuairandLog& log, ActivitySource activity);

}  // namespace sluice
