#include "agents/oracles.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "agents/agents.h"
#include "agents/planner_features.h"
#include "sim/check.h"
#include "tests/feed_fixture.h"

namespace sluice {
namespace {

EnvSpec columns() {
  EnvSpec spec;
  spec.schema.blocks = {{.name = "user",
                         .kind = BlockKind::kStatic,
                         .item = {{.name = "displaced_s", .unit = "s"}, {.name = "page", .unit = "1"}, {.name = "predicted_watch_s", .unit = "s"}}}};
  spec.schema.finish();
  spec.cost_names = {"cost_usage"};
  spec.latent_names = {"mean_watch_s", "fatigue"};
  spec.num_users = 4;
  return spec;
}

// displaced 10 s, page 3, predicted 12 s for everybody; E[y] as given.
RequestBatch requests(const std::vector<float>& mean_watch) {
  RequestBatch batch;
  for (std::size_t i = 0; i < mean_watch.size(); ++i) {
    batch.user.push_back(static_cast<std::int32_t>(i));
    batch.key.push_back({.user = static_cast<std::uint32_t>(i)});
    batch.time.push_back(0);
    batch.observation.insert(batch.observation.end(), {10, 3, 12});
    batch.latent.insert(batch.latent.end(), {mean_watch[i], 0.5f});
  }
  return batch;
}

std::vector<int> actions(Agent& agent, const RequestBatch& batch) {
  std::vector<Decision> decisions(batch.size());
  agent.act(batch, Mode::kEvaluate, decisions);
  std::vector<int> result;
  for (const Decision& decision : decisions) result.push_back(decision.action);
  return result;
}

TEST_CASE("myopic oracle: compares the true expected Lagrangian reward with its threshold") {
  const EnvSpec spec = columns();
  const auto pure = make_agent(MyopicOracleConfig{.lagrange_multiplier = 0, .threshold_s = 8}, spec, Seed{1});
  CHECK(actions(*pure, requests({7.9f, 8.1f, 0, 100})) == std::vector<int>{0, 1, 0, 1});
  // λ = 1: 2 E[y] − 10 > 8  ⇔  E[y] > 9
  const auto priced = make_agent(MyopicOracleConfig{.lagrange_multiplier = 1, .threshold_s = 8}, spec, Seed{1});
  CHECK(actions(*priced, requests({8.9f, 9.1f, 0, 100})) == std::vector<int>{0, 1, 0, 1});
  CHECK(pure->needs_latent());
  EnvSpec blind = spec;
  blind.latent_names.clear();
  CHECK_THROWS_WITH_AS(make_agent(MyopicOracleConfig{}, blind, Seed{1}), doctest::Contains("mean_watch_s"), UserError);
}

TEST_CASE("group threshold: the threshold is that of the user's group, by live watch of 21 days") {
  const EnvSpec spec = columns();  // predicts 12 s for everybody
  const GroupThresholdConfig config{.lagrange_multiplier = 0, .boundaries_s = {100, 200}, .thresholds_s = {11, 13, 11, 13}};
  const auto agent = make_agent(config, spec, Seed{1});
  const std::vector<float> keys = {0, 99, 100, 200};
  agent->begin_day(0, keys);
  CHECK(actions(*agent, requests({0, 0, 0, 0})) == std::vector<int>{1, 0, 1, 0});
  std::vector<float> probability(4);
  const std::vector<float> rows = {10, 3, 12, 10, 3, 12};
  agent->probabilities(rows, std::vector<std::uint8_t>{0, 1}, probability);
  CHECK(probability == std::vector<float>{0, 1, 1, 0});
  CHECK_THROWS_WITH_AS(make_agent(GroupThresholdConfig{.boundaries_s = {1}}, spec, Seed{1}), doctest::Contains("two more than boundaries"), UserError);
  CHECK_THROWS_WITH_AS(make_agent(GroupThresholdConfig{.boundaries_s = {2, 1}}, spec, Seed{1}), doctest::Contains("ascend"), UserError);
}

TEST_CASE("planner features: inputs are standardised and clipped, squared, and multiplied by the expected watch") {
  const PlannerFeatures features(columns());
  REQUIRE(features.num_inputs() == 4);  // mean_watch_s, fatigue, displaced_s, page
  std::vector<double> x(4);
  const RequestBatch one = requests({7});
  features.inputs(one.observation.data(), one.latent.data(), x);
  CHECK(x == std::vector<double>{7, 0.5, 10, 3});
  PlannerFeatures::standardise(x, std::vector<double>{5, 0, 0, 1}, std::vector<double>{1, 1, 1, 2});
  CHECK(x == std::vector<double>{2, 0.5, 4, 1});  // 10 is clipped to 4 sd
  std::vector<double> expanded(features.size());
  PlannerFeatures::expand(x, expanded);
  CHECK(expanded == std::vector<double>{1, 2, 0.5, 4, 1, 4, 0.25, 16, 1, 1, 8, 2});
  std::vector<double> weights;
  double dot = 0;
  for (std::size_t i = 0; i < expanded.size(); ++i) {
    weights.push_back(std::sin(static_cast<double>(i)));
    dot += weights[i] * expanded[i];
  }
  CHECK(PlannerFeatures::value(x, weights) == doctest::Approx(dot).epsilon(1e-12));
}

TEST_CASE("planner: decides by its table, comes back from a file, and starts as a myopic oracle") {
  const EnvSpec spec = columns();
  const PlannerConfig config{.start_threshold_s = 8, .boundaries_s = {}};  // groups: 0, and everyone else
  const auto agent = make(config, spec, Seed{1});
  CHECK(actions(*agent, requests({7.9f, 8.1f})) == std::vector<int>{0, 1});
  PlannerTable table{.mean = {0, 0, 0, 0}, .scale = {100, 1, 100, 100}, .weights = {std::vector<double>(12), std::vector<double>(12)}};
  table.weights[0][0] = -1;                          // group 0: never
  table.weights[1][0] = 0.05, table.weights[1][1] = -1;  // others: .05 − E[y]/100 > 0
  AgentState state;
  save(table, state);
  agent->load(state);
  AgentState again;
  agent->save(again);
  CHECK(again.arrays.at("weights").values == state.arrays.at("weights").values);
  const std::vector<float> keys = {0, 50, 50, 50};
  agent->begin_day(0, keys);
  CHECK(actions(*agent, requests({4, 4, 6, 4.9f})) == std::vector<int>{0, 1, 0, 1});
  state.arrays.at("weights").values.pop_back();
  CHECK_THROWS_WITH_AS(agent->load(state), doctest::Contains("do not fit"), UserError);
}

TEST_CASE("latent state: the true expected live watch is what injections bring on average, small or large") {
  FeedFixture fixture;
  fixture.users.count = 1500;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 4, .observations = Observations::kBuildWithLatent, .transitions = Transitions::kCollect});
  const std::size_t latents = world->spec().latent_names.size();
  REQUIRE(world->spec().latent_names[0] == "mean_watch_s");
  // Of injected requests with E[y] below and above 15 s: ΣE[y], Σy, Σy².
  std::vector<float> expected(1500);
  std::array<std::array<double, 4>, 2> sums{};
  play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch& t) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      if (t.action[i] == 0) continue;
      const double mean = static_cast<double>(expected[static_cast<std::size_t>(t.user[i])]), y = static_cast<double>(t.watch_time_s[i]);
      auto& [n, m, sum, squares] = sums[mean > 15 ? 1 : 0];
      n += 1, m += mean, sum += y, squares += (y - mean) * (y - mean);
    }
    for (std::size_t i = 0; i < r.size(); ++i) expected[static_cast<std::size_t>(r.user[i])] = r.latent[i * latents];
  });
  for (const auto& [n, m, sum, squares] : sums) {
    CAPTURE(n);
    const double noise = 4 * std::sqrt(squares);
    CHECK(n > 20000);
    // What the page uses of the budget before the stream comes up makes it a little less.
    CHECK(sum < m + noise);
    CHECK(sum > 0.93 * m - noise);
  }
}

}  // namespace
}  // namespace sluice
