// Steps of the feed: what a transition holds, how it ends, what it costs.
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "sim/feed_world.h"
#include "tests/feed_fixture.h"
#include "tests/sim/feed_tables.h"

namespace sluice {
namespace {

constexpr FeedPhase kLearning{.days = 3, .transitions = Transitions::kCollect};

}  // namespace

TEST_CASE("feed world: transitions hold what was seen, what was done and the true successor") {
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase(kLearning);
  const auto width = static_cast<std::size_t>(world->spec().schema.width);
  std::map<int, std::vector<float>> last_seen;
  std::map<int, int> last_action;
  std::map<int, double> last_time;
  const RowPolicy coin = keyed_coin();
  std::int64_t checked = 0, truncated = 0, first_pages = 0;
  const auto page = static_cast<std::size_t>(world->spec().schema.column("page"));
  const auto elapsed = static_cast<std::size_t>(world->spec().schema.column("session_elapsed_s"));
  play(
      *world,
      [&](const RequestBatch& r, std::size_t row) { return last_action[r.user[row]] = coin(r, row); },
      [&](const RequestBatch& r, const TransitionBatch& t) {
        std::map<int, std::size_t> row_of;
        for (std::size_t i = 0; i < r.size(); ++i) row_of[r.user[i]] = i;
        for (std::size_t i = 0; i < t.size(); ++i) {
          const int user = t.user[i];
          const auto begin = t.observation.begin() + static_cast<std::ptrdiff_t>(i * width);
          CHECK(std::equal(begin, begin + static_cast<std::ptrdiff_t>(width), last_seen[user].begin()));
          CHECK(t.action[i] == last_action[user]);
          CHECK(t.terminated[i] == 0);
          truncated += t.truncated[i];
          ++checked;
          if (t.truncated[i]) {  // nobody is asked any more, but what they would see is complete
            const float* seen = t.next_observation.data() + i * width;
            first_pages += seen[page] == 0 ? 1 : 0;
            if (seen[page] == 0) CHECK(seen[elapsed] < 1);  // s; starts are kept in whole seconds
            if (seen[page] > 0) CHECK(seen[elapsed] > 0);
            continue;
          }
          const float* next = r.observation.data() + row_of.at(user) * width;
          CHECK(std::equal(next, next + width, t.next_observation.data() + i * width));
          CHECK(t.elapsed_s[i] == doctest::Approx(r.time[row_of[user]] - last_time[user]));
        }
        for (std::size_t i = 0; i < r.size(); ++i) {
          const float* row = r.observation.data() + i * width;
          last_seen[r.user[i]].assign(row, row + width);
          last_time[r.user[i]] = r.time[i];
        }
      });
  CHECK(first_pages > 0);
  // Every user who was seen has one step that the horizon cut, unless away for a week after it.
  CHECK(truncated + world->num_open_dropped() == static_cast<std::int64_t>(last_seen.size()));
  CHECK(checked + world->num_open_dropped() == world->num_decisions());
}

TEST_CASE("feed world: churn terminates, with no successor") {
  FeedFixture fixture;
  fixture.users.activity.churn_per_day = 0.3;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 6, .transitions = Transitions::kCollect});
  const auto width = static_cast<std::size_t>(world->spec().schema.width);
  std::int64_t terminated = 0;
  play(*world, constant(0), [&](const RequestBatch&, const TransitionBatch& t) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      CHECK(t.terminated[i] + t.truncated[i] <= 1);
      if (!t.terminated[i]) continue;
      ++terminated;
      for (std::size_t k = 0; k < width; ++k) CHECK(t.next_observation[i * width + k] == 0);
    }
  });
  const Table episodes = world->episodes();
  CHECK(terminated > 50);
  CHECK(sum(episodes, "terminated") >= static_cast<double>(terminated));  // some left before a request
  CHECK(sum(episodes, "terminated") + sum(episodes, "truncated") == fixture.users.count);
}

TEST_CASE("feed world: costs mean what they say") {
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase(kLearning);
  std::map<int, double> day_of_step;
  play(*world, keyed_coin(), [&](const RequestBatch&, const TransitionBatch& t) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      const float* c = t.costs.data() + i * kNumFeedCosts;
      CHECK(t.reward[i] == t.watch_time_s[i]);
      CHECK(c[kCostTime] < 0);
      CHECK(-c[kCostTime] >= t.watch_time_s[i]);
      if (t.action[i] == 0) CHECK(c[kCostUsage] == 0);
      if (t.entered[i]) CHECK(c[kCostUsage] == doctest::Approx(t.displaced_s[i] - t.watch_time_s[i]));
      CHECK(c[kCostSkip] == (t.entered[i] && t.watch_time_s[i] <= 3 ? 1 : 0));
      if (t.elapsed_s[i] > 2 * kDay) CHECK(c[kCostRetention] == 1);
      if (t.elapsed_s[i] < kDay) CHECK(c[kCostRetention] == 0);
    }
  });
  const Table daily = world->daily(), episodes = world->episodes();
  CHECK(sum(episodes, "cost_time") == doctest::Approx(-sum(daily, "app_usage_s")));
  for (const char* column : {"live_watch_s", "short_watch_s", "app_usage_s", "injections", "entries",
                             "skips", "sessions", "exposures"}) {
    CAPTURE(column);
    CHECK(sum(daily, column) == doctest::Approx(sum(episodes, column)).epsilon(1e-5));
    CHECK(sum(daily, column) == doctest::Approx(sum(world->daily_group(), column)).epsilon(1e-5));
  }
  CHECK(sum(daily, "requests") == sum(episodes, "length"));
  CHECK(sum(daily, "requests") == static_cast<double>(world->num_decisions()));
}

TEST_CASE("feed world: without injections there is no live watch and no usage cost") {
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 2, .observations = Observations::kSkip});
  play(*world, constant(0));
  for (const char* column : {"live_watch_s", "entries", "skips", "injections", "cost_usage"})
    CHECK(sum(world->episodes(), column) == 0);
  CHECK(sum(world->daily(), "live_dau") == 0);
}

TEST_CASE("feed world: the cost values since the last call are those of the closed days") {
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 2});
  CHECK(std::isnan(world->take_cost_values()[kCostTime]));
  play(*world, keyed_coin());
  const std::vector<double> costs = world->take_cost_values();
  CHECK(costs[kCostTime] == doctest::Approx(-sum(world->daily(), "app_usage_s") / 400));
  CHECK(costs[kCostUsage] == doctest::Approx(sum(world->episodes(), "cost_usage") / 400));
  CHECK(world->cost_means()[kCostTime] == doctest::Approx(costs[kCostTime]));
}

}  // namespace sluice
