#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "sim/check.h"
#include "supply/supply.h"
#include "tests/gzip.h"
#include "tests/supply/supply_probe.h"

namespace sluice {

TEST_CASE("trace supply: a table replayed more often than every minute is an error, not a run without an end") {
  const TraceSupplyConfig config{.file = write_trace("streamer,start_s,end_s\na,0,600\n"), .repeat_days = 1e-300};
  CHECK_THROWS_WITH_AS(make(config, Seed{2}), doctest::Contains("repeat_days"), UserError);
}

TEST_CASE("trace supply: replays its table, from any column order, again and again") {
  const TraceSupplyConfig config{
      .file = write_trace("end_s,topic,streamer,start_s\n9000,3,a,600\n7200,5,b,3600\n"), .repeat_days = 1};
  const auto supply = make(config, Seed{2});
  const auto on_air_at = [&](double now) {
    supply->advance(now);
    return supply->num_on_air();
  };
  CHECK(on_air_at(540) == 0);
  CHECK(on_air_at(660) == 1);
  CHECK(find(*supply, 1, 660).topic == 3);
  CHECK(on_air_at(3660) == 2);
  CHECK(on_air_at(8000) == 1);
  CHECK(on_air_at(10000) == 0);
  CHECK(on_air_at(86400 + 660) == 1);
  CHECK(on_air_at(86400 + 3660) == 2);
}

TEST_CASE("trace supply: a table packed by gzip replays as the plain one") {
  const std::string text = "streamer,start_s,end_s\na,600,9000\n\"b\",3600,7200\n";
  const auto path = own_folder() / "trace.csv.gz";
  std::ofstream(path, std::ios::binary) << gzip(text);
  const auto plain = make(TraceSupplyConfig{.file = write_trace(text)}, Seed{1});
  const auto packed = make(TraceSupplyConfig{.file = path.string()}, Seed{1});
  for (const double now : {600.0, 3660.0, 8000.0, 9060.0}) {
    plain->advance(now);
    packed->advance(now);
    CHECK(plain->num_on_air() == packed->num_on_air());
  }
  CHECK(plain->num_on_air() == 0);
}

TEST_CASE("trace supply: what the table leaves open is drawn anew for every seed, and differs between streamers") {
  const TraceSupplyConfig config{.file = write_trace("streamer,start_s,end_s\na,0,9000\nb,0,9000\n")};
  const auto appeals = [&](std::uint64_t seed) {
    const auto supply = make(config, Seed{seed});
    supply->advance(600);
    std::map<std::uint32_t, float> popularity;
    for (std::uint64_t i = 0; i < 50; ++i) {
      const Candidate c = find(*supply, i, 600);
      popularity[c.streamer] = c.popularity;
    }
    return popularity;
  };
  const auto one = appeals(1), two = appeals(2);
  REQUIRE(one.contains(0));
  REQUIRE(one.contains(1));
  CHECK(one.at(0) != one.at(1));
  CHECK(one.at(1) != two.at(0));  // neighbouring seeds share no streamer
  CHECK(one.at(0) != two.at(0));
}

TEST_CASE("trace supply: a bad table is refused with file, line and value") {
  const auto message = [](const std::string& text) -> std::string {
    try {
      make(TraceSupplyConfig{.file = write_trace(text)}, Seed{1});
    } catch (const UserError& e) {
      return e.what();
    }
    return "accepted";
  };
  CHECK(message("streamer,start_s\n").find("no column 'end_s'") != std::string::npos);
  CHECK(message("streamer,start_s,end_s\na,1,x\n").find(":2: end_s is 'x'") != std::string::npos);
  CHECK(message("streamer,start_s,end_s\na,1,2\na,9,3\n").find(":3: end_s is not later") != std::string::npos);
  CHECK(message("streamer,start_s,end_s\na,1\n").find(":2: 2 cells, the header has 3") != std::string::npos);
  const TraceSupplyConfig late{.file = write_trace("streamer,start_s,end_s\na,90000,95000\n"), .repeat_days = 1};
  CHECK_THROWS_WITH_AS(make(late, Seed{1}), doctest::Contains(":2: start_s is not before the table's repetition"), UserError);
  CHECK(message("streamer,start_s,end_s\n").find("no streams") != std::string::npos);
  CHECK_THROWS_WITH_AS(make(TraceSupplyConfig{}, Seed{1}), doctest::Contains("environment.supply.file"), UserError);
}

}  // namespace sluice
