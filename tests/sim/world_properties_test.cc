// Properties of the feed world that its numbers alone do not show: exact times, one set of streams for all,
// what waits for a window's end, and what happens beyond the horizon.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "tests/feed_fixture.h"

namespace sluice {
namespace {

// A column of the observation of request i.
class Seen {
 public:
  Seen(const FeedWorld& world, const char* column)
      : width_(static_cast<std::size_t>(world.spec().schema.width)),
        column_(static_cast<std::size_t>(world.spec().schema.column(column))) {}
  float operator()(const RequestBatch& r, std::size_t i) const { return r.observation[i * width_ + column_]; }

 private:
  std::size_t width_, column_;
};

}  // namespace

TEST_CASE("feed world: within a session the next request comes when the page is over, to the second and within a window too") {
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 2, .transitions = Transitions::kCollect});
  std::int64_t pages = 0, same_window = 0;
  std::map<int, double> time;
  play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch& t) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      if (t.session_ended[i]) {
        CHECK(t.elapsed_s[i] > 1800 - 0.01);  // sessions are half an hour apart
        continue;
      }
      ++pages;
      CHECK(t.elapsed_s[i] == doctest::Approx(-t.costs[i * kNumFeedCosts + kCostTime]).epsilon(1e-5));
    }
    for (std::size_t i = 0; i < r.size(); ++i) {
      CHECK(r.time[i] >= world->now());
      CHECK(r.time[i] < world->now() + fixture.options.window_s);
      same_window += time.contains(r.user[i]) && time[r.user[i]] >= world->now() ? 1 : 0;
      time[r.user[i]] = r.time[i];
    }
  });
  CHECK(pages > 10000);
  // A page of less than a window is common: its user is asked again before the window closes.
  CHECK(same_window > pages / 10);
}

TEST_CASE("feed world: all users meet the same streams, and what is new waits for the window's end") {
  FeedFixture fixture;
  fixture.users.count = 600;
  fixture.supply.streamers.count = 60;
  fixture.options.window_s = 600;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 2});
  const Seen popularity(*world, "popularity"), age(*world, "age_s"), viewers(*world, "viewers"), topic(*world, "candidate_topic"), on_air(*world, "on_air");
  // A streamer is known by popularity, which no two share.
  std::map<float, double> start_of;
  std::map<float, float> topic_of;
  std::map<std::pair<float, double>, float> viewers_in;  // (streamer, window)
  std::int64_t meetings = 0, restarts = 0;
  play(*world, constant(0), [&](const RequestBatch& r, const TransitionBatch&) {
    for (std::size_t i = 0; i < r.size(); ++i) {
      if (on_air(r, i) == 0) continue;
      const float streamer = popularity(r, i);
      const double start = r.time[i] - static_cast<double>(age(r, i));
      CHECK(start < world->now() + 0.1);  // not one that began within this window
      const auto [known, is_new] = start_of.try_emplace(streamer, start);
      if (!is_new) {
        ++meetings;
        // The same stream, or a later one of the same streamer.
        CHECK(start > known->second - 0.1);
        restarts += start > known->second + 0.1 ? 1 : 0;
        known->second = std::max(known->second, start);
      }
      CHECK(topic_of.try_emplace(streamer, topic(r, i)).first->second == topic(r, i));
      CHECK(viewers_in.try_emplace({streamer, world->now()}, viewers(r, i)).first->second == viewers(r, i));
    }
  });
  CHECK(meetings > 20000);
  CHECK(restarts > 10);
  CHECK(restarts < 300);  // two days of 60 streamers: hardly more starts than that
}

