#pragma once
// Supply feedback: streamers answer to the viewers that this world's allocation gives them.
//
// Attention a of a stream, stepped every 5 min (half-life half_life_s), starts at 1:
//   a ← keep·a + (1 − keep)·(watch seconds received) / (watch seconds expected),
//   expected = reference_s · users / 86400 · 300 · (hour profile, mean 1) · √popularity / Σ on air √popularity.
// A stream with a < 1 ends in the next minute with hazard end_gain·(1 − a) per hour.
// Morale of a streamer follows the attention of the streams: morale += memory·(a − morale) at each end;
//   P(on air tomorrow) gains return_gain·ln(morale) on the logit, morale ≥ .1.
// So allocation shapes tomorrow's supply, and users touch each other through it.  Off by default: the
// supply then does not notice what agents do, bit for bit.

#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/config.h"
#include "sim/state_archive.h"
#include "supply/live_streams.h"

namespace sluice {

struct FeedbackConfig {
  bool enabled = false;
  double reference_s = 500;
  double half_life_s = 1800;
  double end_gain = 0.5;
  double return_gain = 0.5;
  double memory = 0.3;

  static constexpr auto fields() {
    using C = FeedbackConfig;
    return std::tuple{
        field("enabled", &C::enabled, {.doc = "streamers end sooner and come back less often when few watch; off: actions do not touch the supply"}),
        field("reference_s", &C::reference_s, {.range = {0, 1e5, kOpenBelow}, .unit = "s", .doc = "live watch per user-day at which streamers get what they expect", .source = "the default scenario under its burn-in rule"}),
        field("half_life_s", &C::half_life_s, {.range = {60, 1e6}, .unit = "s", .doc = "half-life of a stream's attention", .source = "prior"}),
        field("end_gain", &C::end_gain, {.range = {0, 100}, .unit = "1/h", .doc = "hazard of ending a stream that nobody watches", .source = "prior; sweep 0 to 2"}),
        field("return_gain", &C::return_gain, {.range = {0, 10}, .unit = "logit", .doc = "gain of P(on air tomorrow) per ln of morale", .source = "prior; sweep 0 to 2"}),
        field("memory", &C::memory, {.range = {0, 1}, .doc = "weight of the last stream in a streamer's morale", .source = "prior"})};
  }
};

class Feedback {
 public:
  Feedback(const FeedbackConfig& config, std::size_t num_streamers)
      : config_(config), attention_(config.enabled ? num_streamers : 0, 1.0f),
        received_s_(attention_.size()), morale_(attention_.size(), 1.0f) {}

  bool enabled() const { return config_.enabled; }
  void set_num_users(int num_users) { num_users_ = num_users; }
  void count_view(std::uint32_t streamer, float watch_s) { received_s_[streamer] += watch_s; }
  void begin_stream(std::uint32_t streamer);
  void end_stream(std::uint32_t streamer);
  /// A step of kExcitementStep s is over.  Returns the streamers that give up now.
  std::vector<std::uint32_t> step(const LiveStreams& live, Seed seed, Seconds now, float crowd);
  /// Added to the logit of P(on air today).
  float return_shift(std::uint32_t streamer) const;
  void transfer(StateArchive& archive);

 private:
  FeedbackConfig config_;
  int num_users_ = 1;
  std::vector<float> attention_, received_s_, morale_;  // [streamer]
};

}  // namespace sluice
