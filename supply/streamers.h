#pragma once
// Who streams: topic vector, quality ~ N(0,1), popularity ~ Pareto, a habitual hour.  Fixed by
// (config, seed).

#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/config.h"
#include "sim/rng.h"
#include "sim/supply_process.h"

namespace sluice {

struct StreamersConfig {
  int count = 2000;
  double popularity_tail = 1.57;
  double duration_mu = 4.883 + 4.094345;  // ln min → ln s
  double duration_sigma = 0.632;
  std::vector<double> hour_percent = {4.1, 2.3, 1.4, 1.0, 1.0, 1.6, 2.6, 2.8, 3.3, 3.7, 3.8, 4.0,
                                      4.7, 4.3, 4.1, 4.0, 4.0, 4.3, 5.4, 7.1, 8.6, 8.3, 7.7, 5.9};

  static constexpr auto fields() {
    using C = StreamersConfig;
    return std::tuple{
        field("count", &C::count, {.range = {1, 1e6}, .doc = "streamers of the platform"}),
        field("popularity_tail", &C::popularity_tail, {.range = {1, 20, kOpenBelow}, .doc = "Pareto exponent of a streamer's mean viewers", .source = "Twitch top 1000: Hill 1.57"}),
        field("duration_mu", &C::duration_mu, {.range = {0, 15}, .unit = "ln s", .doc = "log-mean of a stream's duration", .source = "KuaiLive shop rooms: 4.883 ln min"}),
        field("duration_sigma", &C::duration_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "log-sd of a stream's duration", .source = "KuaiLive shop rooms"}),
        field("hour_percent", &C::hour_percent, {.range = {0, 100}, .unit = "%", .doc = "when streams have viewers, 24 numbers", .source = "KuaiLive gifts by hour"})};
  }
};

struct Streamer {
  TopicVector topics{};
  std::uint8_t topic = 1;     // 1 … kNumTopics: the largest entry of `topics`
  float quality = 0;
  float popularity = 1;       // relative to the smallest streamer
  float habit_hour = 20;      // 0 … 24
  float day_score = 0;        // N(0, .8): how much more often than others (logit)
};

/// The hour profile at a minute of the world's clock, mean 1.  `percent`: 24 numbers that sum to 100.
inline float crowd_at(const std::vector<double>& percent, std::int64_t minute) {
  return static_cast<float>(percent[static_cast<std::size_t>(minute % 1440 / 60)]) * 24 / 100;
}

std::vector<Streamer> draw_streamers(const StreamersConfig& config, Seed seed);

/// Duration of a stream (s), at least a minute.
Seconds draw_duration(const StreamersConfig& config, Seed seed, std::uint32_t streamer,
                      std::uint32_t day, std::uint32_t number);

}  // namespace sluice
