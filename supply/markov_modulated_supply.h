#pragma once
// Live streams that come and go with their streamers' habits, the hour and the regime.
//
// Streamers: topic, topic vector, quality ~ N(0,1), popularity ~ Pareto (Hill 1.57), a habitual hour
//   drawn from the live hour profile.  On a day on air: 1 + Poisson streams, starting around that hour.
// Durations are log-normal: the hazard of ending rises, then falls.
// Regimes, a Markov chain by the minute: normal ⇄ event, normal ⇄ outage, with geometric durations.
//   An event puts a share of the streamers off air on air over its first hour; an outage suppresses
//   starts and ends a share of the streams.  So starts are over-dispersed, not Poisson.
// Level m(t): relaxes by 10 % a minute towards hour curve + regime shift, and adds to every appeal.
// Excitement: AR(1) within a stream, stepped every 5 min.
// Viewers: popularity × hour profile × e^excitement: exogenous, users of this world do not move it.
//
// Steps are whole minutes of simulated time whatever the world's window.  Draws are keyed by
// (streamer, day, …) and by minute, so nothing here depends on what users or agents do.

#include <memory>

#include "sim/supply_process.h"
#include "supply/markov_modulated_config.h"

namespace sluice {

std::unique_ptr<SupplyProcess> make(const MarkovModulatedSupplyConfig& config, Seed seed);

}  // namespace sluice
