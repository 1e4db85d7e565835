#include "supply/markov_modulated_supply.h"

#include <algorithm>
#include <cmath>

#include "sim/distributions.h"
#include "sim/event_calendar.h"
#include "supply/streamers.h"

namespace sluice {
namespace {

constexpr double kStep = 60;             // s
constexpr int kExcitementSteps = 5;      // minutes between steps of the excitement
constexpr std::uint64_t kEventStream = 1000;  // numbers of streams that an event started: 1000 …

float as_float(double x) { return static_cast<float>(x); }

enum class Regime { kNormal, kEvent, kOutage };
enum class What { kStart, kEnd };
struct SupplyEvent {
  What what;
  std::uint32_t number;  // of the stream within the streamer's day
};

class MarkovModulatedSupply final : public SupplyProcess {
 public:
  MarkovModulatedSupply(const MarkovModulatedSupplyConfig& config, Seed seed)
      : config_(config), seed_(seed), streamers_(draw_streamers(config, seed)),
        on_air_index_(streamers_.size(), -1), calendar_(kStep, 2880) {}

  std::unique_ptr<SupplyProcess> clone() const override {
    return std::make_unique<MarkovModulatedSupply>(*this);
  }
  void advance(Seconds now) override {
    if (minute_ == 0) begin_minute();
    while ((static_cast<double>(minute_) + 1) * kStep <= now) {
      play_minute();
      ++minute_;
      begin_minute();
    }
  }
  Candidate retrieve(const TopicVector& interests, const Followed& followed, Rng rng,
                     Seconds now) const override;
  Followed follow(const TopicVector& interests, Rng rng) const override;
  int num_on_air() const override { return static_cast<int>(streams_.size()); }

 private:
  double now() const { return static_cast<double>(minute_) * kStep; }
  void begin_minute();
  void play_minute();
  void change_regime();
  void begin_event();
  void begin_outage();
  void start(Seconds time, std::uint32_t streamer, std::uint32_t number);
  void end(std::uint32_t streamer);
  void step_excitement();
  float appeal(const LiveStream& stream, const TopicVector& interests) const;

