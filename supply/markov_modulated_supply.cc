#include "supply/markov_modulated_supply.h"

#include <algorithm>
#include <cmath>

#include "sim/distributions.h"
#include "sim/event_calendar.h"

namespace sluice {
namespace {

constexpr std::uint64_t kEventStream = 1000;  // numbers of streams that an event started: 1000 …

float as_float(double x) { return static_cast<float>(x); }

enum class What : std::uint32_t { kStart, kEnd };
struct SupplyEvent {
  What what;
  std::uint32_t number;  // of the stream within the streamer's day
};

class MarkovModulatedSupply final : public SupplyProcess {
 public:
  MarkovModulatedSupply(const MarkovModulatedSupplyConfig& config, Seed seed)
      : config_(config), seed_(seed),
        live_(draw_streamers(config.streamers, seed), config.streamers.popularity_tail,
              config.retrieval, config.excitement, seed),
        regimes_(config.regimes, seed),
        feedback_(config.feedback, live_.streamers().size()), calendar_(kSupplyStep, 2880) {}

  std::unique_ptr<SupplyProcess> clone() const override {
    return std::make_unique<MarkovModulatedSupply>(*this);
  }
  void advance(Seconds now) override {
    if (minute_ == 0 && !begun_) begin_minute();
    while ((static_cast<double>(minute_) + 1) * kSupplyStep <= now) {
      play_minute();
      ++minute_;
      begin_minute();
    }
  }
  Candidate retrieve(const TopicVector& interests, const Followed& followed, Rng rng,
                     Seconds now) const override {
    return live_.retrieve(interests, followed, rng, now, regimes_.level());
  }
  Followed follow(const TopicVector& interests, Rng rng) const override {
    return live_.follow(interests, rng);
  }
  int num_on_air() const override { return static_cast<int>(live_.on_air().size()); }
  void list_on_air(std::vector<OnAir>& streams) const override { live_.list(streams); }
  void set_num_users(int num_users) override { feedback_.set_num_users(num_users); }
  bool counts_views() const override { return feedback_.enabled(); }
  void count_view(std::uint32_t streamer, float watch_s) override { feedback_.count_view(streamer, watch_s); }
  void reseed(Seed seed) override {
    seed_ = seed;
    live_.reseed(seed);
    regimes_.reseed(seed);
  }
  void transfer(StateArchive& archive) override;

 private:
  double now() const { return static_cast<double>(minute_) * kSupplyStep; }
  void begin_minute();
  void play_minute();
  void schedule_day();
  void begin_event();
  void begin_outage();
  void start(Seconds time, std::uint32_t streamer, std::uint32_t number);
  void end(std::uint32_t streamer) {
    feedback_.end_stream(streamer);
    live_.end(streamer);
  }

