#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "sim/check.h"
#include "supply/markov_modulated_supply.h"
#include "supply/supply.h"
#include "tests/supply/supply_probe.h"

namespace sluice {
namespace {

bool same_candidates(const SupplyProcess& a, const SupplyProcess& b, Seconds now) {
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Candidate x = find(a, i, now), y = find(b, i, now);
    if (x.streamer != y.streamer || x.appeal != y.appeal || x.viewers != y.viewers || x.end != y.end)
      return false;
  }
  return true;
}

std::vector<std::uint8_t> bytes_of(SupplyProcess& supply) {
  StateBlobs blobs;
  StateArchive saving = StateArchive::saving(blobs);
  supply.transfer(saving);
  std::vector<std::uint8_t> bytes;
  for (const auto& [name, blob] : blobs.blobs) bytes.insert(bytes.end(), blob.bytes.begin(), blob.bytes.end());
  return bytes;
}

std::vector<SupplyConfig> every_kind() {
  MarkovModulatedSupplyConfig feedback{.streamers = {.count = 300}};
  feedback.feedback.enabled = true;
  const TraceSupplyConfig trace{
      .file = write_trace("streamer,start_s,end_s\nanna,0,40000\nben,600,9000\nanna,50000,60000\n"),
      .repeat_days = 1};
  return {MarkovModulatedSupplyConfig{.streamers = {.count = 300}}, feedback,
          PoissonSupplyConfig{.streamers = {.count = 300}, .starts_per_day = 200}, trace};
}

}  // namespace

TEST_CASE("supply kinds: a snapshot loaded into a fresh supply continues bit-identically") {
  for (const SupplyConfig& config : every_kind()) {
    const auto original = make(config, Seed{3});
    original->set_num_users(100);
    original->advance(30000);
    if (original->counts_views()) original->count_view(find(*original, 0, 30000).streamer, 100);
    StateBlobs blobs;
    StateArchive saving = StateArchive::saving(blobs);
    original->transfer(saving);
    const auto copy = make(config, Seed{3});
    copy->set_num_users(100);
    StateArchive loading = StateArchive::loading(blobs);
    copy->transfer(loading);
    for (const double later : {30000.0, 31000.0, 100000.0}) {
      original->advance(later);
      copy->advance(later);
      CHECK(original->num_on_air() == copy->num_on_air());
      CHECK(same_candidates(*original, *copy, later));
    }
  }
}

TEST_CASE("supply kinds: a snapshot taken at any hour, amid shocks and views, continues bit-identically") {
  for (SupplyConfig config : every_kind()) {
    if (auto* modulated = std::get_if<MarkovModulatedSupplyConfig>(&config)) {
      modulated->regimes.events_per_day = modulated->regimes.outages_per_day = 6;
      modulated->regimes.scheduled = {{.regime = ShockKind::kOutage, .day = 1, .hour = 17.5, .hours = 2},
                                      {.regime = ShockKind::kEvent, .day = 2, .hour = 20.5, .hours = 2}};
    }
    const auto fresh = [&] {
      auto supply = make(config, Seed{3});
      supply->set_num_users(100);
      return supply;
    };
    const auto original = fresh();
    const auto go_on = [](SupplyProcess& supply, double from, double hours) {
      for (double now = from; now < from + 3600 * hours; now += 60) {
        supply.advance(now);
        if (!supply.counts_views()) continue;
        const Candidate c = find(supply, static_cast<std::uint64_t>(now), now);
        if (c.exists()) supply.count_view(c.streamer, 3000);
      }
    };
    for (int hour = 0; hour < 72; ++hour) {
      CAPTURE(hour);
      go_on(*original, hour * 3600.0 + 120, 1);  // ends amid a step of the excitement
      StateBlobs blobs;
      StateArchive saving = StateArchive::saving(blobs), loading = StateArchive::loading(blobs);
      original->transfer(saving);
      const auto copy = fresh(), self = original->clone();
      copy->transfer(loading);
      const double now = (hour + 1) * 3600.0 + 120;
      for (SupplyProcess* each : {copy.get(), self.get()}) go_on(*each, now, 1);
      CHECK(bytes_of(*copy) == bytes_of(*self));
      for (SupplyProcess* each : {copy.get(), self.get()}) each->advance(now + 40000);
      CHECK(copy->num_on_air() == self->num_on_air());
      CHECK(same_candidates(*copy, *self, now + 40000));
    }
  }
}

