#include "sim/feed_world.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <map>

#include "tests/feed_fixture.h"
#include "tests/sim/feed_tables.h"

namespace sluice {
namespace {

constexpr FeedPhase kLearning{.days = 3, .transitions = Transitions::kCollect};

std::vector<Table> tables_of(const FeedWorld& world) {
  return {world.daily(), world.daily_group(), world.episodes()};
}

// Everything one user met: times, observations, and what became of the decisions.
struct Diary {
  std::vector<double> times;
  std::vector<float> observations, outcomes;
  bool operator==(const Diary&) const = default;
};

std::function<void(const RequestBatch&, const TransitionBatch&)> diary_of(std::uint32_t id,
                                                                          std::uint32_t first,
                                                                          Diary& diary) {
  return [id, first, &diary](const RequestBatch& requests, const TransitionBatch& t) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests.key[i].user != id) continue;
      diary.times.push_back(requests.time[i]);
      const std::size_t width = requests.observation.size() / requests.size();
      const float* row = requests.observation.data() + i * width;
      diary.observations.insert(diary.observations.end(), row, row + width);
    }
    for (std::size_t i = 0; i < t.size(); ++i) {
      if (static_cast<std::uint32_t>(t.user[i]) + first != id) continue;
      diary.outcomes.insert(diary.outcomes.end(),
                            {t.reward[i], t.costs[4 * i], t.costs[4 * i + 1], t.costs[4 * i + 2],
                             t.costs[4 * i + 3], t.elapsed_s[i], float(t.session_ended[i])});
    }
  };
}

}  // namespace

TEST_CASE("feed world: the same seed gives the same bytes, with one thread and with two") {
  FeedFixture fixture;
  fixture.users.count = 3000;
  fixture.options.window_s = 1800;
  std::vector<std::vector<Table>> runs;
  std::vector<std::uint64_t> seen;  // hash of all requests and transitions
  std::size_t largest = 0;
  for (const int threads : {1, 1, 2}) {
    fixture.options.num_threads = threads;
    const auto world = fixture.make_world();
    world->begin_phase({.days = 2, .transitions = Transitions::kCollect});
    std::uint64_t hash = 0;
    const auto mix = [&](const std::vector<float>& values) {
      for (const float value : values) hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001b3ull;
    };
    play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch& t) {
      largest = std::max(largest, r.size());
      mix(r.observation), mix(t.next_observation), mix(t.costs), mix(t.elapsed_s);
    });
    seen.push_back(hash);
    runs.push_back(tables_of(*world));
  }
  CHECK(largest > 2 * kChunk);  // or the second thread had nothing to do
  CHECK(seen[0] == seen[1]);
  CHECK(seen[0] == seen[2]);
  for (std::size_t i = 0; i < runs[0].size(); ++i) {
    CHECK(same(runs[0][i], runs[1][i]));
    CHECK(same(runs[0][i], runs[2][i]));
  }
  fixture.seed = Seed{12};
  const auto other = fixture.make_world();
  other->begin_phase({.days = 2});
  play(*other, keyed_coin());
  CHECK_FALSE(same(runs[0][2], other->episodes()));
}

TEST_CASE("feed world: a user behaves the same alone and among 10 000 others") {
  constexpr std::uint32_t kUser = 4321;
  Diary alone, among;
  FeedFixture fixture;
  fixture.users.first = kUser;
  fixture.users.count = 1;
  auto world = fixture.make_world();
  world->begin_phase(kLearning);
  play(*world, keyed_coin(), diary_of(kUser, kUser, alone));
  fixture.users.first = 0;
  fixture.users.count = 10000;
  world = fixture.make_world();
  world->begin_phase(kLearning);
  play(*world, keyed_coin(), diary_of(kUser, 0, among));
  CHECK(alone.times.size() > 20);
  CHECK(alone == among);
}

TEST_CASE("feed world: a changed action changes nobody else's luck, and its own user's only afterwards") {
  const FeedFixture fixture;
  constexpr std::uint32_t kChanged = 5, kBystander = 6;
  Diary before, after, bystander_before, bystander_after;
  std::int64_t switched = 0;
  for (const bool change : {false, true}) {
    const auto world = fixture.make_world();
    world->begin_phase(kLearning);
    std::int64_t seen = 0;
    const RowPolicy coin = keyed_coin();
    const RowPolicy policy = [&](const RequestBatch& requests, std::size_t row) {
      const int action = coin(requests, row);
      if (requests.key[row].user != kChanged || ++seen < 10 || !change) return action;
      ++switched;
      return 1 - action;
    };
    const auto own = diary_of(kChanged, 0, change ? after : before);
    const auto other = diary_of(kBystander, 0, change ? bystander_after : bystander_before);
    play(*world, policy, [&](const RequestBatch& r, const TransitionBatch& t) {
      own(r, t);
      other(r, t);
    });
  }
  REQUIRE(switched > 0);
  CHECK(bystander_before == bystander_after);
  CHECK_FALSE(before == after);
  for (std::size_t i = 0; i < 10; ++i) CHECK(before.times[i] == after.times[i]);
}

TEST_CASE("feed world: a batch is ordered by time and user, with each user at most once") {
  FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 3});
  play(*world, keyed_coin(), [](const RequestBatch& r, const TransitionBatch&) {
    for (std::size_t i = 1; i < r.size(); ++i) {
      CHECK(r.time[i - 1] <= r.time[i]);
      if (r.time[i - 1] == r.time[i]) CHECK(r.user[i - 1] < r.user[i]);
    }
    std::map<int, int> count;
    for (const int user : r.user) CHECK(++count[user] == 1);
  });
}

