#include "supply/streamers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/distributions.h"

namespace sluice {
namespace {

float draw_hour(const std::vector<double>& percent, Rng& rng) {
  const double total = std::accumulate(percent.begin(), percent.end(), 0.0);
  double rest = uniform_double(rng) * total;
  std::size_t hour = 0;
  while (hour + 1 < percent.size() && rest >= percent[hour]) rest -= percent[hour++];
  return static_cast<float>(static_cast<double>(hour) + uniform_double(rng));
}

}  // namespace

std::vector<Streamer> draw_streamers(const StreamersConfig& config, Seed seed) {
  std::vector<Streamer> streamers(static_cast<std::size_t>(config.count));
  for (std::uint32_t id = 0; id < streamers.size(); ++id) {
    Rng rng = seed.stream(Purpose::kStreamer, id);
    Streamer& s = streamers[id];
    // Topics have unequal numbers of streamers: topic k is chosen with weight 1/√k.
    float rest = uniform(rng) * 6.66f;  // Σ 1/√k for k = 1 … 16
    std::size_t topic = 0;
    while (topic + 1 < kNumTopics && (rest -= 1 / std::sqrt(static_cast<float>(topic + 1))) > 0)
      ++topic;
    float norm = 0;
    for (float& w : s.topics) w = 0.15f * uniform(rng);
    s.topics[topic] = 1;
    for (const float w : s.topics) norm += w * w;
    for (float& w : s.topics) w /= std::sqrt(norm);
    s.topic = static_cast<std::uint8_t>(topic + 1);
    s.quality = normal(rng);
    s.popularity = std::pow(uniform(rng), -1 / static_cast<float>(config.popularity_tail));
    s.habit_hour = draw_hour(config.hour_percent, rng);
    s.day_score = 0.8f * normal(rng);
  }
  return streamers;
}

Seconds draw_duration(const StreamersConfig& config, Seed seed, std::uint32_t streamer,
                      std::uint32_t day, std::uint32_t number) {
  Rng rng = seed.stream(Purpose::kStream, streamer, day, number);
  return std::max(60.0, static_cast<double>(log_normal(rng, static_cast<float>(config.duration_mu),
                                                       static_cast<float>(config.duration_sigma))));
}

}  // namespace sluice
