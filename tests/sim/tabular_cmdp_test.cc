#include "sim/tabular_cmdp.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/check.h"
#include "sim/example_cmdps.h"
#include "sim/tabular_environment.h"
#include "tests/golden_cmdp.h"

namespace sluice {
namespace {

Eigen::MatrixXd always_action(int action) {
  Eigen::MatrixXd policy = Eigen::MatrixXd::Zero(15, 2);
  policy.col(action).setOnes();
  return policy;
}

TEST_CASE("tabular cmdp: never and always have their known values in the golden example") {
  const TabularCmdp cmdp = golden_cmdp();
  cmdp.validate();
  const PolicyValue never = evaluate_policy(cmdp, always_action(0));
  CHECK(never.reward == doctest::Approx(0));
  CHECK(never.cost[0] == doctest::Approx(-GoldenCmdp::kNeverShortVideo).epsilon(1e-12));
  const PolicyValue always = evaluate_policy(cmdp, always_action(1));
  CHECK(always.reward == doctest::Approx(GoldenCmdp::kAlwaysReturn).epsilon(1e-12));
  CHECK(always.cost[0] == doctest::Approx(-GoldenCmdp::kAlwaysShortVideo).epsilon(1e-12));
}

TEST_CASE("tabular cmdp: the published optimal policy has the published value") {
  const TabularCmdp cmdp = golden_cmdp();
  Eigen::MatrixXd policy = always_action(0);
  policy.row(10) << 0, 1;
  policy.row(5) << 1 - 0.0662, 0.0662;
  const PolicyValue value = evaluate_policy(cmdp, policy);
  CHECK(value.reward == doctest::Approx(GoldenCmdp::kOptimum).epsilon(1e-3));
  CHECK(value.cost[0] == doctest::Approx(-GoldenCmdp::kFloor).epsilon(1e-4));
  // Along the multiplier both neighbours are equally good: strong duality.
  policy.row(5) << 1, 0;
  const PolicyValue feasible = evaluate_policy(cmdp, policy);
  CHECK(feasible.reward == doctest::Approx(28.8770).epsilon(1e-5));
  CHECK(feasible.reward - GoldenCmdp::kMultiplier * (feasible.cost[0] + GoldenCmdp::kFloor) ==
        doctest::Approx(GoldenCmdp::kOptimum).epsilon(1e-7));
}

TEST_CASE("tabular cmdp: values satisfy their Bellman equations and the occupancy gives the return") {
  const TabularCmdp cmdp = golden_cmdp();
  const Eigen::MatrixXd policy = Eigen::MatrixXd::Constant(15, 2, 0.5);
  const PolicyValue value = evaluate_policy(cmdp, policy);
  const Eigen::VectorXd mean = policy.cwiseProduct(value.reward_action_value).rowwise().sum();
  CHECK((mean - value.reward_value).cwiseAbs().maxCoeff() < 1e-10);
  const double by_occupancy =
      (value.occupancy.asDiagonal() * policy).cwiseProduct(cmdp.reward).sum();
  CHECK(by_occupancy == doctest::Approx(value.reward).epsilon(1e-12));
}

TEST_CASE("tabular cmdp: the averaged policy has the mean return and the mean cost") {
  const TabularCmdp cmdp = golden_cmdp();
  const PolicyValue never = evaluate_policy(cmdp, always_action(0));
  const PolicyValue always = evaluate_policy(cmdp, always_action(1));
  const Eigen::MatrixXd average = average_policy(cmdp, {always_action(0), always_action(1)});
  const PolicyValue both = evaluate_policy(cmdp, average);
  CHECK(both.reward == doctest::Approx((never.reward + always.reward) / 2).epsilon(1e-12));
  CHECK(both.cost[0] == doctest::Approx((never.cost[0] + always.cost[0]) / 2).epsilon(1e-12));
}

TEST_CASE("tabular cmdp: a wrong entry is named") {
  const auto message = [](const TabularCmdp& cmdp) -> std::string {
    try {
      cmdp.validate();
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  TabularCmdp cmdp = golden_cmdp();
  cmdp.transition[1](7, 8) = 2;
  CHECK(message(cmdp).find("P[7, 1, :] sums to") != std::string::npos);
  cmdp = golden_cmdp();
  cmdp.transition[0](3, 4) = -0.1;
  CHECK(message(cmdp).find("P[3, 0, 4] is negative") != std::string::npos);
  cmdp = golden_cmdp();
  cmdp.reward(2, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(message(cmdp).find("R[2, 1] is not finite") != std::string::npos);
  cmdp = golden_cmdp();
  cmdp.initial(0) = 0.7;
  CHECK(message(cmdp).find("mu sums to") != std::string::npos);
  cmdp = golden_cmdp();
  cmdp.limits.clear();
  CHECK(message(cmdp).find("limits") != std::string::npos);
}

// Runs `policy` for `rounds` rounds and returns the mean discounted cost of the finished episodes.
double simulated_cost(Environment& env, int action, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    const std::size_t n = env.recv().size();
    env.send(std::vector<Decision>(n, Decision{.action = static_cast<std::uint8_t>(action)}));
  }
  return env.take_cost_values().at(0);
}

TEST_CASE("tabular environment: simulated discounted cost agrees with the exact one") {
  for (const int action : {0, 1}) {
    CAPTURE(action);
    const auto env = make_tabular_environment(golden_cmdp(), {}, Seed(11));
    // 256 slots × 2000 steps give about 36000 (never) and 85000 (always) episodes; the value of one has
    // a standard deviation below 600, and unfinished episodes at the end bias by less than that error.
    const double simulated = simulated_cost(*env, action, 2000);
    const double exact = evaluate_policy(golden_cmdp(), always_action(action)).cost[0];
    CHECK(std::abs(simulated - exact) < 4 * 600 / std::sqrt(30000.0));
    CHECK(std::isnan(env->take_cost_values().at(0)));
  }
}

TEST_CASE("tabular environment: transitions hold the true successor, and none after termination") {
  const auto env = make_tabular_environment(golden_cmdp(), {.num_slots = 8}, Seed(5));
  std::vector<float> before;
  int terminated = 0;
  for (int round = 0; round < 200; ++round) {
    const RequestBatch& requests = env->recv();
    const TransitionBatch& t = env->transitions();
    CHECK(t.size() == (round == 0 ? 0u : 8u));
    CHECK(t.observation == before);
    for (std::size_t i = 0; i < t.size(); ++i) {
      float next_mass = 0, same = 0;
      for (std::size_t s = 0; s < 15; ++s) {
        next_mass += t.next_observation[i * 15 + s];
        same += t.next_observation[i * 15 + s] * requests.observation[i * 15 + s];
      }
      CHECK(next_mass == (t.terminated[i] != 0 ? 0.0f : 1.0f));
      if (t.terminated[i] == 0 && t.truncated[i] == 0) CHECK(same == 1.0f);
      CHECK((t.terminated[i] & t.truncated[i]) == 0);
      terminated += t.terminated[i];
    }
    before = requests.observation;
    env->send(std::vector<Decision>(8, Decision{.action = 1}));
  }
  CHECK(terminated > 100);
}

TEST_CASE("tabular environment: episodes are truncated at their greatest length, days are rounds") {
  const auto env = make_tabular_environment(
      golden_cmdp(), {.num_slots = 4, .max_episode_steps = 3, .steps_per_day = 5, .days = 4}, Seed(2));
  int rounds = 0, truncated = 0;
  while (env->recv().size() > 0) {
    CHECK(env->day() == rounds / 5);
    for (const std::uint8_t cut : env->transitions().truncated) truncated += cut;
    env->send(std::vector<Decision>(4));
    ++rounds;
  }
  CHECK(rounds == 20);
  CHECK(truncated > 10);
}

TEST_CASE("tabular environment: what is seen of a reward has its mean, whatever noise and tail, and the wanted spread") {
  const TabularCmdp cmdp = random_cmdp({.seed = 3, .num_states = 4, .num_costs = 0});
  const double size = std::sqrt(cmdp.reward.array().square().mean());
  struct Moments {
    double mean = 0, square = 0, exact = 0, exact_square = 0, largest = 0;  // of what is seen; of R where it was seen
    int count = 0;
  };
  const auto play = [&](TabularEnvConfig config) {
    const auto env = make_tabular_environment(cmdp, config, Seed(5));
    Moments m;
    for (int round = 0; round < 400; ++round) {
      const std::size_t n = env->recv().size();
      const TransitionBatch& t = env->transitions();
      for (std::size_t i = 0; i < t.size(); ++i) {
        const auto state = std::find(t.observation.begin() + static_cast<std::ptrdiff_t>(i * 4), t.observation.end(), 1.0f) - t.observation.begin() - static_cast<std::ptrdiff_t>(i * 4);
        const double seen = static_cast<double>(t.reward[i]), exact = cmdp.reward(state, t.action[i]);
        m.mean += seen, m.square += seen * seen, m.exact += exact, m.exact_square += exact * exact, m.largest = std::max(m.largest, seen), ++m.count;
      }
      env->send(std::vector<Decision>(n, {.action = static_cast<std::uint8_t>(round % 2)}));
    }
    for (double* x : {&m.mean, &m.square, &m.exact, &m.exact_square}) *x /= m.count;
    return m;
  };
  const Moments plain = play({}), noisy = play({.reward_noise = 2}), tailed = play({.reward_tail = 3});
  CHECK(plain.mean == doctest::Approx(plain.exact));
  const double error = 4 * 2 * size / std::sqrt(noisy.count);
  CHECK(std::abs(noisy.mean - noisy.exact) < error);
  CHECK(noisy.square - noisy.exact_square == doctest::Approx(4 * size * size).epsilon(0.03));
  // A Pareto number of index 3 and mean 1 has variance 1/3.
  CHECK(tailed.mean == doctest::Approx(tailed.exact).epsilon(0.02));
  CHECK(tailed.square / tailed.exact_square == doctest::Approx(4.0 / 3).epsilon(0.1));
  CHECK(tailed.largest > 5 * plain.largest);
  CHECK_THROWS_WITH_AS(make_tabular_environment(cmdp, {.reward_tail = 1}, Seed(5)), doctest::Contains("above 1"), UserError);
}

TEST_CASE("tabular environment: the same seed gives the same bytes, another seed does not") {
  const auto run = [](std::uint64_t seed) {
    const auto env = make_tabular_environment(golden_cmdp(), {.num_slots = 16}, Seed(seed));
    std::vector<float> rows;
    for (int round = 0; round < 50; ++round) {
      const RequestBatch& requests = env->recv();
      rows.insert(rows.end(), requests.observation.begin(), requests.observation.end());
      env->send(std::vector<Decision>(16, Decision{.action = static_cast<std::uint8_t>(round % 2)}));
    }
    return rows;
  };
  CHECK(run(3) == run(3));
  CHECK(run(3) != run(4));
}

}  // namespace
}  // namespace sluice