TEST_CASE("feed world: a stream that ends within a window is offered until its end and not after it") {
  FeedFixture fixture;
  fixture.users.count = 600;
  fixture.supply.streamers.count = 60;
  fixture.options.window_s = 600;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 2});
  const Seen age(*world, "age_s"), on_air(*world, "on_air");
  std::int64_t until = 0, after = 0;
  std::vector<OnAir> streams;
  play(*world, constant(0), [&](const RequestBatch& r, const TransitionBatch&) {
    world->supply().list_on_air(streams);
    for (std::size_t i = 0; i < r.size(); ++i) {
      for (const OnAir& stream : streams) after += stream.end <= r.time[i] ? 1 : 0;
      if (on_air(r, i) == 0) continue;
      const double start = r.time[i] - static_cast<double>(age(r, i));
      const auto offered = std::ranges::min_element(streams, {}, [&](const OnAir& stream) { return std::abs(stream.start - start); });
      REQUIRE(std::abs(offered->start - start) < 0.1);
      CHECK(offered->end > r.time[i]);
      until += offered->end < world->now() + 600 ? 1 : 0;
    }
  });
  CHECK(until > 100);  // offered in the window in which they end, …
  CHECK(after > 100);  // … which goes on after that
}

TEST_CASE("feed world: at midnight the group keys are the live watch of the 21 days before, and retention counts who came back") {
  FeedFixture fixture;
  fixture.users.count = 60;
  constexpr int kDays = 25;
  const auto world = fixture.make_world();
  world->begin_phase({.days = kDays});
  std::vector<std::vector<float>> watched;   // [day][user]: of all days before
  std::vector<std::set<int>> came(kDays);    // [day]: users with a request
  double largest = 0;
  play(*world, constant(1), [&](const RequestBatch& r, const TransitionBatch&) {
    for (std::size_t i = 0; i < r.size(); ++i) came[static_cast<std::size_t>(r.time[i] / kDay)].insert(r.user[i]);
    if (r.size() == 0 || static_cast<int>(watched.size()) > world->day()) return;
    std::vector<float>& so_far = watched.emplace_back();
    REQUIRE(static_cast<int>(watched.size()) == world->day() + 1);
    for (int user = 0; user < 60; ++user) {
      so_far.push_back(world->days_so_far(user)[kLiveWatch]);
      const auto u = static_cast<std::size_t>(user);
      const float expected = so_far[u] - (watched.size() > 21 ? watched[watched.size() - 22][u] : 0);
      // Days are kept in units of 2 s: off by 1 s a day at most.
      CHECK(std::abs(world->group_keys()[u] - expected) <= 21.5f);
      largest = std::max(largest, static_cast<double>(expected));
    }
  });
  CHECK(watched.size() == kDays);
  CHECK(largest > 5000);
  const Table daily = world->daily();
  const auto& retention = daily.get<double>("retention_d1");
  for (std::size_t day = 0; day + 1 < kDays; ++day) {
    double returned = 0;
    for (const int user : came[day]) returned += came[day + 1].contains(user) ? 1 : 0;
    CHECK(daily.get<std::int64_t>("dau")[day] == static_cast<std::int64_t>(came[day].size()));
    CHECK(retention[day] == doctest::Approx(returned / static_cast<double>(came[day].size())));
  }
  CHECK(std::isnan(retention.back()));
}

TEST_CASE("feed world: what is open at the horizon is completed within a week, outside all tables, or dropped and counted") {
  FeedFixture fixture;
  fixture.users.activity.return_mean = -3.5;  // many stay away for long
  fixture.users.activity.return_inertia = 0;
  constexpr int kDays = 6;
  const auto world = fixture.make_world(), stopping = fixture.make_world();
  world->begin_phase({.days = kDays, .transitions = Transitions::kCollect});
  stopping->begin_phase({.days = kDays, .transitions = Transitions::kCollect, .at_horizon = AtHorizon::kStop});
  std::set<int> seen, cut;
  std::map<int, double> last_request, returns;
  double latest = 0;
  std::int64_t completed = 0;
  const std::int64_t decisions = play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch& t) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      ++completed;
      if (t.costs[i * kNumFeedCosts + kCostRetention] > 0) returns[t.user[i]] += 1;
      if (!t.truncated[i]) continue;
      CHECK(cut.insert(t.user[i]).second);
      const double successor = last_request[t.user[i]] + static_cast<double>(t.elapsed_s[i]);
      CHECK(successor >= kDays * kDay);
      CHECK(successor < (kDays + 7) * kDay);
      latest = std::max(latest, successor);
    }
    for (std::size_t i = 0; i < r.size(); ++i) {
      CHECK(r.time[i] < kDays * kDay);  // nobody is asked beyond the horizon
      seen.insert(r.user[i]);
      last_request[r.user[i]] = r.time[i];
    }
  });
  CHECK(latest > (kDays + 6) * kDay);
  CHECK(world->num_open_dropped() > 5);
  CHECK(static_cast<std::int64_t>(seen.size()) == static_cast<std::int64_t>(cut.size()) + world->num_open_dropped());
  CHECK(completed + world->num_open_dropped() == decisions);

  // A world that just stops there has the same tables, but for the cost of not coming back.
  play(*stopping, keyed_coin());
  const Table daily = world->daily(), other_daily = stopping->daily(), episodes = world->episodes(), other_episodes = stopping->episodes();
  CHECK(daily.num_rows() == kDays);
  for (const auto& [a, b] : {std::pair{&daily, &other_daily}, std::pair{&episodes, &other_episodes}})
    for (const Column& column : a->columns) {
      CAPTURE(column.name);
      if (column.name == "cost_retention" || column.name == "retention_d1") continue;  // the latter has a NaN
      CHECK(column.data == b->find(column.name)->data);
    }
  // And that cost is the transitions', with one for each who was dropped.
  const auto& cost = episodes.get<double>("cost_retention");
  double sum = 0, expected = static_cast<double>(world->num_open_dropped());
  for (const double x : cost) sum += x;
  for (const auto& [user, x] : returns) expected += x;
  CHECK(sum == expected);
}

