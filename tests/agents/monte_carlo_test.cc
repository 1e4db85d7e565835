#include "agents/monte_carlo.h"

#include <doctest/doctest.h>

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "agents/agents.h"
#include "sim/tabular_environment.h"
#include "tests/feed_fixture.h"
#include "tests/golden_cmdp.h"

namespace sluice {
namespace {

// A tabular environment whose batch waits in every state; rows[s] is a slot in state s.
struct WaitingEverywhere {
  std::unique_ptr<Environment> environment;
  std::vector<std::size_t> rows;
};

WaitingEverywhere wait_in_every_state(const TabularCmdp& cmdp, std::uint64_t seed) {
  WaitingEverywhere w{make_tabular_environment(cmdp, {.num_slots = 2000}, Seed{seed}), std::vector<std::size_t>(15, 2000)};
  std::vector<Decision> decisions(2000);
  for (int round = 0; round < 12; ++round) {
    w.environment->recv();
    if (round == 11) break;
    for (std::size_t i = 0; i < 2000; ++i) decisions[i].action = i % 3 == 0 ? 0 : 1;
    w.environment->send(decisions);
  }
  const RequestBatch& waiting = w.environment->waiting();
  for (std::size_t i = 0; i < 2000; ++i)
    for (std::size_t s = 0; s < 15; ++s)
      if (waiting.observation[i * 15 + s] == 1) w.rows[s] = i;
  for (const std::size_t row : w.rows) REQUIRE(row < 2000);
  return w;
}

constexpr double kLambda = 0.25, kInject = 0.3;

PolicyMaker random_policy() {
  return [](const EnvSpec& spec) { return make_agent(RandomConfig{.probability = kInject}, spec, Seed{9}); };
}

}  // namespace

TEST_CASE("monte carlo: agrees with the exact Q, V and advantage of a tabular MDP, and its intervals cover") {
  const TabularCmdp cmdp = golden_cmdp();
  Eigen::MatrixXd policy(15, 2);
  policy.col(0).setConstant(1 - kInject);
  policy.col(1).setConstant(kInject);
  const PolicyValue exact = evaluate_policy(cmdp, policy);
  const Eigen::MatrixXd q = exact.reward_action_value - kLambda * exact.cost_action_value[0];
  const WaitingEverywhere w = wait_in_every_state(cmdp, 4);

  constexpr int kReplications = 50, kPaths = 12;
  const double t = boost::math::quantile(boost::math::students_t(kPaths - 1), 0.975);
  int within = 0, covered = 0, all = 0;
  for (int replication = 0; replication < kReplications; ++replication) {
    const MonteCarloResult result =
        monte_carlo(*w.environment, w.rows, random_policy(),
                    {.paths = kPaths, .rollouts_per_path = 40, .multipliers = {kLambda}, .tail = 1e-4}, Seed{100ull + static_cast<unsigned>(replication)});
    CHECK(result.unfinished == 0);
    for (int s = 0; s < 15; ++s) {
      const RequestValue& value = result.requests[static_cast<std::size_t>(s)];
      const auto see = [&](const Estimate& e, double truth) {
        const double errors = std::abs(e.mean - truth) / e.standard_error;
        ++all;
        within += errors <= 3 ? 1 : 0;
        covered += errors <= t ? 1 : 0;
      };
      see(value.q[0], q(s, 0));
      see(value.q[1], q(s, 1));
      see(value.v, (1 - kInject) * q(s, 0) + kInject * q(s, 1));
      see(value.advantage, q(s, 1) - q(s, 0));
    }
  }
  REQUIRE(all == kReplications * 15 * 4);
  CHECK(within >= 0.97 * all);           // of Student's t with 11 degrees of freedom: .988
  CHECK(covered >= 0.93 * all);          // nominal .95; 3000 numbers, correlated within a state
  CHECK(covered <= 0.97 * all);          // not by being too wide
}

TEST_CASE("monte carlo: shared luck makes the advantage more certain than its two parts") {
  const TabularCmdp cmdp = golden_cmdp();
  const WaitingEverywhere w = wait_in_every_state(cmdp, 4);
  const MonteCarloResult result =
      monte_carlo(*w.environment, w.rows, random_policy(), {.paths = 30, .rollouts_per_path = 20, .multipliers = {kLambda}}, Seed{1});
  double paired = 0, apart = 0;
  for (const RequestValue& value : result.requests) {
    paired += std::pow(value.advantage.standard_error, 2);
    apart += std::pow(value.q[0].standard_error, 2) + std::pow(value.q[1].standard_error, 2);
  }
  CHECK(paired < 0.8 * apart);
}

TEST_CASE("branch: copies with the users' own luck and the world's seed go on exactly like the world") {
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 3, .transitions = Transitions::kCollect, .at_horizon = AtHorizon::kStop});
  const RowPolicy policy = keyed_coin();
  std::vector<Decision> decisions;
  const auto answer = [&](Environment& environment) {
    const RequestBatch& requests = environment.waiting();
    decisions.assign(requests.size(), {});
    for (std::size_t i = 0; i < requests.size(); ++i) decisions[i].action = static_cast<std::uint8_t>(policy(requests, i));
    environment.send(decisions);
  };
  while (world->recv().size() < 3 || world->now() < kDay + 18 * 3600) answer(*world);
  Branch branch{.rows = {0, 1, 2}, .luck = {}, .shared = fixture.seed, .days = 1};
  std::vector<std::int32_t> users;
  for (const std::size_t row : branch.rows) {
    users.push_back(world->waiting().user[row]);
    branch.luck.push_back(world->waiting().key[row].user);
  }
  const auto copy = world->branch(branch);
  CHECK(copy->waiting().observation.size() == 3 * 79);

  // The next steps of these users, in both.
  using Step = std::vector<float>;
  const auto steps = [&](Environment& environment, bool original) {
    std::map<std::int32_t, std::vector<Step>> seen;
    for (int batch = 0; batch < 3000; ++batch) {
      answer(environment);
      if (environment.recv().size() == 0) break;
      const TransitionBatch& t = environment.transitions();
      for (std::size_t i = 0; i < t.size(); ++i) {
        std::int32_t user = t.user[i];
        if (!original) user = users[static_cast<std::size_t>(user)];
        Step step = {t.reward[i], t.watch_time_s[i], t.elapsed_s[i], static_cast<float>(t.action[i])};
        step.insert(step.end(), t.next_observation.begin() + static_cast<std::ptrdiff_t>(i * 79), t.next_observation.begin() + static_cast<std::ptrdiff_t>((i + 1) * 79));
        seen[user].push_back(step);
      }
    }
    return seen;
  };
  auto original = steps(*world, true);
  const auto copied = steps(*copy, false);
  REQUIRE(copied.size() == 3);
  for (const auto& [user, own] : copied) {
    const std::size_t n = std::min(own.size(), original[user].size());
    CHECK(n >= 20);
    for (std::size_t i = 0; i < n; ++i) CHECK(own[i] == original[user][i]);
  }
}

