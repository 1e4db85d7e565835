#pragma once
// Parameters of the Markov-modulated supply.  "prior": identified by no data.

#include <tuple>
#include <vector>

#include "sim/config.h"

namespace sluice {

struct MarkovModulatedSupplyConfig {
  static constexpr const char* kKind = "markov_modulated";

  int streamers = 2000;
  double day_on_air = 0.5;
  double streams_per_day = 1.222;
  double duration_mu = 4.883 + 4.094345;  // ln min → ln s
  double duration_sigma = 0.632;
  double habit_sigma_h = 1.5;
  double popularity_tail = 1.57;
  double excitement_sigma = 0.4;
  double excitement_half_life_s = 1200;
  double events_per_day = 2;
  double event_mean_s = 5400;
  double event_appeal = 0.7;
  double event_start_prob = 0.06;
  double outages_per_day = 1;
  double outage_mean_s = 3600;
  double outage_appeal = 1.2;
  double outage_end_prob = 0.3;
  double hour_appeal = 0.15;
  int retrieval_probes = 24;
  double retrieval_capacity = 0.2;
  double retrieval_noise = 0.6;
  double match_weight = 2.2;
  double quality_weight = 0.5;
  double followed_bonus = 0.6;
  double appeal_offset = 1.55;
  double appeal_scale = 1.0;
  std::vector<double> hour_percent = {4.1, 2.3, 1.4, 1.0, 1.0, 1.6, 2.6, 2.8, 3.3, 3.7, 3.8, 4.0,
                                      4.7, 4.3, 4.1, 4.0, 4.0, 4.3, 5.4, 7.1, 8.6, 8.3, 7.7, 5.9};

  static constexpr auto fields() {
    using C = MarkovModulatedSupplyConfig;
    return std::tuple{
        field("streamers", &C::streamers, {.range = {1, 1e7}, .doc = "streamers of the platform"}),
        field("day_on_air", &C::day_on_air, {.range = {0, 1}, .doc = "probability that a streamer is on air on a day, mean over streamers", .source = "prior"}),
        field("streams_per_day", &C::streams_per_day, {.range = {1, 20}, .unit = "1/day", .doc = "streams of a streamer on a day on air", .source = "KuaiLive: 1.222 rooms per streamer-day"}),
        field("duration_mu", &C::duration_mu, {.unit = "ln s", .doc = "log-mean of a stream's duration", .source = "KuaiLive shop rooms: 4.883 ln min"}),
        field("duration_sigma", &C::duration_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "log-sd of a stream's duration", .source = "KuaiLive shop rooms"}),
        field("habit_sigma_h", &C::habit_sigma_h, {.range = {0, 24}, .unit = "h", .doc = "spread of a streamer's starts around the habitual hour", .source = "prior"}),
        field("popularity_tail", &C::popularity_tail, {.range = {1, 20, kOpenBelow}, .doc = "Pareto exponent of a streamer's mean viewers", .source = "Twitch top 1000: Hill 1.57"}),
        field("excitement_sigma", &C::excitement_sigma, {.range = {0, 5}, .doc = "sd of the AR(1) excitement within a stream (same unit as appeal)", .source = "prior"}),
        field("excitement_half_life_s", &C::excitement_half_life_s, {.range = {60, 1e6}, .unit = "s", .doc = "half-life of the excitement", .source = "prior"}),
        field("events_per_day", &C::events_per_day, {.range = {0, 100}, .unit = "1/day", .doc = "rate of the event regime: many streamers go on air and all appeal more", .source = "prior"}),
        field("event_mean_s", &C::event_mean_s, {.range = {60, 1e6}, .unit = "s", .doc = "mean length of an event", .source = "prior"}),
        field("event_appeal", &C::event_appeal, {.range = {0, 10}, .doc = "gain of appeal during an event", .source = "prior"}),
        field("event_start_prob", &C::event_start_prob, {.range = {0, 1}, .doc = "probability that a streamer off air starts during an event", .source = "prior"}),
        field("outages_per_day", &C::outages_per_day, {.range = {0, 100}, .unit = "1/day", .doc = "rate of the outage regime: no starts, some streams end, all appeal less", .source = "prior"}),
        field("outage_mean_s", &C::outage_mean_s, {.range = {60, 1e6}, .unit = "s", .doc = "mean length of an outage", .source = "prior"}),
        field("outage_appeal", &C::outage_appeal, {.range = {0, 10}, .doc = "loss of appeal during an outage", .source = "prior"}),
        field("outage_end_prob", &C::outage_end_prob, {.range = {0, 1}, .doc = "probability that a stream on air ends when an outage begins", .source = "prior"}),
        field("hour_appeal", &C::hour_appeal, {.range = {0, 10}, .doc = "amplitude of the daily swing of appeal, highest at 20:30", .source = "fitted: KuaiLive gifts by hour"}),
        field("retrieval_probes", &C::retrieval_probes, {.range = {1, 256}, .doc = "streams looked at per request", .source = "our choice"}),
        field("retrieval_capacity", &C::retrieval_capacity, {.range = {0, 10, kOpenBelow}, .doc = "share of the streamers on air at which every probe finds a stream; fewer on air, fewer and poorer candidates", .source = "prior"}),
        field("retrieval_noise", &C::retrieval_noise, {.range = {0, 10}, .doc = "sd of the ranking's error", .source = "prior"}),
        field("match_weight", &C::match_weight, {.range = {0, 100}, .doc = "appeal per unit of interest · topic", .source = "prior"}),
        field("quality_weight", &C::quality_weight, {.range = {0, 100}, .doc = "appeal per sd of a streamer's quality", .source = "prior"}),
        field("followed_bonus", &C::followed_bonus, {.range = {0, 100}, .doc = "extra appeal of a followed streamer", .source = "prior"}),
        field("appeal_offset", &C::appeal_offset, {.doc = "centres the appeal of the best candidate at about 0", .source = "fitted"}),
        field("appeal_scale", &C::appeal_scale, {.range = {0, 100, kOpenBelow}, .doc = "divides the appeal", .source = "fitted: sd about .9"}),
        field("hour_percent", &C::hour_percent, {.range = {0, 100}, .unit = "%", .doc = "habitual hours of streamers, 24 numbers", .source = "KuaiLive gifts by hour"})};
  }
};

}  // namespace sluice