TEST_CASE("supply kinds: a candidate is on air, and a clone goes on alike") {
  for (const SupplyConfig& config : every_kind()) {
    const auto supply = make(config, Seed{8});
    supply->set_num_users(100);
    supply->advance(3600);
    const auto clone = supply->clone();
    for (double now = 3660; now < 90000; now += 60) {
      supply->advance(now);
      clone->advance(now);
      const Candidate c = find(*supply, static_cast<std::uint64_t>(now), now + 30);
      if (c.exists()) CHECK(c.end > now + 30);
    }
    CHECK(same_candidates(*supply, *clone, 89940));
  }
}

TEST_CASE("poisson supply: counts of starts have variance equal to their mean, around the hour profile") {
  // With durations of exactly a minute the streams on air are the starts of the last minute.
  PoissonSupplyConfig config{.streamers = {.count = 100000}, .starts_per_day = 20000};
  config.streamers.duration_mu = std::log(60.0);
  config.streamers.duration_sigma = 0;
  const auto supply = make(config, Seed{5});
  double sum = 0, squares = 0, evening = 0, night = 0;
  int n = 0;
  for (int minute = 1; minute <= 5 * 1440; ++minute) {
    supply->advance(minute * 60.0);
    const int hour = (minute - 1) % 1440 / 60;
    const double count = supply->num_on_air();
    if (hour == 20) {
      evening += count;
      sum += count;
      squares += count * count;
      ++n;
    }
    if (hour == 3) night += count;
  }
  const double mean = sum / n, variance = squares / n - mean * mean;
  const double share = config.streamers.hour_percent[20] / 100;
  // A start stays on air to the end of the minute in which it ends: 1 minute after its own.
  CHECK(mean == doctest::Approx(20000 * share / 60).epsilon(0.05));
  CHECK(variance / mean == doctest::Approx(1).epsilon(0.25));  // 4 sd of the estimate over 300 minutes
  CHECK(evening / night == doctest::Approx(8.6).epsilon(0.2));
}

TEST_CASE("scheduled shocks: an outage empties the air at its time, an event fills it") {
  MarkovModulatedSupplyConfig config;
  config.regimes.events_per_day = config.regimes.outages_per_day = 0;
  const auto plain = make(config, Seed{6});
  config.regimes.scheduled = {{.regime = ShockKind::kOutage, .day = 1, .hour = 12, .hours = 2},
                              {.regime = ShockKind::kEvent, .day = 2, .hour = 12, .hours = 2}};
  const auto shocked = make(config, Seed{6});
  const auto ratio = [&](double now) {
    plain->advance(now);
    shocked->advance(now);
    return static_cast<double>(shocked->num_on_air()) / plain->num_on_air();
  };
  CHECK(ratio(kDay + 11.9 * 3600) == 1);
  CHECK(ratio(kDay + 13.5 * 3600) < 0.75);
  CHECK(ratio(2 * kDay + 13.5 * 3600) > 1.1);
}

TEST_CASE("regime depth and rate: without them there are no shocks") {
  MarkovModulatedSupplyConfig still, flat;
  still.regimes.rate = 0;
  flat.regimes.depth = 0;
  flat.regimes.outage_end_prob = 0;
  MarkovModulatedSupplyConfig none;
  none.regimes.events_per_day = none.regimes.outages_per_day = 0;
  const auto a = make(still, Seed{6}), b = make(none, Seed{6}), c = make(flat, Seed{6});
  for (const auto* supply : {&a, &b, &c}) (*supply)->advance(3 * kDay);
  CHECK(same_candidates(*a, *b, 3 * kDay));
  CHECK(a->num_on_air() >= c->num_on_air());  // an outage of depth 0 still suppresses starts
}