TEST_CASE("feed world: the end of a session and of a day terminate and truncate nothing, and the default users never churn") {
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 8, .transitions = Transitions::kCollect});
  std::int64_t ended = 0, over_midnight = 0;
  play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch& t) {
    if (r.size() == 0) return;  // the horizon
    for (std::size_t i = 0; i < t.size(); ++i) {
      ended += t.session_ended[i];
      over_midnight += t.elapsed_s[i] > 12 * 3600 ? 1 : 0;
      CHECK(t.terminated[i] == 0);
      CHECK(t.truncated[i] == 0);
    }
  });
  CHECK(ended > 3000);
  CHECK(over_midnight > 200);
  const Table episodes = world->episodes();
  for (const std::int64_t terminated : episodes.get<std::int64_t>("terminated")) CHECK(terminated == 0);
}

TEST_CASE("feed world: costs are named, in one order for the spec, the transitions, the values and the limits") {
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  const std::vector<std::string> names = {"cost_usage", "cost_time", "cost_retention", "cost_skip"};
  CHECK(world->spec().cost_names == names);
  world->set_limits({{.cost = kCostSkip, .limit = 3, .reference = "none"}});
  CHECK(names[static_cast<std::size_t>(world->spec().limits.at(0).cost)] == "cost_skip");
  CHECK(world->fork()->spec().limits.size() == 1);
  world->begin_phase({.days = 2, .transitions = Transitions::kCollect});
  std::vector<double> sums(4);
  play(*world, keyed_coin(), [&](const RequestBatch&, const TransitionBatch& t) {
    REQUIRE(t.num_costs == 4);
    for (std::size_t i = 0; i < t.size(); ++i)
      for (std::size_t k = 0; k < 4; ++k) sums[k] += static_cast<double>(t.costs[4 * i + k]);
  });
  const std::vector<double> means = world->cost_means();
  const Table episodes = world->episodes();
  for (std::size_t k = 0; k < 4; ++k) {
    CAPTURE(names[k]);
    double table = 0;
    for (const double x : episodes.get<double>(names[k])) table += x;
    // Steps whose user never came back have no transition: at most one each.
    if (k != kCostRetention) CHECK(sums[k] == doctest::Approx(table).epsilon(world->num_open_dropped() > 0 ? 0.02 : 1e-5));
    CHECK(means[k] * 2 * fixture.users.count == doctest::Approx(table).epsilon(1e-5));
    CHECK(table != 0);
  }
}

