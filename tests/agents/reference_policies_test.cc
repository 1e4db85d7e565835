#include "agents/reference_policies.h"

#include <doctest/doctest.h>

#include <cmath>

#include "agents/agents.h"
#include "sim/check.h"

namespace sluice {
namespace {

EnvSpec feed_columns() {
  EnvSpec spec;
  spec.schema.blocks = {{.name = "user",
                         .kind = BlockKind::kStatic,
                         .item = {{.name = "displaced_s", .unit = "s"},
                                  {.name = "recent_exposures", .unit = "1"}}},
                        {.name = "candidate",
                         .kind = BlockKind::kCandidate,
                         .item = {{.name = "predicted_watch_s", .unit = "s"}}}};
  spec.schema.finish();
  spec.cost_names = {"cost_usage"};
  spec.num_users = 4;
  return spec;
}

RequestBatch requests(std::vector<float> observation, std::uint32_t page) {
  RequestBatch batch;
  for (std::int32_t user = 0; user < 4; ++user) {
    batch.user.push_back(user);
    batch.key.push_back({.user = static_cast<std::uint32_t>(user), .page = page});
    batch.time.push_back(0);
  }
  batch.observation = std::move(observation);
  return batch;
}

std::vector<int> actions(Agent& agent, const RequestBatch& batch) {
  std::vector<Decision> decisions(batch.size());
  agent.act(batch, Mode::kEvaluate, decisions);
  std::vector<int> result;
  for (const Decision& decision : decisions) result.push_back(decision.action);
  return result;
}

TEST_CASE("rules: never and always are what they say, and need no observations") {
  const EnvSpec spec = feed_columns();
  const auto never = make_agent(NeverConfig{}, spec, Seed(1));
  const auto always = make_agent(AlwaysConfig{}, spec, Seed(1));
  CHECK(actions(*never, requests({}, 0)) == std::vector<int>{0, 0, 0, 0});
  CHECK(actions(*always, requests({}, 0)) == std::vector<int>{1, 1, 1, 1});
  CHECK_FALSE(never->needs_observations());
  CHECK_FALSE(never->learns());
  CHECK(never->multipliers() == std::vector<double>{0});
}

TEST_CASE("rules: random injects at its rate, with that propensity, by request key alone") {
  const EnvSpec spec = feed_columns();
  const auto agent = make_agent(RandomConfig{.probability = 0.3}, spec, Seed(1));
  int injected = 0;
  std::vector<Decision> decisions(4);
  for (std::uint32_t page = 0; page < 5000; ++page) {
    agent->act(requests({}, page), Mode::kExplore, decisions);
    for (const Decision& decision : decisions) {
      injected += decision.action;
      CHECK(decision.propensity == doctest::Approx(decision.action == 1 ? 0.3 : 0.7));
    }
  }
  CHECK(std::abs(injected - 6000) < 4 * std::sqrt(20000 * 0.21));
  CHECK(actions(*agent, requests({}, 17)) == actions(*agent, requests({}, 17)));
}

TEST_CASE("rules: interval injects into every n-th request of each user") {
  const auto agent = make_agent(IntervalConfig{.every = 3}, feed_columns(), Seed(1));
  std::vector<std::vector<int>> history;
  for (std::uint32_t page = 0; page < 12; ++page) history.push_back(actions(*agent, requests({}, page)));
  for (std::size_t user = 0; user < 4; ++user)
    for (std::size_t page = 0; page + 3 < 12; ++page) {
      CHECK(history[page][user] + history[page + 1][user] + history[page + 2][user] == 1);
      CHECK(history[page][user] == history[page + 3][user]);
    }
}

TEST_CASE("rules: thresholds compare the predicted Lagrangian reward") {
  const EnvSpec spec = feed_columns();
  // displaced_s, recent_exposures, predicted_watch_s;  λ = 1: r̂ = 2ŷ − v̄
  const std::vector<float> rows = {20, 0, 7.1f, 20, 0, 6.9f, 20, 1, 7.1f, 20, 1, 12.1f};
  const auto threshold =
      make_agent(ThresholdConfig{.lagrange_multiplier = 1, .threshold_s = -6}, spec, Seed(1));
  CHECK(actions(*threshold, requests(rows, 0)) == std::vector<int>{1, 0, 1, 1});
  const auto fatigue = make_agent(
      FatigueThresholdConfig{.lagrange_multiplier = 1, .threshold_s = -6, .slope_s = 10}, spec, Seed(1));
  CHECK(actions(*fatigue, requests(rows, 0)) == std::vector<int>{1, 0, 0, 1});
  std::vector<float> probability(8);
  fatigue->probabilities(rows, {}, probability);
  CHECK(probability == std::vector<float>{0, 1, 1, 0, 1, 0, 0, 1});
}

TEST_CASE("rules: a threshold says which column an environment lacks") {
  EnvSpec spec = feed_columns();
  spec.schema.blocks.pop_back();
  spec.schema.finish();
  try {
    make_agent(ThresholdConfig{}, spec, Seed(1));
    FAIL("accepted");
  } catch (const UserError& error) {
    CHECK(std::string(error.what()).find("predicted_watch_s") != std::string::npos);
  }
}

TEST_CASE("agents: every kind is described once") {
  CHECK(agent_infos().size() == std::variant_size_v<AgentConfig>);
}

}  // namespace
}  // namespace sluice