TEST_CASE("feedback: streamers without viewers end sooner and come back less often") {
  const auto mean_on_air = [](bool enabled, float views_s) {
    MarkovModulatedSupplyConfig config{.streamers = {.count = 400}};
    config.feedback.enabled = enabled;
    const auto supply = make(config, Seed{4});
    supply->set_num_users(1000);
    double sum = 0;
    for (int minute = 0; minute < 6 * 1440; ++minute) {
      supply->advance(minute * 60.0);
      if (supply->counts_views())
        for (std::uint64_t i = 0; i < 20; ++i) {
          const Candidate c = find(*supply, static_cast<std::uint64_t>(minute) * 20 + i, minute * 60.0);
          if (c.exists()) supply->count_view(c.streamer, views_s);
        }
      if (minute >= 2 * 1440) sum += supply->num_on_air();
    }
    return sum / (4 * 1440);
  };
  const double off = mean_on_air(false, 0), unwatched = mean_on_air(true, 0), watched = mean_on_air(true, 1000);
  CHECK(unwatched < 0.7 * off);
  CHECK(watched > 1.2 * unwatched);
}

namespace {

/// Streamer and second of the day of every start on day `day`.
std::set<std::pair<std::uint32_t, int>> starts_of(const SupplyConfig& config, std::uint64_t seed, int day) {
  const auto supply = make(config, Seed{seed});
  std::set<std::pair<std::uint32_t, int>> starts;
  std::vector<OnAir> streams;
  for (int minute = 0; minute <= (day + 1) * 1440; ++minute) {
    supply->advance(minute * 60.0);
    supply->list_on_air(streams);
    for (const OnAir& stream : streams)
      if (stream.start >= day * kDay && stream.start < (day + 1) * kDay)
        starts.emplace(stream.streamer, static_cast<int>(stream.start - day * kDay));
  }
  return starts;
}

}  // namespace

TEST_CASE("supply kinds: seed, day and streamer each change when streams start") {
  for (const SupplyConfig& config : {SupplyConfig{MarkovModulatedSupplyConfig{.streamers = {.count = 300}}},
                                     SupplyConfig{PoissonSupplyConfig{.streamers = {.count = 300}, .starts_per_day = 200}}}) {
    const auto base = starts_of(config, 3, 1), other_day = starts_of(config, 3, 2), other_seed = starts_of(config, 4, 1);
    CHECK(starts_of(config, 3, 1) == base);
    std::set<int> seconds;
    std::size_t in_other_day = 0, in_other_seed = 0;
    for (const auto& start : base) {
      seconds.insert(start.second);
      in_other_day += other_day.count(start);
      in_other_seed += other_seed.count(start);
    }
    CHECK(base.size() > 50);
    CHECK(seconds.size() > base.size() * 9 / 10);
    CHECK(in_other_day <= 1);
    CHECK(in_other_seed <= 1);
  }
}

TEST_CASE("supply: seed, streamer and day each change the starts of streamers who are alike") {
  Streamer streamer;
  streamer.habit_hour = 20;
  std::set<double> seconds;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (std::uint32_t id = 0; id < 2; ++id)
      for (int day = 0; day < 2; ++day)
        for (const Seconds start : draw_starts({.day_on_air = 1}, streamer, Seed{seed}, id, day)) seconds.insert(std::fmod(start, kDay));
  CHECK(seconds.size() >= 200);
}