  MarkovModulatedSupplyConfig config_;
  Seed seed_;
  std::vector<Streamer> streamers_;
  std::vector<LiveStream> streams_;        // on air, in no particular but a reproducible order
  std::vector<std::int32_t> on_air_index_; // [streamer] index into streams_, −1 when off air
  EventCalendar<SupplyEvent> calendar_;
  std::vector<EventCalendar<SupplyEvent>::Event> due_;
  AliasTable table_;                       // popularity-weighted draws over streams_ and "nothing"
  std::int64_t minute_ = 0;
  Regime regime_ = Regime::kNormal;
  float level_ = 0;                        // m(t)
};

void MarkovModulatedSupply::begin_minute() {
  if (minute_ % 1440 == 0) {
    const auto day = static_cast<int>(minute_ / 1440);
    for (std::uint32_t id = 0; id < streamers_.size(); ++id) {
      std::uint32_t number = 0;
      for (const Seconds time : draw_starts(config_, streamers_[id], seed_, id, day))
        calendar_.schedule(time, id, {What::kStart, number++});
    }
  }
  change_regime();
  const double hour = static_cast<double>(minute_ % 1440) / 60;
  const double swing = std::cos((hour - 20.5) / 24 * 2 * M_PI) +
                       0.5 * std::exp(-0.5 * std::pow((hour - 20.7) / 1.3, 2));
  const double shift = regime_ == Regime::kEvent    ? config_.event_appeal
                       : regime_ == Regime::kOutage ? -config_.outage_appeal
                                                    : 0;
  const auto target = as_float(config_.hour_appeal * swing + shift);
  level_ += minute_ == 0 ? target - level_ : 0.1f * (target - level_);
  if (minute_ % kExcitementSteps == 0) step_excitement();
  // Popularity counts by its square root: retrieval is not a pure popularity list.  The weight that no
  // stream takes stands for a probe that finds nothing.
  std::vector<float> weights;
  weights.reserve(streams_.size() + 1);
  float total = 0;
  for (const LiveStream& stream : streams_) {
    weights.push_back(std::sqrt(streamers_[stream.streamer].popularity));
    total += weights.back();
  }
  // Mean √popularity of a Pareto with exponent a is a/(a − ½).
  const double a = config_.popularity_tail;
  const auto capacity = as_float(config_.retrieval_capacity * config_.streamers * a / (a - 0.5));
  weights.push_back(std::max(0.0f, capacity - total));
  if (streams_.empty()) weights.back() = 1;
  table_.build(weights);
}

void MarkovModulatedSupply::play_minute() {
  calendar_.take_due(now() + kStep, due_);
  for (const auto& event : due_) {
    if (event.payload.what == What::kEnd) {
      // An outage may have ended that stream before, and its streamer have begun another one.
      const std::int32_t index = on_air_index_[event.owner];
      if (index >= 0 && streams_[static_cast<std::size_t>(index)].end <= event.time) end(event.owner);
    } else if (regime_ != Regime::kOutage) {
      start(event.time, event.owner, event.payload.number);
    }
  }
  calendar_.advance_to(now() + kStep);
}

void MarkovModulatedSupply::change_regime() {
  Rng rng = seed_.stream(Purpose::kRegime, static_cast<std::uint64_t>(minute_));
  const double u = uniform_double(rng);
  const double event = config_.events_per_day / 1440, outage = config_.outages_per_day / 1440;
  switch (regime_) {
    case Regime::kNormal:
      if (u < event) {
        regime_ = Regime::kEvent;
        begin_event();
      } else if (u < event + outage) {
        regime_ = Regime::kOutage;
        begin_outage();
      }
      break;
    case Regime::kEvent:
      if (u < kStep / config_.event_mean_s) regime_ = Regime::kNormal;
      break;
    case Regime::kOutage:
      if (u < kStep / config_.outage_mean_s) regime_ = Regime::kNormal;
      break;
  }
}

void MarkovModulatedSupply::begin_event() {
  for (std::uint32_t id = 0; id < streamers_.size(); ++id) {
    Rng rng = seed_.stream(Purpose::kRegime, static_cast<std::uint64_t>(minute_), 1, id >> 20, id);
    if (!bernoulli(rng, as_float(config_.event_start_prob))) continue;
    const double delay = 3600.0 * static_cast<double>(uniform(rng));
    calendar_.schedule(now() + delay, id,
                       {What::kStart, static_cast<std::uint32_t>(
                                          kEventStream + static_cast<std::uint64_t>(minute_ % 1440))});
  }
}

void MarkovModulatedSupply::begin_outage() {
  std::vector<std::uint32_t> ended;
  for (const LiveStream& stream : streams_) {
    Rng rng = seed_.stream(Purpose::kRegime, static_cast<std::uint64_t>(minute_), 2,
                           stream.streamer >> 20, stream.streamer);
    if (bernoulli(rng, as_float(config_.outage_end_prob))) ended.push_back(stream.streamer);
  }
  for (const std::uint32_t streamer : ended) end(streamer);
}

void MarkovModulatedSupply::start(Seconds time, std::uint32_t streamer, std::uint32_t number) {
  if (on_air_index_[streamer] >= 0) return;  // already on air
  const auto day = static_cast<std::uint32_t>(time / kDay);
  Rng rng = seed_.stream(Purpose::kStream, streamer, day, number);
  const Seconds duration =
      static_cast<double>(log_normal(rng, as_float(config_.duration_mu), as_float(config_.duration_sigma)));
  LiveStream stream{.streamer = streamer, .day = day, .number = number, .start = time,
                    .end = time + std::max(kStep, duration),
                    .excitement = as_float(config_.excitement_sigma) * normal(rng)};
  stream.viewers = streamers_[streamer].popularity * std::exp(stream.excitement);
  on_air_index_[streamer] = static_cast<std::int32_t>(streams_.size());
  streams_.push_back(stream);
  calendar_.schedule(stream.end, streamer, {What::kEnd, number});
}

void MarkovModulatedSupply::end(std::uint32_t streamer) {
  const std::int32_t index = on_air_index_[streamer];
  const auto i = static_cast<std::size_t>(index);
  on_air_index_[streamer] = -1;
  if (i + 1 != streams_.size()) {
    streams_[i] = streams_.back();
    on_air_index_[streams_[i].streamer] = index;
  }
  streams_.pop_back();
}

void MarkovModulatedSupply::step_excitement() {
  const double steps_per_half_life = config_.excitement_half_life_s / (kStep * kExcitementSteps);
  const auto keep = as_float(std::exp2(-1 / steps_per_half_life));
  const float fresh = std::sqrt(1 - keep * keep) * as_float(config_.excitement_sigma);
  const auto hour = static_cast<std::size_t>(minute_ % 1440 / 60);
  const float crowd = as_float(config_.hour_percent[hour]) * 24 / 100;
  for (LiveStream& stream : streams_) {
    const auto step = static_cast<std::uint64_t>(now() - stream.start) / 300 + 1;
    Rng rng = seed_.stream(Purpose::kStream, stream.streamer, stream.day, stream.number, step);
    stream.excitement = keep * stream.excitement + fresh * normal(rng);
    stream.viewers = streamers_[stream.streamer].popularity * crowd * std::exp(stream.excitement);
  }
}

float MarkovModulatedSupply::appeal(const LiveStream& stream, const TopicVector& interests) const {
  const Streamer& streamer = streamers_[stream.streamer];
  float match = 0;
  for (std::size_t i = 0; i < kNumTopics; ++i) match += interests[i] * streamer.topics[i];
  return as_float(config_.match_weight) * match + as_float(config_.quality_weight) * streamer.quality +
         stream.excitement;
}

Candidate MarkovModulatedSupply::retrieve(const TopicVector& interests, const Followed& followed,
                                          Rng rng, Seconds now) const {
  const LiveStream* best = nullptr;
  float best_score = -1e30f, best_appeal = 0;
  bool best_followed = false;
  const auto noise = as_float(config_.retrieval_noise);
  const auto consider = [&](const LiveStream& stream, bool is_followed, float luck) {
    if (stream.end <= now || stream.start > now) return;  // a known end is honoured at once
    const float value =
        appeal(stream, interests) + (is_followed ? as_float(config_.followed_bonus) : 0.0f);
    // The ranking errs; 3.46 (u − ½) has unit variance.
    const float score = value + noise * 3.46f * (luck - 0.5f);
    if (score <= best_score) return;
    best = &stream;
    best_score = score;
    best_appeal = value;
    best_followed = is_followed;
  };
  for (const std::uint32_t streamer : followed)
    if (streamer != kNoStreamer && on_air_index_[streamer] >= 0)
      consider(streams_[static_cast<std::size_t>(on_air_index_[streamer])], true, uniform(rng));
    else
      rng();  // the same luck for the probes whoever is on air
  for (int probe = 0; probe < config_.retrieval_probes; ++probe) {
    const std::uint64_t bits = rng();  // one draw: 32 bits which, 32 bits luck
    const float which = (static_cast<float>(bits >> 41) + 0.5f) / 8388608.0f;
    const float luck = static_cast<float>(static_cast<std::uint32_t>(bits) >> 9) / 8388608.0f;
    const std::size_t i = table_.draw(which);
    if (i >= streams_.size()) continue;
    const LiveStream& stream = streams_[i];
    consider(stream, stream.streamer == followed[0] || stream.streamer == followed[1], luck);
  }
  Candidate candidate;
  if (best == nullptr) return candidate;
  const Streamer& streamer = streamers_[best->streamer];
  candidate.streamer = best->streamer;
  candidate.topic = streamer.topic;
  candidate.followed = best_followed;
  candidate.appeal =
      (best_appeal - as_float(config_.appeal_offset)) / as_float(config_.appeal_scale) + level_;
  candidate.popularity = streamer.popularity;
  candidate.viewers = best->viewers;
  candidate.age_s = as_float(now - best->start);
  candidate.end = best->end;
  return candidate;
}

Followed MarkovModulatedSupply::follow(const TopicVector& interests, Rng rng) const {
  Followed followed;
  for (std::uint32_t& choice : followed) {
    float best = -1;
    for (int probe = 0; probe < 8; ++probe) {
      const auto id = static_cast<std::uint32_t>(uniform_double(rng) * static_cast<double>(streamers_.size()));
      const Streamer& s = streamers_[id];
      float match = 0;
      for (std::size_t i = 0; i < kNumTopics; ++i) match += interests[i] * s.topics[i];
      const float score = match * std::sqrt(s.popularity);
      if (score > best) {
        best = score;
        choice = id;
      }
    }
  }
  return followed;
}

}  // namespace

std::unique_ptr<SupplyProcess> make(const MarkovModulatedSupplyConfig& config, Seed seed) {
  return std::make_unique<MarkovModulatedSupply>(config, seed);
}

}  // namespace sluice