TEST_CASE("branch: fresh luck gives other outcomes, equal luck the same, and supply feedback is refused") {
  FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 1});
  while (world->recv().size() == 0) {}
  const auto app_usage = [&](std::uint32_t luck) {
    const auto copy = world->branch({.rows = {0}, .luck = {luck}, .shared = Seed{5}, .days = 2});
    double cost = 0;
    std::vector<Decision> decisions(1);
    do {
      copy->send(decisions);
      decisions.assign(copy->recv().size(), {});
      for (std::size_t i = 0; i < copy->transitions().size(); ++i) cost += static_cast<double>(copy->transitions().costs[i * 4 + kCostTime]);
    } while (!decisions.empty());
    return cost;
  };
  CHECK(app_usage(7) == app_usage(7));
  CHECK(app_usage(7) != app_usage(8));

  fixture.supply.feedback.enabled = true;
  const auto listening = fixture.make_world();
  listening->begin_phase({.days = 1});
  while (listening->recv().size() == 0) {}
  CHECK_THROWS_WITH_AS(listening->branch({.rows = {0}, .luck = {1}, .shared = Seed{5}}), doctest::Contains("feedback"), UserError);
}

TEST_CASE("monte carlo: on the feed, the value of a request is what its reruns bring on average") {
  // An independent estimate: the whole world run again with other luck, one copy at a time, discounted by hand.
  const FeedFixture fixture;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 1});
  std::vector<Decision> decisions;
  while (world->recv().size() < 2 || world->now() < 19 * 3600) world->send(decisions = std::vector<Decision>(world->waiting().size()));
  const MonteCarloOptions options{.paths = 40, .rollouts_per_path = 10, .discount = {.discount = 0.9}, .multipliers = {0, 0.1, 0, 0}};
  const PolicyMaker always = [](const EnvSpec& spec) { return make_agent(AlwaysConfig{}, spec, Seed{0}); };
  const MonteCarloResult result = monte_carlo(*world, {0}, always, options, Seed{77});
  std::vector<double> reruns;
  for (std::uint32_t luck = 1; luck <= 400; ++luck) {
    const auto copy = world->branch({.rows = {0}, .luck = {luck}, .shared = Seed{1000 + luck}, .days = 2});
    double sum = 0, weight = 1;
    decisions.assign(1, {.action = 1});
    while (!decisions.empty() && weight > 1e-6) {
      copy->send(decisions);
      decisions.assign(copy->recv().size(), {.action = 1});
      const TransitionBatch& t = copy->transitions();
      if (t.size() == 0) continue;
      REQUIRE(t.size() == 1);
      sum += weight * (static_cast<double>(t.reward[0]) - 0.1 * static_cast<double>(t.costs[kCostTime]));
      weight *= std::pow(0.9, static_cast<double>(t.elapsed_s[0]) / 165);
    }
    reruns.push_back(sum);
  }
  const Estimate brute = estimate(reruns), mc = result.requests[0].q[1];
  CHECK(mc.mean > 0);
  CHECK(std::abs(mc.mean - brute.mean) < 3.5 * std::hypot(mc.standard_error, brute.standard_error));
  CHECK(result.requests[0].v.mean == mc.mean);
  CHECK(mc.standard_error < 0.3 * mc.mean);
}

}  // namespace sluice