TEST_CASE("supply: a stream goes on to the end that was planned, unless an outage begins") {
  MarkovModulatedSupplyConfig config{.streamers = {.count = 400}};
  config.schedule.streams_per_day = 4;
  config.regimes.events_per_day = config.regimes.outages_per_day = 0;
  for (int day = 0; day < 5; ++day) config.regimes.scheduled.push_back({.regime = ShockKind::kOutage, .day = day, .hour = 19, .hours = 0.25});
  const auto supply = make(config, Seed{7});
  std::map<std::uint32_t, OnAir> before;
  std::vector<OnAir> streams;
  int ended = 0, cut = 0, soon_again = 0;
  std::map<std::uint32_t, Seconds> planned;  // ends of streams that an outage cut
  for (int minute = 0; minute < 5 * 1440; ++minute) {
    const double now = minute * 60.0;
    supply->advance(now);
    supply->list_on_air(streams);
    std::map<std::uint32_t, OnAir> after;
    for (const OnAir& stream : streams) after[stream.streamer] = stream;
    const bool outage_begins = minute % 1440 == 19 * 60;
    for (const auto& [streamer, stream] : before) {
      const auto found = after.find(streamer);
      if (found != after.end() && found->second.start == stream.start) continue;
      const bool early = stream.end > now;
      if (early) CHECK(outage_begins);
      ++(early ? cut : ended);
      if (early) planned[streamer] = stream.end;
    }
    for (const auto& [streamer, stream] : after)
      if (!before.contains(streamer) && planned.contains(streamer) && stream.start < planned[streamer] && stream.end > planned[streamer]) ++soon_again;
    before = std::move(after);
  }
  CHECK(ended > 500);
  CHECK(cut > 50);
  CHECK(soon_again > 5);  // on air again when the end of the stream that was cut comes up
}

TEST_CASE("supply: the excitement within streams has the stated spread and half-life") {
  MarkovModulatedSupplyConfig config{.streamers = {.count = 1500}};
  config.excitement = {.sigma = 0.4, .half_life_s = 1200};
  const auto supply = make(config, Seed{7});
  // ln viewers = ln popularity + ln crowd + excitement: of the same streamer minutes apart, less the mean of all.
  double n = 0, sum_now = 0, sum_then = 0, product = 0, squares = 0;
  const auto sees = [&](double now) {
    std::map<std::uint32_t, double> excitement;
    for (std::uint64_t i = 0; i < 4000; ++i) {
      const Candidate c = find(*supply, i, now);
      if (c.exists() && c.age_s > 1800) excitement[c.streamer] = std::log(static_cast<double>(c.viewers / c.popularity));
    }
    return excitement;
  };
  for (const double at : {12.0, 16.0, 20.0}) {
    supply->advance(kDay + at * 3600);
    const auto then = sees(kDay + at * 3600);
    supply->advance(kDay + at * 3600 + 1200);
    const auto now = sees(kDay + at * 3600 + 1200);
    double mean_then = 0, mean_now = 0, both = 0;
    for (const auto& [streamer, x] : then)
      if (now.contains(streamer)) mean_then += x, mean_now += now.at(streamer), both += 1;
    for (const auto& [streamer, x] : then)
      if (now.contains(streamer)) {
        const double a = x - mean_then / both, b = now.at(streamer) - mean_now / both;
        n += 1, product += a * b, squares += (a * a + b * b) / 2, sum_then += a, sum_now += b;
      }
  }
  CHECK(n > 60);
  // Only good streams are offered, so the spread is somewhat below the stated one.
  CHECK(std::sqrt(squares / n) > 0.25);
  CHECK(std::sqrt(squares / n) < 0.5);
  CHECK(product / squares > 0.25);
  CHECK(product / squares < 0.75);
}

TEST_CASE("supply: given new luck, events come at other times as well") {
  MarkovModulatedSupplyConfig config{.streamers = {.count = 2000}};
  config.schedule.day_on_air = 0;  // whoever is on air was called by an event
  config.regimes.events_per_day = 3;
  config.regimes.outages_per_day = 0;
  std::set<int> quarters;  // of an hour
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto supply = make(config, Seed{4});
    supply->reseed(Seed{seed});
    int minute = 0;
    do supply->advance(60.0 * ++minute);
    while (supply->num_on_air() == 0);
    quarters.insert(minute / 15);
  }
  CHECK(quarters.size() > 4);
}

}  // namespace sluice
