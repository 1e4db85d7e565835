#pragma once
// Live streams that come and go with their streamers' habits, the hour and the regime.
//
// On a day on air a streamer opens 1 + Poisson streams, starting around the habitual hour.  Durations
//   are log-normal: the hazard of ending rises, then falls.
// An event puts a share of the streamers off air on air over its first hour; an outage suppresses
//   starts and ends a share of the streams (supply/regimes.h).  So starts are over-dispersed, not
//   Poisson.
// With feedback (supply/feedback.h) few viewers end streams sooner and keep streamers away.
//
// Steps are whole minutes of simulated time whatever the world's window.  Draws are keyed by
// (streamer, day, …) and by minute, so without feedback nothing here depends on what users or agents do.

#include <memory>

#include "sim/supply_process.h"
#include "supply/markov_modulated_config.h"

namespace sluice {

/// Start times (s) of a streamer's streams on a day; empty on a day off.  `shift`: logit added to
/// P(on air today).
std::vector<Seconds> draw_starts(const ScheduleConfig& config, const Streamer& streamer, Seed seed,
                                 std::uint32_t id, int day, float shift = 0);

std::unique_ptr<SupplyProcess> make(const MarkovModulatedSupplyConfig& config, Seed seed);

}  // namespace sluice