TEST_CASE("feed world: what a step cut by the horizon leads to is what a world that goes on shows") {
  const FeedFixture fixture;
  constexpr int kDays = 3;
  const auto cut = fixture.make_world(), longer = fixture.make_world();
  cut->begin_phase({.days = kDays, .transitions = Transitions::kCollect});
  longer->begin_phase({.days = kDays + 7, .transitions = Transitions::kCollect, .at_horizon = AtHorizon::kStop});
  // [user]: the step over the horizon, as (elapsed, reward, costs, successor).
  const auto over_the_horizon = [&](FeedWorld& world) {
    std::map<int, std::vector<float>> steps;
    const auto width = static_cast<std::size_t>(world.spec().schema.width);
    play(world, keyed_coin(), [&](const RequestBatch&, const TransitionBatch& t) {
      for (std::size_t i = 0; i < t.size(); ++i) {
        if (t.time[i] >= kDays * kDay || t.time[i] + static_cast<double>(t.elapsed_s[i]) < kDays * kDay) continue;
        std::vector<float>& step = steps[t.user[i]];
        step = {t.elapsed_s[i], t.reward[i]};
        const auto add = [&](const std::vector<float>& values, std::size_t n) {
          const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * n);
          step.insert(step.end(), begin, begin + static_cast<std::ptrdiff_t>(n));
        };
        add(t.costs, kNumFeedCosts);
        add(t.next_observation, width);
      }
    });
    return steps;
  };
  const auto completed = over_the_horizon(*cut), seen = over_the_horizon(*longer);
  CHECK(completed.size() > 150);
  CHECK(completed == seen);
}

TEST_CASE("feed world: pages count from 0 in each session and sessions from 0 in each day, so no two requests share luck") {
  FeedFixture fixture;
  fixture.users.first = 100;
  for (const UsersConfig& kind : {UsersConfig(fixture.users), UsersConfig(LogitUsersConfig{.count = 200, .first = 100})}) {
    const auto world = fixture.make_world(kind);
    world->begin_phase({.days = 4});
    std::map<int, RequestKey> last;
    int over_midnight = 0, sessions = 0, days = 0;
    play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch&) {
      for (std::size_t i = 0; i < r.size(); ++i) {
        const RequestKey& key = r.key[i];
        const auto day = static_cast<std::uint32_t>(r.time[i] / kDay);
        CHECK(key.user == static_cast<std::uint32_t>(r.user[i]) + 100);
        CHECK(key.day <= day);
        over_midnight += key.day < day ? 1 : 0;
        if (key.page == 0) CHECK(key.day == day);
        const auto [entry, is_first] = last.try_emplace(r.user[i], key);
        const RequestKey before = std::exchange(entry->second, key);
        if (!is_first && key.day == before.day && key.session == before.session) {
          CHECK(key.page == before.page + 1);
          continue;
        }
        CHECK(key.page == 0);
        const bool same_day = !is_first && key.day == before.day;
        CHECK(key.session == (same_day ? before.session + 1 : 0));
        (same_day ? sessions : days) += 1;
        if (!is_first) CHECK(key.day >= before.day);
      }
    });
    CHECK(over_midnight > 50);
    CHECK(sessions > 1000);
    CHECK(days > 400);
  }
}

TEST_CASE("feed world: what a request is offered can be drawn again from its key, time and window alone") {
  FeedFixture fixture;
  fixture.users.count = 100;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 3});
  const auto users = make(fixture.users, fixture.seed);  // as they were at the start
  const Seen popularity(*world, "popularity"), viewers(*world, "viewers"), age(*world, "age_s"), followed(*world, "followed");
  std::int64_t found = 0;
  play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch&) {
    for (std::size_t i = 0; i < r.size(); ++i) {
      // Whom a user follows is drawn once, with the interests of the start.
      const Followed streamers = world->supply().follow(users->interests(r.user[i]), fixture.seed.stream(Purpose::kUser, r.key[i].user, 1));
      Rng rng = stream(fixture.seed, Purpose::kCandidate, r.key[i]);
      rng.jump_to_lane(1);
      const Candidate expected = world->supply().retrieve(world->users().interests(r.user[i]), streamers, rng, r.time[i]);
      CHECK(popularity(r, i) == expected.popularity);
      CHECK(viewers(r, i) == expected.viewers);
      CHECK(age(r, i) == expected.age_s);
      CHECK((followed(r, i) > 0) == expected.followed);
      found += expected.exists() ? 1 : 0;
    }
  });
  CHECK(found > 5000);
}

}  // namespace sluice
