#pragma once
// The plain alternative: live streams start by a Poisson process of rate
//   λ(t) = starts_per_day · h(t) / 86400,   h the hour profile, mean 1,
// each by a streamer drawn at random (one that is on air already does not start twice).  No habits, no
// regimes, no feedback; durations, excitement and retrieval are those of the other kinds.
// Within a minute the number of starts is Poisson and their times are uniform: exact, since h is
// constant within an hour.

#include <memory>
#include <tuple>

#include "sim/config.h"
#include "sim/supply_process.h"
#include "supply/live_streams.h"
#include "supply/streamers.h"

namespace sluice {

struct PoissonSupplyConfig {
  static constexpr const char* kKind = "poisson";

  StreamersConfig streamers;
  double starts_per_day = 1250;
  ExcitementConfig excitement;
  RetrievalConfig retrieval;

  static constexpr auto fields() {
    using C = PoissonSupplyConfig;
    return std::tuple{
        field("streamers", &C::streamers, {.doc = "who streams"}),
        field("starts_per_day", &C::starts_per_day, {.range = {0, 1e6}, .unit = "1/day", .doc = "mean number of streams started per day", .source = "as many as markov_modulated has by default"}),
        field("excitement", &C::excitement, {.doc = "how a stream's quality moves"}),
        field("retrieval", &C::retrieval, {.doc = "how a candidate is found"})};
  }
};

std::unique_ptr<SupplyProcess> make(const PoissonSupplyConfig& config, Seed seed);

}  // namespace sluice