TEST_CASE("feed world: a fork continues like the original, byte for byte") {
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 2, .at_horizon = AtHorizon::kStop});
  play(*world, keyed_coin());
  world->fix_reporting_groups();
  const auto copy = world->fork();
  for (FeedWorld* each : {world.get(), copy.get()}) {
    each->begin_phase(kLearning);
    play(*each, keyed_coin());
  }
  const auto original = tables_of(*world), forked = tables_of(*copy);
  for (std::size_t i = 0; i < original.size(); ++i) CHECK(same(original[i], forked[i]));
}

TEST_CASE("feed world: half an hour of short videos and pauses ends the session") {
  FeedFixture fixture;
  fixture.users.short_video.pause_median_s = 600;  // about three pauses in ten would be longer
  const auto world = fixture.make_world();
  world->begin_phase(kLearning);
  int longest = 0;
  play(*world, constant(0), [&](const RequestBatch&, const TransitionBatch& t) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      const float page_s = -t.costs[i * kNumFeedCosts + kCostTime];
      CHECK(page_s <= 1800.01f);
      if (page_s < 1799.9f) continue;
      ++longest;
      CHECK(t.session_ended[i] == 1);
    }
  });
  CHECK(longest > 100);
}

TEST_CASE("feed world: at most 512 bytes of state per user, open observations apart") {
  FeedFixture fixture;
  fixture.users.count = 20000;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 1, .transitions = Transitions::kCollect});
  play(*world, keyed_coin());
  const StateBytes bytes = world->state_bytes();
  const std::size_t total = bytes.records + bytes.users + bytes.group_keys + bytes.calendar;
  CAPTURE(bytes.calendar);
  CHECK(total <= std::size_t{512} * 20000);
  CHECK(bytes.open_observations / 20000 == static_cast<std::size_t>(world->spec().schema.width) * sizeof(float));
}

TEST_CASE("user history: the 21 days of a reporting group are those that midnight will count") {
  UserHistory history;
  WatchDays days;
  for (int day = 0; day < 50; ++day) {
    history.begin_day(day, true, days);
    history.live_today_s = static_cast<float>(40 + 10 * (day % 7));
    UserHistory next = history;
    WatchDays next_days = days;
    next.begin_day(day + 1, true, next_days);
    CHECK(history.live_watch_21d_s_after(day, days) == next.live_watch_21d_s());
    std::uint32_t sum = 0;
    for (const std::uint16_t watch_2s : next_days.watch_2s) sum += watch_2s;
    CHECK(next.live_watch_21d_s() == 2.0f * static_cast<float>(sum));
  }
}

TEST_CASE("feed world: building no observations changes nothing") {
  const FeedFixture fixture;
  std::vector<Table> episodes;
  for (const Observations observations : {Observations::kBuild, Observations::kSkip}) {
    const auto world = fixture.make_world();
    world->begin_phase({.days = 2, .observations = observations});
    play(*world, keyed_coin());
    episodes.push_back(world->episodes());
  }
  CHECK(same(episodes[0], episodes[1]));
}

TEST_CASE("feed world: a shorter window converges, and from the supply's minute down changes nothing any more") {
  FeedFixture fixture;
  fixture.users.count = 600;
  std::vector<Table> episodes;
  std::vector<double> ages;  // mean age of the streams offered: new ones wait for a window's end
  for (const double window : {1800, 600, 60, 20}) {
    fixture.options.window_s = window;
    const auto world = fixture.make_world();
    world->begin_phase({.days = 4});
    const auto width = static_cast<std::size_t>(world->spec().schema.width), age = static_cast<std::size_t>(world->spec().schema.column("age_s"));
    double sum_s = 0;
    const std::int64_t n = play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch&) {
      for (std::size_t i = 0; i < r.size(); ++i) sum_s += static_cast<double>(r.observation[i * width + age]);
    });
    ages.push_back(sum_s / static_cast<double>(n));
    episodes.push_back(world->episodes());
  }
  CHECK(same(episodes[2], episodes[3]));
  CHECK(ages[2] == ages[3]);
  CHECK(ages[1] > ages[2]);
  CHECK(ages[0] > ages[1]);
  for (const char* column : {"live_watch_s", "entries", "app_usage_s", "length", "sessions"}) {
    CAPTURE(column);
    const double limit = sum(episodes[3], column);
    CHECK(std::abs(sum(episodes[0], column) / limit - 1) < 0.2);
    CHECK(std::abs(sum(episodes[1], column) / limit - 1) < 0.1);
  }
}

TEST_CASE("feedback: off, the supply does not notice what agents do, bit for bit, on, it does") {
  const auto supply_after = [](bool feedback, int action) {
    FeedFixture fixture;
    fixture.supply.feedback.enabled = feedback;
    const auto world = fixture.make_world();
    world->begin_phase({.days = 3, .at_horizon = AtHorizon::kStop});
    play(*world, constant(action));
    StateBlobs blobs;
    StateArchive saving = StateArchive::saving(blobs);
    world->transfer(saving);
    std::vector<std::uint8_t> bytes;
    for (const auto& [name, blob] : blobs.blobs)
      if (name.starts_with("supply/")) bytes.insert(bytes.end(), blob.bytes.begin(), blob.bytes.end());
    REQUIRE(bytes.size() > 1000);
    return bytes;
  };
  CHECK(supply_after(false, 0) == supply_after(false, 1));
  CHECK(supply_after(true, 0) != supply_after(true, 1));
}

}  // namespace sluice
