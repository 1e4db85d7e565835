#include <doctest/doctest.h>

#include <algorithm>

#include "sim/check.h"
#include "tests/feed_fixture.h"

namespace sluice {
namespace {

// Answers `batches` batches with the keyed coin; returns everything that went by.
std::vector<float> step(FeedWorld& world, int batches) {
  std::vector<float> seen;
  std::vector<Decision> decisions;
  for (int i = 0; i < batches; ++i) {
    const RequestBatch& requests = world.recv();
    if (requests.size() == 0) break;
    const auto keep = [&](const std::vector<float>& values) {
      seen.insert(seen.end(), values.begin(), values.end());
    };
    keep(requests.observation);
    keep(world.transitions().observation);
    keep(world.transitions().next_observation);
    keep(world.transitions().costs);
    decisions.assign(requests.size(), {});
    for (std::size_t row = 0; row < requests.size(); ++row)
      decisions[row].action = static_cast<std::uint8_t>(keyed_coin()(requests, row));
    world.send(decisions);
  }
  return seen;
}

constexpr FeedPhase kPhase{.days = 2, .transitions = Transitions::kCollect};

}  // namespace

TEST_CASE("snapshot: a world saved in the middle of a day and loaded into a fresh one goes on bit-identically") {
  FeedFixture fixture;
  fixture.supply.feedback.enabled = true;
  const auto original = fixture.make_world();
  original->begin_phase(kPhase);
  while (original->now() < kDay + 10 * 3600) step(*original, 1);
  StateBlobs blobs;
  StateArchive saving = StateArchive::saving(blobs);
  original->transfer(saving);

  const auto copy = fixture.make_world(), fork = original->fork();
  StateArchive loading = StateArchive::loading(blobs);
  copy->transfer(loading);
  // What the platform tells at once, before anything else happens.
  const auto keys = [](const FeedWorld& world) { return std::vector<float>(world.group_keys().begin(), world.group_keys().end()); };
  REQUIRE(*std::ranges::max_element(original->group_keys()) > 0);
  CHECK(keys(*copy) == keys(*original));
  CHECK(keys(*fork) == keys(*original));
  CHECK(copy->day() == original->day());
  CHECK(copy->num_decisions() == original->num_decisions());
  const std::vector<double> costs = original->take_cost_values();  // of the day that is over
  REQUIRE(costs[kCostTime] < 0);
  CHECK(copy->take_cost_values() == costs);
  CHECK(fork->take_cost_values() == costs);
  const auto a = step(*original, 1000000), b = step(*copy, 1000000);
  CHECK(a.size() > 1000 * 79);
  CHECK(a == b);
  CHECK(original->total_means() == copy->total_means());
  const Table x = original->daily(), y = copy->daily();
  for (std::size_t i = 0; i < x.columns.size(); ++i) {
    CAPTURE(x.columns[i].name);
    if (x.columns[i].name != "retention_d1") CHECK(x.columns[i].data == y.columns[i].data);  // NaN
  }
}

TEST_CASE("snapshot: at any time of a world whose users may leave for good, a loaded world and a fork go on bit-identically") {
  FeedFixture fixture;
  fixture.users.count = 600;
  fixture.users.activity.churn_per_day = 0.3;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 3, .transitions = Transitions::kCollect});
  for (const double at : {0.0, 40000.0, kDay, kDay + 60, kDay + 70000, 2 * kDay, 3 * kDay - 600}) {
    CAPTURE(at);
    while (world->now() < at) step(*world, 1);
    StateBlobs blobs;
    StateArchive saving = StateArchive::saving(blobs), loading = StateArchive::loading(blobs);
    world->transfer(saving);
    const auto original = world->fork(), loaded = fixture.make_world();
    loaded->transfer(loading);
    const auto a = step(*original, 1000000), b = step(*loaded, 1000000);
    CHECK(a.size() > 79);
    CHECK(a == b);
    CHECK(original->num_open_dropped() == loaded->num_open_dropped());
    CHECK(original->num_decisions() == loaded->num_decisions());
    CHECK(original->cost_means() == loaded->cost_means());
    CHECK(original->take_cost_values() == loaded->take_cost_values());
    const auto equal = [](const Table& x, const Table& y) {
      for (std::size_t i = 0; i < x.columns.size(); ++i) {
        CAPTURE(x.columns[i].name);
        if (x.columns[i].name != "retention_d1") CHECK(x.columns[i].data == y.columns[i].data);  // NaN
      }
    };
    equal(original->daily(), loaded->daily());
    equal(original->daily_group(), loaded->daily_group());
    equal(original->episodes(), loaded->episodes());
    const auto fork = world->fork();
    const std::vector<float> next = step(*world, 20);
    CHECK(step(*fork, 20) == next);
    CHECK(std::equal(next.begin(), next.end(), a.begin()));
  }
}

TEST_CASE("snapshot: one of another population, or with a part missing, is refused") {
  FeedFixture fixture;
  StateBlobs blobs;
  StateArchive saving = StateArchive::saving(blobs);
  fixture.make_world()->transfer(saving);
  fixture.users.count = 10;
  // A vector takes the snapshot's size, so the world's own checks of lengths must object.
  StateArchive loading = StateArchive::loading(blobs);
  CHECK_THROWS_WITH_AS(fixture.make_world()->transfer(loading), doctest::Contains("another length"), UserError);
  blobs.blobs.erase("supply/minute");
  fixture.users.count = 200;
  StateArchive again = StateArchive::loading(blobs);
  CHECK_THROWS_WITH_AS(fixture.make_world()->transfer(again), doctest::Contains("supply/minute"), UserError);
}

}  // namespace sluice