  MarkovModulatedSupplyConfig config_;
  Seed seed_;
  LiveStreams live_;
  Regimes regimes_;
  Feedback feedback_;
  EventCalendar<SupplyEvent> calendar_;
  std::vector<EventCalendar<SupplyEvent>::Event> due_;
  std::int64_t minute_ = 0;
  bool begun_ = false;
};

void MarkovModulatedSupply::begin_minute() {
  begun_ = true;
  if (minute_ % 1440 == 0) schedule_day();
  switch (regimes_.begin_minute(minute_)) {
    case Regimes::Change::kEventBegins: begin_event(); break;
    case Regimes::Change::kOutageBegins: begin_outage(); break;
    case Regimes::Change::kNone: break;
  }
  if (minute_ % LiveStreams::kExcitementMinutes == 0) {
    const float crowd = crowd_at(config_.streamers.hour_percent, minute_);
    for (const std::uint32_t streamer : feedback_.step(live_, seed_, now(), crowd)) end(streamer);
    live_.step_excitement(now(), crowd);
  }
  live_.refresh();
}

void MarkovModulatedSupply::schedule_day() {
  const auto day = static_cast<int>(minute_ / 1440);
  const auto& streamers = live_.streamers();
  for (std::uint32_t id = 0; id < streamers.size(); ++id) {
    std::uint32_t number = 0;
    for (const Seconds time : draw_starts(config_.schedule, streamers[id], seed_, id, day, feedback_.return_shift(id)))
      calendar_.schedule(time, id, {What::kStart, number++});
  }
}

void MarkovModulatedSupply::play_minute() {
  calendar_.take_due(now() + kSupplyStep, due_);
  for (const auto& event : due_) {
    if (event.payload.what == What::kEnd) {
      // The stream may have ended before, and its streamer have begun another one.
      if (live_.is_on_air(event.owner) && live_.of(event.owner).end <= event.time) end(event.owner);
    } else if (regimes_.now() != Regime::kOutage) {
      start(event.time, event.owner, event.payload.number);
    }
  }
  calendar_.advance_to(now() + kSupplyStep);
}

void MarkovModulatedSupply::begin_event() {
  for (std::uint32_t id = 0; id < live_.streamers().size(); ++id) {
    Rng rng = seed_.stream(Purpose::kRegime, static_cast<std::uint64_t>(minute_), 1, id >> 20, id);
    if (!bernoulli(rng, as_float(regimes_.event_start_prob()))) continue;
    const double delay = 3600.0 * static_cast<double>(uniform(rng));
    calendar_.schedule(now() + delay, id,
                       {What::kStart, static_cast<std::uint32_t>(
                                          kEventStream + static_cast<std::uint64_t>(minute_ % 1440))});
  }
}

void MarkovModulatedSupply::begin_outage() {
  std::vector<std::uint32_t> ended;
  for (const LiveStream& stream : live_.on_air()) {
    Rng rng = seed_.stream(Purpose::kRegime, static_cast<std::uint64_t>(minute_), 2,
                           stream.streamer >> 20, stream.streamer);
    if (bernoulli(rng, as_float(regimes_.outage_end_prob()))) ended.push_back(stream.streamer);
  }
  for (const std::uint32_t streamer : ended) end(streamer);
}

void MarkovModulatedSupply::start(Seconds time, std::uint32_t streamer, std::uint32_t number) {
  const auto day = static_cast<std::uint32_t>(time / kDay);
  const Seconds end = time + draw_duration(config_.streamers, seed_, streamer, day, number);
  if (!live_.start(streamer, day, number, time, end)) return;
  feedback_.begin_stream(streamer);
  calendar_.schedule(end, streamer, {What::kEnd, number});
}

void MarkovModulatedSupply::transfer(StateArchive& archive) {
  archive.value("minute", minute_);
  archive.value("begun", begun_);
  archive.section("live", [&] { live_.transfer(archive); });
  archive.section("regimes", [&] { regimes_.transfer(archive); });
  archive.section("feedback", [&] { feedback_.transfer(archive); });
  archive.section("calendar", [&] { calendar_.transfer(archive); });
}

}  // namespace

std::vector<Seconds> draw_starts(const ScheduleConfig& config, const Streamer& streamer, Seed seed,
                                 std::uint32_t id, int day, float shift) {
  Rng rng = seed.stream(Purpose::kStreamerDay, id, static_cast<std::uint64_t>(day));
  std::vector<Seconds> starts;
  const float mean = std::clamp(as_float(config.day_on_air), 1e-4f, 1 - 1e-4f);
  const float day_prob = sigmoid(logit(mean) + streamer.day_score + shift);
  if (config.day_on_air <= 0 || !bernoulli(rng, day_prob)) return starts;
  const int n = 1 + poisson(rng, config.streams_per_day - 1);
  for (int i = 0; i < n; ++i) {
    // The habitual hour is when viewers come; streams start about an hour earlier.
    double hour = static_cast<double>(streamer.habit_hour) - 1 + config.habit_sigma_h * static_cast<double>(normal(rng));
    hour -= 24 * std::floor(hour / 24);
    starts.push_back(day * kDay + 3600 * hour);
  }
  std::sort(starts.begin(), starts.end());
  return starts;
}

std::unique_ptr<SupplyProcess> make(const MarkovModulatedSupplyConfig& config, Seed seed) {
  return std::make_unique<MarkovModulatedSupply>(config, seed);
}

}  // namespace sluice
