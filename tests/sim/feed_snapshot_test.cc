#include <doctest/doctest.h>

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
  step(*original, 2000);
  StateBlobs blobs;
  StateArchive saving = StateArchive::saving(blobs);
  original->transfer(saving);

  const auto copy = fixture.make_world();
  StateArchive loading = StateArchive::loading(blobs);
  copy->transfer(loading);
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
