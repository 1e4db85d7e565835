// Burn-in: outside all tables, simulated once, and every arm goes on from its end.
#include "experiments/worlds.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "experiments/marginals.h"
#include "experiments/policy_loop.h"
#include "tests/feed_fixture.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

FeedConfig small_feed() {
  FeedConfig config;
  config.days = 2;
  config.burn_in.days = 3;
  config.users = BehaviouralUsersConfig{.count = 200};
  config.supply = MarkovModulatedSupplyConfig{.streamers = {.count = 200}};
  return config;
}

std::vector<float> first_batch(FeedWorld& world) {
  world.begin_phase({.days = 1});
  while (world.recv().size() == 0) {}
  return world.waiting().observation;
}

}  // namespace

TEST_CASE("burn-in: is outside all tables, which begin with day 0 after it") {
  const FeedConfig config = small_feed();
  Worlds worlds(1);
  const auto world = worlds.fork(config, {200, 5});
  CHECK(world->now() == 3 * kDay);
  world->begin_phase({.days = 2, .transitions = Transitions::kCollect});
  double usage = 0, live = 0;
  std::int64_t dropped = 0;
  const std::int64_t decisions = play(*world, keyed_coin(), [&](const RequestBatch&, const TransitionBatch& t) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      usage -= static_cast<double>(t.costs[i * kNumFeedCosts + kCostTime]);
      live += static_cast<double>(t.reward[i]);
    }
  });
  dropped = world->num_open_dropped();
  const Table daily = world->daily(), episodes = world->episodes();
  CHECK(daily.get<std::int64_t>("day") == std::vector<std::int64_t>{0, 1});
  const auto sum = [](const std::vector<double>& values) {
    double total = 0;
    for (const double x : values) total += x;
    return total;
  };
  REQUIRE(dropped <= 3);
  for (const Table* table : {&daily, &episodes}) {
    CHECK(sum(table->get<double>("app_usage_s")) == doctest::Approx(usage).epsilon(0.005));
    CHECK(sum(table->get<double>("live_watch_s")) == doctest::Approx(live).epsilon(0.005));
  }
  std::int64_t requests = 0, length = 0;
  for (const std::int64_t n : daily.get<std::int64_t>("requests")) requests += n;
  for (const std::int64_t n : episodes.get<std::int64_t>("length")) length += n;
  for (const std::int64_t n : episodes.get<std::int64_t>("active_days")) CHECK(n <= 2);
  CHECK(requests == decisions);
  CHECK(length == decisions);
  CHECK(world->num_decisions() == decisions);
}

TEST_CASE("burn-in: all arms of a seed go on from its end with the histories and groups it gave, whatever they do themselves") {
  const FeedConfig config = small_feed();
  Worlds worlds(1);
  const auto first = worlds.fork(config, {200, 5});
  first->begin_phase({.days = 2});
  play(*first, constant(1));  // an arm that injects always
  const auto second = worlds.fork(config, {200, 5}), third = worlds.fork(config, {200, 5});
  Worlds elsewhere(1);
  const auto anew = elsewhere.fork(config, {200, 5});
  int with_history = 0, groups = 0;
  for (int user = 0; user < 200; ++user) {
    CHECK(second->reporting_group(user) == anew->reporting_group(user));
    CHECK(first->reporting_group(user) == second->reporting_group(user));
    groups |= 1 << second->reporting_group(user);
    with_history += second->reporting_group(user) > 0 ? 1 : 0;  // watched live in the burn-in
  }
  CHECK(with_history > 60);
  CHECK(groups == 0b11111);
  const std::vector<float> seen = first_batch(*second);
  CHECK(seen.size() >= 79);
  CHECK(seen == first_batch(*third));
  CHECK(seen == first_batch(*anew));
}

TEST_CASE("burn-in: is simulated once, in memory, for all arms of a seed") {
  // A world anew would have to read the trace again.
  const auto path = own_folder() / "once.csv";
  std::ofstream(path) << "streamer,start_s,end_s\na,0,40000\nb,600,90000\n";
  FeedConfig config = small_feed();
  config.supply = TraceSupplyConfig{.file = path.string(), .repeat_days = 2};
  Worlds worlds(1);
  const double now = worlds.fork(config, {200, 5})->now();
  std::filesystem::remove(path);
  CHECK(worlds.fork(config, {200, 5})->now() == now);
  CHECK(worlds.never_costs(config, {200, 5}, 1).size() == 4);
  FeedConfig longer = config;  // what only judges, or comes after it, shares the burn-in
  longer.days = 9;
  longer.limits.clear();
  CHECK(worlds.fork(longer, {200, 5})->now() == now);
  CHECK_THROWS_AS(worlds.fork(config, {200, 6}), UserError);
}

