#pragma once
// Streamers and the streams they have on air.

#include <cstdint>
#include <vector>

#include "sim/supply_process.h"
#include "supply/markov_modulated_config.h"

namespace sluice {

struct Streamer {
  TopicVector topics{};
  std::uint8_t topic = 1;     // 1 … kNumTopics: the largest entry of `topics`
  float quality = 0;
  float popularity = 1;       // relative to the smallest streamer
  float habit_hour = 20;      // 0 … 24
  float day_prob = 0.5f;      // P(on air on a day)
};

struct LiveStream {
  std::uint32_t streamer = 0;
  std::uint32_t day = 0;      // keys of the stream's randomness: day of the start …
  std::uint32_t number = 0;   // … and which stream of that day
  Seconds start = 0, end = 0;
  float excitement = 0;
  float viewers = 0;
};

std::vector<Streamer> draw_streamers(const MarkovModulatedSupplyConfig& config, Seed seed);

/// Start times (s) of a streamer's streams on a day; empty on a day off.
std::vector<Seconds> draw_starts(const MarkovModulatedSupplyConfig& config, const Streamer& streamer,
                                 Seed seed, std::uint32_t id, int day);

/// Walker's alias method: draws index i with probability weight[i] / Σ weight in O(1).
class AliasTable {
 public:
  void build(const std::vector<float>& weights);
  /// `u` uniform on (0, 1).
  std::size_t draw(float u) const {
    const float position = u * static_cast<float>(keep_.size());
    const auto i = static_cast<std::size_t>(position);
    return position - static_cast<float>(i) < keep_[i] ? i : other_[i];
  }
  std::size_t size() const { return keep_.size(); }

 private:
  std::vector<float> keep_;
  std::vector<std::uint32_t> other_;
};

}  // namespace sluice
