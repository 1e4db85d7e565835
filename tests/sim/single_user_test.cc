#include "sim/single_user.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/feed_fixture.h"

namespace sluice {
namespace {

std::unique_ptr<FeedWorld> world_of_one(Seed seed, int days, double churn_per_day = 0) {
  FeedFixture fixture;
  fixture.users.count = 1;
  fixture.users.activity.churn_per_day = churn_per_day;
  fixture.seed = seed;
  auto world = fixture.make_world();
  world->begin_phase({.days = days, .transitions = Transitions::kCollect});
  return world;
}

SingleUser one_user(int days, double churn_per_day = 0) {
  return SingleUser([=](Seed seed) -> std::unique_ptr<Environment> { return world_of_one(seed, days, churn_per_day); });
}

}  // namespace

TEST_CASE("single user: random episodes keep the contract, and a seed repeats its episode") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::vector<std::vector<double>> rewards(2);
    for (auto& run : rewards) {
      SingleUser env = one_user(2);
      std::vector<float> observation;
      try {
        observation = env.reset(Seed{seed});
      } catch (const UserError&) {
        continue;  // a user who stays away for two days
      }
      Rng rng = Seed{seed}.stream(Purpose::kTest);
      for (;;) {
        CHECK(observation.size() == static_cast<std::size_t>(env.spec().schema.width));
        for (const float x : observation) CHECK(std::isfinite(x));
        const SingleUser::Step step = env.step(static_cast<int>(rng() % 2));
        CHECK((step.terminated && step.truncated) == false);
        if (step.info.dropped) break;
        CHECK(step.costs.size() == env.spec().cost_names.size());
        for (const double cost : step.costs) CHECK(std::isfinite(cost));
        run.push_back(step.reward);
        observation = step.observation;
        if (step.terminated || step.truncated) break;
      }
    }
    CHECK(rewards[0] == rewards[1]);
  }
}

TEST_CASE("single user: an episode is what a world with one user collects, step by step") {
  int episodes = 0, terminated = 0, truncated = 0, entered = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const auto world = world_of_one(Seed{seed}, 4, 0.15);
    std::vector<float> first;
    std::vector<int> actions;
    std::vector<SingleUser::Step> expected;
    play(
        *world,
        [&](const RequestBatch& r, std::size_t row) {
          actions.push_back(keyed_coin()(r, row));
          return actions.back();
        },
        [&](const RequestBatch& r, const TransitionBatch& t) {
          if (first.empty()) first = r.observation;
          for (std::size_t i = 0; i < t.size(); ++i)
            expected.push_back({.observation = t.next_observation, .reward = static_cast<double>(t.reward[i]),
                                .costs = {t.costs.begin(), t.costs.end()}, .terminated = t.terminated[i] != 0,
                                .truncated = t.truncated[i] != 0,
                                .info = {.watch_time_s = t.watch_time_s[i], .displaced_s = t.displaced_s[i], .elapsed_s = t.elapsed_s[i],
                                         .entered = t.entered[i] != 0, .session_ended = t.session_ended[i] != 0}});
        });
    if (actions.empty()) continue;
    ++episodes;
    SingleUser env = one_user(4, 0.15);
    CHECK(env.reset(Seed{seed}) == first);
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const SingleUser::Step step = env.step(actions[i]);
      const bool is_last = i + 1 == actions.size();
      if (step.info.dropped) {
        CHECK(is_last);
        CHECK(expected.size() == i);
        break;
      }
      REQUIRE(i < expected.size());
      CHECK(step.observation == expected[i].observation);
      CHECK(step.reward == expected[i].reward);
      CHECK(step.costs == expected[i].costs);
      CHECK(step.terminated == expected[i].terminated);
      CHECK(step.truncated == expected[i].truncated);
      CHECK(step.info.watch_time_s == expected[i].info.watch_time_s);
      CHECK(step.info.displaced_s == expected[i].info.displaced_s);
      CHECK(step.info.elapsed_s == expected[i].info.elapsed_s);
      CHECK(step.info.entered == expected[i].info.entered);
      CHECK(step.info.session_ended == expected[i].info.session_ended);
      CHECK((step.terminated || step.truncated) == is_last);
      terminated += step.terminated ? 1 : 0;
      truncated += step.truncated ? 1 : 0;
      entered += step.info.entered ? 1 : 0;
    }
  }
  CHECK(episodes > 20);
  CHECK(terminated > 3);
  CHECK(truncated > 3);
  CHECK(entered > 50);
}

}  // namespace sluice
