#pragma once
// Parameters of the Markov-modulated supply.  "prior": identified by no data.

#include <tuple>

#include "sim/config.h"
#include "supply/feedback.h"
#include "supply/live_streams.h"
#include "supply/regimes.h"
#include "supply/streamers.h"

namespace sluice {

/// When streamers go on air of their own accord.
struct ScheduleConfig {
  double day_on_air = 0.5;
  double streams_per_day = 1.222;
  double habit_sigma_h = 1.5;

  static constexpr auto fields() {
    using C = ScheduleConfig;
    return std::tuple{
        field("day_on_air", &C::day_on_air, {.range = {0, 1}, .doc = "probability that a streamer is on air on a day, mean over streamers", .source = "prior"}),
        field("streams_per_day", &C::streams_per_day, {.range = {1, 20}, .unit = "1/day", .doc = "streams of a streamer on a day on air", .source = "KuaiLive: 1.222 rooms per streamer-day"}),
        field("habit_sigma_h", &C::habit_sigma_h, {.range = {0, 24}, .unit = "h", .doc = "spread of a streamer's starts around the habitual hour", .source = "prior"})};
  }
};

struct MarkovModulatedSupplyConfig {
  static constexpr const char* kKind = "markov_modulated";

  StreamersConfig streamers;
  ScheduleConfig schedule;
  ExcitementConfig excitement;
  RegimesConfig regimes;
  RetrievalConfig retrieval;
  FeedbackConfig feedback;

  static constexpr auto fields() {
    using C = MarkovModulatedSupplyConfig;
    return std::tuple{
        field("streamers", &C::streamers, {.doc = "who streams"}),
        field("schedule", &C::schedule, {.doc = "when streamers go on air of their own accord"}),
        field("excitement", &C::excitement, {.doc = "how a stream's quality moves"}),
        field("regimes", &C::regimes, {.doc = "events and outages of the whole supply"}),
        field("retrieval", &C::retrieval, {.doc = "how a candidate is found"}),
        field("feedback", &C::feedback, {.doc = "how streamers answer to viewers"})};
  }
};

}  // namespace sluice
