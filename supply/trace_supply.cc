#include "supply/trace_supply.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "sim/check.h"
#include "sim/csv_reader.h"

namespace sluice {
namespace {

struct TraceRow {
  std::uint32_t streamer = 0;
  Seconds start = 0, end = 0;
};
struct Trace {
  std::vector<TraceRow> rows;  // by (start, streamer)
  std::vector<Streamer> streamers;
};

class TraceReader {
 public:
  TraceReader(CsvReader& csv, double repeat_days, Seed seed) : csv_(csv), repeat_s_(repeat_days * kDay), seed_(seed) {}
  Trace read();

 private:
  [[noreturn]] void fail(const std::string& what) const { throw data_error(csv_.where() + ": " + what); }
  double number(const char* name, double lo, double hi) const {
    const std::string_view text = csv_.cell(*csv_.column(name));
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= lo && value <= hi))
      fail(std::string(name) + " is '" + std::string(text) + "'; expected a number from " + std::to_string(lo) +
           " to " + std::to_string(hi));
    return value;
  }

  Streamer read_streamer() const;  // the optional columns of the current line
  void overrule(Streamer& drawn, const Streamer& said) const;

  CsvReader& csv_;
  double repeat_s_;
  Seed seed_;
};

Streamer TraceReader::read_streamer() const {
  Streamer said;
  if (csv_.column("topic")) said.topic = static_cast<std::uint8_t>(number("topic", 1, kNumTopics));
  if (csv_.column("quality")) said.quality = static_cast<float>(number("quality", -100, 100));
  if (csv_.column("popularity")) said.popularity = static_cast<float>(number("popularity", 1e-6, 1e9));
  return said;
}

void TraceReader::overrule(Streamer& streamer, const Streamer& said) const {
  if (csv_.column("quality")) streamer.quality = said.quality;
  if (csv_.column("popularity")) streamer.popularity = said.popularity;
  if (!csv_.column("topic")) return;
  streamer.topic = said.topic;
  streamer.topics.fill(0.07f);
  streamer.topics[streamer.topic - 1u] = 1;
  float squares = 0;
  for (const float w : streamer.topics) squares += w * w;
  for (float& w : streamer.topics) w /= std::sqrt(squares);
}

Trace TraceReader::read() {
  for (const char* name : {"streamer", "start_s", "end_s"})
    if (!csv_.column(name))
      fail(std::string("no column '") + name + "'; expected streamer,start_s,end_s[,topic,quality,popularity]");
  Trace trace;
  std::map<std::string, std::uint32_t> numbers;
  std::vector<Streamer> said;  // what the table says of each streamer, in its first row
  while (csv_.next()) {
    if (!csv_.problem().empty()) fail(csv_.problem());
    TraceRow row;
    const auto [entry, is_new] = numbers.try_emplace(std::string(csv_.cell(*csv_.column("streamer"))),
                                                     static_cast<std::uint32_t>(numbers.size()));
    row.streamer = entry->second;
    row.start = number("start_s", 0, 1e10);
    row.end = number("end_s", 0, 1e10);
    if (row.end <= row.start) fail("end_s is not later than start_s");
    if (repeat_s_ > 0 && row.start >= repeat_s_)
      fail("start_s is not before the table's repetition after environment.supply.repeat_days");
    trace.rows.push_back(row);
    if (is_new) said.push_back(read_streamer());
  }
  StreamersConfig drawn;
  drawn.count = std::max(1, static_cast<int>(said.size()));
  trace.streamers = draw_streamers(drawn, seed_);
  for (std::size_t i = 0; i < said.size(); ++i) overrule(trace.streamers[i], said[i]);
  if (trace.rows.empty()) throw data_error(csv_.path() + ": no streams in it");
  std::sort(trace.rows.begin(), trace.rows.end(), [](const TraceRow& a, const TraceRow& b) {
    return a.start != b.start ? a.start < b.start : a.streamer < b.streamer;
  });
  return trace;
}

class TraceSupply final : public SupplyProcess {
 public:
  TraceSupply(const TraceSupplyConfig& config, Trace trace, Seed seed)
      : config_(config), rows_(std::make_shared<const std::vector<TraceRow>>(std::move(trace.rows))),
        live_(std::move(trace.streamers), 1.57, config.retrieval, config.excitement, seed) {}

  std::unique_ptr<SupplyProcess> clone() const override { return std::make_unique<TraceSupply>(*this); }
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
  void reseed(Seed seed) override { live_.reseed(seed); }
  void transfer(StateArchive& archive) override {
    archive.value("minute", minute_);
    archive.value("next", next_);
    archive.value("turn", turn_);
    archive.section("live", [&] { live_.transfer(archive); });
  }

 private:
  void play_minute();

  TraceSupplyConfig config_;
  std::shared_ptr<const std::vector<TraceRow>> rows_;  // immutable, shared by clones
  LiveStreams live_;
  std::int64_t minute_ = 0;
  std::uint64_t next_ = 0;   // row
  std::int64_t turn_ = 0;    // how often the table has been replayed
};

void TraceSupply::play_minute() {
  const double to = static_cast<double>(minute_ + 1) * kSupplyStep;
  live_.end_due(to);
  for (;;) {
    if (next_ == rows_->size()) {
      if (config_.repeat_days <= 0) break;
      next_ = 0;
      ++turn_;
    }
    const TraceRow& row = (*rows_)[next_];
    const double shift = static_cast<double>(turn_) * config_.repeat_days * kDay;
    if (row.start + shift >= to) break;
    if (row.end + shift > to)
      live_.start(row.streamer, static_cast<std::uint32_t>((row.start + shift) / kDay),
                  static_cast<std::uint32_t>(next_ & 0xfffff), row.start + shift, row.end + shift);
    ++next_;
  }
  if (minute_ % LiveStreams::kExcitementMinutes == 0)
    live_.step_excitement(to, crowd_at(config_.hour_percent, minute_));
  live_.refresh();
}

}  // namespace

std::unique_ptr<SupplyProcess> make(const TraceSupplyConfig& config, Seed seed) {
  if (config.file.empty())
    throw data_error("environment.supply.file: a supply of kind trace needs a CSV file of streams");
  if (config.repeat_days > 0 && config.repeat_days * kDay < kSupplyStep)  // a step would replay it without end
    throw data_error("environment.supply.repeat_days: " + std::to_string(config.repeat_days) +
                     " is less than a minute; 0 plays the table once");
  CsvReader csv(config.file);
  return std::make_unique<TraceSupply>(config, TraceReader(csv, config.repeat_days, seed).read(), seed);
}

}  // namespace sluice