TEST_CASE("burn-in: its days and its rule matter, its end is the same for the limits' reference policy") {
  FeedConfig config = small_feed();
  Worlds worlds(1);
  const std::vector<double> costs = worlds.never_costs(config, {200, 5}, 2);
  CHECK(worlds.never_costs(config, {200, 5}, 2) == costs);
  // The reference is the policy `never` in the same world: by hand.
  const auto world = worlds.fork(config, {200, 5});
  world->begin_phase({.days = 2, .observations = Observations::kSkip});
  play(*world, constant(0));
  CHECK(world->cost_means() == costs);
  const auto limits = resolve_limits(config, costs);
  REQUIRE(limits.size() == 2);
  for (const CostLimit& limit : limits) {
    const double base = costs[static_cast<std::size_t>(limit.cost)];
    CHECK(limit.limit == doctest::Approx(limit.cost == kCostTime ? base : 1.005 * base));
  }
  config.burn_in.policy = AlwaysConfig{};
  CHECK(worlds.never_costs(config, {200, 5}, 2) != costs);
}

TEST_CASE("burn-in: steps it leaves open and costs it charged are nothing to the phase after it") {
  const FeedConfig config = small_feed();
  Worlds worlds(1);
  const auto world = worlds.fork(config, {200, 5});
  world->begin_phase({.days = 2, .transitions = Transitions::kCollect});
  CHECK(std::isnan(world->take_cost_values()[kCostTime]));
  std::set<std::int32_t> asked;
  play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch& t) {
    for (const std::int32_t user : t.user) CHECK(asked.contains(user));
    for (const double time : t.time) CHECK(time >= 3 * kDay);
    asked.insert(r.user.begin(), r.user.end());
  });
  const std::vector<double> charged = world->take_cost_values(), means = world->cost_means();
  for (const int cost : {kCostUsage, kCostTime, kCostSkip}) {
    const auto k = static_cast<std::size_t>(cost);
    CHECK(charged[k] == doctest::Approx(means[k]));
  }
}

TEST_CASE("burn-in: a world prepared ahead is at the burn-in's end, not where the reference policy left it") {
  const FeedConfig config = small_feed();
  Worlds prepared(1), asked(1);
  prepared.prepare(config, {200, 5}, 2);
  const auto costs = prepared.never_costs(config, {200, 5}, 2);
  CHECK(costs == asked.never_costs(config, {200, 5}, 2));
  for (Worlds* worlds : {&prepared, &asked}) CHECK(worlds->fork(config, {200, 5})->now() == 3 * kDay);
  CHECK(first_batch(*prepared.fork(config, {200, 5})) == first_batch(*asked.fork(config, {200, 5})));
}

TEST_CASE("burn-in: the realism report is measured under its rule") {
  FeedConfig config = small_feed();
  const auto live_share = [&](const AgentConfig& policy) {
    config.burn_in.policy = policy;
    return measure_marginals(config, {.users = 40, .seed = 5, .num_threads = 1, .progress = ""}).live_share;
  };
  CHECK(live_share(NeverConfig{}) == 0);
  const double half = live_share(RandomConfig{.probability = 0.5}), always = live_share(AlwaysConfig{});
  CHECK(half > 0.01);
  CHECK(half / always == doctest::Approx(0.5).epsilon(0.1));
}

TEST_CASE("limits: are so much above the reference, in its own size or absolutely, whatever its sign") {
  FeedConfig config;
  const std::vector<double> never = {10, -2000, 0.2, 0};  // cost_usage, cost_time, cost_retention, cost_skip
  config.limits = {{"cost_usage", {"none", 50, false}},
                   {"cost_time", {"never", 0.01, true}},
                   {"cost_retention", {"never", 0.01, true}},
                   {"cost_skip", {"never", 2, false}}};
  std::map<int, double> limit;
  for (const CostLimit& each : resolve_limits(config, never)) limit[each.cost] = each.limit;
  CHECK(limit.size() == 4);
  CHECK(limit[kCostUsage] == doctest::Approx(50));
  CHECK(limit[kCostTime] == doctest::Approx(-1980));  // a hundredth of the time may be lost
  CHECK(limit[kCostRetention] == doctest::Approx(0.202));
  CHECK(limit[kCostSkip] == doctest::Approx(2));
}

TEST_CASE("defaults: a window of 60 s, 28 days of burn-in under the threshold rule, and nobody leaves for good") {
  const FeedConfig config;
  CHECK(config.window_s == 60);
  CHECK(FeedOptions{}.window_s == 60);
  CHECK(config.burn_in.days == 28);
  CHECK(std::holds_alternative<ThresholdConfig>(config.burn_in.policy));
  CHECK(std::get<BehaviouralUsersConfig>(config.users).activity.churn_per_day == 0);
  CHECK(LogitUsersConfig{}.churn_per_day == 0);
}

}  // namespace sluice
