#include "supply/markov_modulated_supply.h"

#include <doctest/doctest.h>

#include <cmath>

#include "supply/live_streams.h"

namespace sluice {
namespace {

const TopicVector kFlat = [] {
  TopicVector v;
  v.fill(0.25f);  // unit length over 16 topics
  return v;
}();
constexpr Followed kNobody = {kNoStreamer, kNoStreamer};

}  // namespace

TEST_CASE("supply: a stream past its end is never offered") {
  const auto supply = make(MarkovModulatedSupplyConfig{.streamers = {.count = 60}}, Seed{5});
  int found = 0;
  for (int minute = 0; minute < 3 * 1440; ++minute) {
    supply->advance(minute * 60.0);
    for (const double offset : {0.0, 30.0, 59.9}) {
      const double now = minute * 60.0 + offset;
      const Candidate c = supply->retrieve(
          kFlat, kNobody, Seed{5}.stream(Purpose::kTest, static_cast<std::uint64_t>(minute)), now);
      if (!c.exists()) continue;
      ++found;
      CHECK(c.end > now);
      CHECK(c.age_s >= 0);
      CHECK(c.topic >= 1);
      CHECK(c.topic <= kNumTopics);
    }
  }
  CHECK(found > 1000);
}

TEST_CASE("supply: streams on air follow from starts per day and mean duration (Little's law)") {
  MarkovModulatedSupplyConfig config{.streamers = {.count = 3000}};
  config.regimes.events_per_day = config.regimes.outages_per_day = 0;
  const auto supply = make(config, Seed{9});
  double on_air = 0, starts = 0, first_starts = 0;
  int minutes = 0;
  const auto streamers = draw_streamers(config.streamers, Seed{9});
  for (int minute = 0; minute < 12 * 1440; ++minute) {
    supply->advance(minute * 60.0);
    if (minute < 2 * 1440) continue;  // settle
    on_air += supply->num_on_air();
    ++minutes;
  }
  for (int day = 2; day < 12; ++day)
    for (std::uint32_t id = 0; id < streamers.size(); ++id) {
      const auto n = static_cast<double>(draw_starts(config.schedule, streamers[id], Seed{9}, id, day).size());
      starts += n;
      first_starts += std::min(n, 1.0);
    }
  const double mean_duration_min =
      std::exp(config.streamers.duration_mu + config.streamers.duration_sigma * config.streamers.duration_sigma / 2) / 60;
  // A start while on air is dropped: a day's first start hardly ever is, the others may be.
  const double per_start = mean_duration_min / 1440 / 10;
  CHECK(on_air / minutes < starts * per_start);
  CHECK(on_air / minutes > 0.97 * first_starts * per_start);
}

TEST_CASE("supply: hourly growth is over-dispersed with events and outages, and less so without") {
  const auto spread = [](double events, double outages) {
    MarkovModulatedSupplyConfig config;
    config.regimes.events_per_day = events;
    config.regimes.outages_per_day = outages;
    const auto supply = make(config, Seed{21});
    double sum = 0, squares = 0;
    std::vector<double> by_hour(24);
    std::vector<std::vector<double>> counts(24);
    for (int hour = 0; hour < 24 * 20; ++hour) {
      supply->advance(hour * 3600.0);
      counts[static_cast<std::size_t>(hour % 24)].push_back(supply->num_on_air());
    }
    for (const auto& same_hour : counts) {  // variance around the hour's own mean
      double mean = 0;
      for (const double x : same_hour) mean += x / static_cast<double>(same_hour.size());
      for (const double x : same_hour) squares += (x - mean) * (x - mean);
      sum += mean * static_cast<double>(same_hour.size());
    }
    return squares / sum;  // variance / mean: 1 for Poisson counts
  };
  const double modulated = spread(2, 1), calm = spread(0, 0);
  CHECK(modulated > 3);
  CHECK(calm < 1.6);  // streamers differ in their habits, so even calm counts spread a little more
}

TEST_CASE("supply: the step does not depend on how often it is advanced") {
  const auto fine = make(MarkovModulatedSupplyConfig{.streamers = {.count = 300}}, Seed{4});
  const auto coarse = fine->clone();
  for (int minute = 0; minute <= 600; ++minute) fine->advance(minute * 60.0);
  coarse->advance(0);
  coarse->advance(600 * 60.0);
  CHECK(fine->num_on_air() == coarse->num_on_air());
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Candidate a = fine->retrieve(kFlat, kNobody, Seed{1}.stream(Purpose::kTest, i), 36000);
    const Candidate b = coarse->retrieve(kFlat, kNobody, Seed{1}.stream(Purpose::kTest, i), 36000);
    CHECK(a.streamer == b.streamer);
    CHECK(a.appeal == b.appeal);
  }
}

TEST_CASE("alias table: draws follow the weights") {
  AliasTable table;
  table.build({1, 2, 3, 4, 0});
  std::vector<double> count(5);
  constexpr int kDraws = 100000;  // an even grid instead of luck
  for (int i = 0; i < kDraws; ++i) ++count[table.draw((static_cast<float>(i) + 0.5f) / kDraws)];
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(count[i] / kDraws == doctest::Approx(i < 4 ? (static_cast<double>(i) + 1) / 10 : 0).epsilon(0.01));
}

}  // namespace sluice
