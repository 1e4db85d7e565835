#include "sim/single_user.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/feed_fixture.h"

namespace sluice {
namespace {

SingleUser one_user(int days) {
  return SingleUser([days](Seed seed) -> std::unique_ptr<Environment> {
    FeedFixture fixture;
    fixture.users.count = 1;
    fixture.seed = seed;
    auto world = fixture.make_world();
    world->begin_phase({.days = days, .transitions = Transitions::kCollect});
    return world;
  });
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

}  // namespace sluice
