#include "supply/feedback.h"

#include <algorithm>
#include <cmath>

#include "sim/distributions.h"

namespace sluice {

void Feedback::begin_stream(std::uint32_t streamer) {
  if (!enabled()) return;
  attention_[streamer] = 1;
  received_s_[streamer] = 0;
}

void Feedback::end_stream(std::uint32_t streamer) {
  if (!enabled()) return;
  morale_[streamer] += static_cast<float>(config_.memory) * (attention_[streamer] - morale_[streamer]);
}

std::vector<std::uint32_t> Feedback::step(const LiveStreams& live, Seed seed, Seconds now, float crowd) {
  std::vector<std::uint32_t> give_up;
  if (!enabled()) return give_up;
  double total = 0;
  for (const LiveStream& stream : live.on_air())
    total += std::sqrt(static_cast<double>(live.streamers()[stream.streamer].popularity));
  constexpr double kStep = LiveStreams::kExcitementStep;
  const double expected = config_.reference_s * num_users_ / kDay * kStep * static_cast<double>(crowd);
  const auto keep = static_cast<float>(std::exp2(-kStep / config_.half_life_s));
  for (const LiveStream& stream : live.on_air()) {
    const std::uint32_t id = stream.streamer;
    const double share = std::sqrt(static_cast<double>(live.streamers()[id].popularity)) / total;
    const double ratio = std::min(4.0, static_cast<double>(received_s_[id]) / std::max(1e-9, expected * share));
    attention_[id] = keep * attention_[id] + (1 - keep) * static_cast<float>(ratio);
    received_s_[id] = 0;
    Rng rng = seed.stream(Purpose::kFeedback, id, static_cast<std::uint64_t>(now / kDay),
                          static_cast<std::uint64_t>(std::fmod(now, kDay) / kStep));
    const double hazard = config_.end_gain * std::max(0.0, 1 - static_cast<double>(attention_[id]));
    if (uniform_double(rng) >= std::exp(-hazard * kStep / 3600)) give_up.push_back(id);
  }
  return give_up;
}

float Feedback::return_shift(std::uint32_t streamer) const {
  if (!enabled()) return 0;
  return static_cast<float>(config_.return_gain) * std::log(std::max(0.1f, morale_[streamer]));
}

void Feedback::transfer(StateArchive& archive) {
  archive.fixed("attention", attention_);
  archive.fixed("received_s", received_s_);
  archive.fixed("morale", morale_);
}

}  // namespace sluice
