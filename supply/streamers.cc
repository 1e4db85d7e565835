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

std::vector<Streamer> draw_streamers(const MarkovModulatedSupplyConfig& config, Seed seed) {
  std::vector<Streamer> streamers(static_cast<std::size_t>(config.streamers));
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
    s.day_prob = sigmoid(logit(std::clamp(static_cast<float>(config.day_on_air), 1e-4f, 1 - 1e-4f)) +
                         0.8f * normal(rng));
  }
  return streamers;
}

std::vector<Seconds> draw_starts(const MarkovModulatedSupplyConfig& config, const Streamer& streamer,
                                 Seed seed, std::uint32_t id, int day) {
  Rng rng = seed.stream(Purpose::kStreamerDay, id, static_cast<std::uint64_t>(day));
  std::vector<Seconds> starts;
  if (config.day_on_air <= 0 || !bernoulli(rng, streamer.day_prob)) return starts;
  const int n = 1 + poisson(rng, config.streams_per_day - 1);
  for (int i = 0; i < n; ++i) {
    // The habitual hour is when viewers come; streams start about an hour earlier.
    double hour = streamer.habit_hour - 1 + config.habit_sigma_h * static_cast<double>(normal(rng));
    hour -= 24 * std::floor(hour / 24);
    starts.push_back(day * kDay + 3600 * hour);
  }
  std::sort(starts.begin(), starts.end());
  return starts;
}

void AliasTable::build(const std::vector<float>& weights) {
  const std::size_t n = weights.size();
  keep_.assign(n, 1);
  other_.resize(n);
  std::iota(other_.begin(), other_.end(), 0u);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> share(n);
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t i = 0; i < n; ++i) {
    share[i] = static_cast<double>(weights[i]) * static_cast<double>(n) / total;
    (share[i] < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t low = small.back(), high = large.back();
    small.pop_back();
    keep_[low] = static_cast<float>(share[low]);
    other_[low] = high;
    share[high] -= 1 - share[low];
    if (share[high] < 1) {
      large.pop_back();
      small.push_back(high);
    }
  }
}

}  // namespace sluice
