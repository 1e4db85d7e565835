#include "supply/poisson_supply.h"

#include <algorithm>

#include "sim/distributions.h"

namespace sluice {
namespace {


class PoissonSupply final : public SupplyProcess {
 public:
  PoissonSupply(const PoissonSupplyConfig& config, Seed seed)
      : config_(config), seed_(seed),
        live_(draw_streamers(config.streamers, seed), config.streamers.popularity_tail,
              config.retrieval, config.excitement, seed) {}

  std::unique_ptr<SupplyProcess> clone() const override { return std::make_unique<PoissonSupply>(*this); }
  void advance(Seconds now) override {
    while ((static_cast<double>(minute_) + 1) * kSupplyStep <= now) {
      play_minute();
      ++minute_;
    }
  }
  Candidate retrieve(const TopicVector& interests, const Followed& followed, Rng rng,
                     Seconds now) const override {
    return live_.retrieve(interests, followed, rng, now, 0);
  }
  Followed follow(const TopicVector& interests, Rng rng) const override {
    return live_.follow(interests, rng);
  }
  int num_on_air() const override { return static_cast<int>(live_.on_air().size()); }
  void list_on_air(std::vector<OnAir>& streams) const override { live_.list(streams); }
  void reseed(Seed seed) override {
    seed_ = seed;
    live_.reseed(seed);
  }
  void transfer(StateArchive& archive) override {
    archive.value("minute", minute_);
    archive.section("live", [&] { live_.transfer(archive); });
  }

 private:
  void play_minute();

  PoissonSupplyConfig config_;
  Seed seed_;
  LiveStreams live_;
  std::int64_t minute_ = 0;
};

void PoissonSupply::play_minute() {
  const double from = static_cast<double>(minute_) * kSupplyStep, to = from + kSupplyStep;
  live_.end_due(to);
  const float crowd = crowd_at(config_.streamers.hour_percent, minute_);
  Rng rng = seed_.stream(Purpose::kStreamerDay, 0, static_cast<std::uint64_t>(minute_), 1);
  const int n = poisson(rng, config_.starts_per_day * static_cast<double>(crowd) / 1440);
  const auto day = static_cast<std::uint32_t>(minute_ / 1440);
  for (int i = 0; i < n; ++i) {
    const double time = from + kSupplyStep * uniform_double(rng);
    const auto streamer = static_cast<std::uint32_t>(uniform_double(rng) * config_.streamers.count);
    const auto number = static_cast<std::uint32_t>(minute_ % 1440) * 64 + static_cast<std::uint32_t>(i % 64);
    const Seconds end = time + draw_duration(config_.streamers, seed_, streamer, day, number);
    if (end > to) live_.start(streamer, day, number, time, end);
  }
  if (minute_ % LiveStreams::kExcitementMinutes == 0) live_.step_excitement(to, crowd);
  live_.refresh();
}

}  // namespace

std::unique_ptr<SupplyProcess> make(const PoissonSupplyConfig& config, Seed seed) {
  return std::make_unique<PoissonSupply>(config, seed);
}

}  // namespace sluice
