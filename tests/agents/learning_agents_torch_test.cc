// What every learning agent owes the rest of the program, through make_agent().

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "agents/agents.h"
#include "sim/check.h"
#include "tests/agents/trained_agents.h"

namespace sluice {
namespace {

TEST_CASE("learning agents: nothing is learned before the warm-up") {
  const EnvSpec spec = feed_like_spec(kUsers);
  for (const AgentConfig& config : learners()) {
    const auto agent = make_agent(config, spec, Seed(1), quick());
    agent->observe(random_transitions(spec, 99, 1));
    CHECK_FALSE(agent->update().has_value());
    agent->observe(random_transitions(spec, 1, 2));
    CHECK(agent->update().has_value());
  }
}

TEST_CASE("learning agents: the same seed gives the same parameters, another seed does not") {
  const EnvSpec spec = feed_like_spec(kUsers);
  for (const AgentConfig& config : learners()) {
    AgentState first, second, other;
    trained(config, spec, 5, 20)->save(first);
    trained(config, spec, 5, 20)->save(second);
    trained(config, spec, 6, 20)->save(other);
    CHECK(same_arrays(first, second));
    CHECK_FALSE(same_arrays(first, other));
  }
}

TEST_CASE("learning agents: a saved agent acts identically after loading") {
  const EnvSpec spec = feed_like_spec(kUsers);
  for (const AgentConfig& config : learners()) {
    const auto agent = trained(config, spec, 5, 30);
    AgentState state;
    agent->save(state);
    const auto loaded = make_agent(config, spec, Seed(5), quick());
    loaded->load(state);
    std::vector<float> keys;
    for (int user = 0; user < kUsers; ++user) keys.push_back(static_cast<float>(user / 2));
    loaded->begin_day(0, keys);
    for (std::uint32_t page = 0; page < 5; ++page) {
      const RequestBatch requests = some_requests(spec, page);
      std::vector<Decision> own(kUsers), theirs(kUsers);
      agent->act(requests, Mode::kEvaluate, own);
      loaded->act(requests, Mode::kEvaluate, theirs);
      for (int i = 0; i < kUsers; ++i) {
        const auto k = static_cast<std::size_t>(i);
        CHECK(own[k].action == theirs[k].action);
        CHECK(own[k].group == theirs[k].group);
        CHECK(own[k].propensity == theirs[k].propensity);
      }
    }
    CHECK(loaded->multipliers() == agent->multipliers());
  }
}

TEST_CASE("learning agents: a state of another schema, kind or shape is refused") {
  const EnvSpec spec = feed_like_spec(kUsers);
  AgentState state;
  make_agent(small_dqn(), spec, Seed(1), quick())->save(state);
  CHECK_THROWS_AS(make_agent(small_sl_mgac(), spec, Seed(1), quick())->load(state), UserError);
  EnvSpec other = spec;
  other.schema.blocks[0].item[0].scale = 2;
  CHECK_THROWS_AS(make_agent(small_dqn(), other, Seed(1), quick())->load(state), UserError);
  DqnConfig wider = small_dqn();
  wider.hidden = {32};
  CHECK_THROWS_AS(make_agent(wider, spec, Seed(1), quick())->load(state), UserError);
}

// The policy [64, 2] after `updates` updates on transitions that `change` has been at.
std::vector<float> policy_after(const AgentConfig& config, int updates, const auto& change) {
  const EnvSpec spec = feed_like_spec(kUsers);
  const auto agent = make_agent(config, spec, Seed(5), quick());
  std::vector<float> keys, policy(2 * kUsers);
  for (int user = 0; user < kUsers; ++user) keys.push_back(static_cast<float>(user / 2));
  agent->begin_day(0, keys);
  TransitionBatch transitions = random_transitions(spec, 500, 9);
  change(transitions);
  agent->observe(transitions);
  for (int i = 0; i < updates; ++i) agent->update();
  agent->probabilities(some_requests(spec, 0).observation, std::vector<std::uint8_t>(kUsers, 1), policy);
  return policy;
}

TEST_CASE("learning agents: a cost without a price changes nothing, however large, and one with a price keeps from what costs") {
  for (AgentConfig config : learners()) {
    CAPTURE(config.index());
    std::visit(
        [](auto& c) {
          if constexpr (requires { c.learning_rate; }) c.learning_rate = 0.01;
          if constexpr (requires { c.actor_learning_rate; }) c.actor_learning_rate = 0.01;
          if constexpr (requires { c.polyak; }) c.polyak = 0.05;
          if constexpr (requires { c.policy_period; c.alpha; }) c.alpha = 30;  // td3_bc: imitates less
        },
        config);
    const auto with = [&](std::size_t cost, float size) {
      return policy_after(config, 80, [&](TransitionBatch& t) {
        for (std::size_t i = 0; i < t.size(); ++i) t.costs[2 * i + cost] += size * static_cast<float>(t.action[i]);
      });
    };
    const std::vector<float> plain = with(1, 0);
    CHECK(with(1, 1000) == plain);
    // The price of usage is known: agents that predict outcomes do not read its cost, and imitators no cost at all.
    const bool reads_costs = !std::holds_alternative<BehaviourCloningConfig>(config) && !std::holds_alternative<SupervisedGreedyConfig>(config);
    if (!reads_costs) continue;
    const auto injected = [](const std::vector<float>& policy) {
      float sum = 0;
      for (std::size_t i = 1; i < policy.size(); i += 2) sum += policy[i];
      return sum;
    };
    CHECK(injected(with(0, 1000)) < injected(with(0, -1000)));
  }
}

TEST_CASE("learning agents: several steps of an update are as many updates of one step, for learners from rollouts") {
  const auto unchanged = [](TransitionBatch&) {};
  int checked = 0;
  for (const AgentConfig& config : learners())
    std::visit(
        [&]<class Config>(Config several) {
          if constexpr (requires { several.steps_per_update; }) {
            several.steps_per_update = 4;
            CHECK(policy_after(several, 1, unchanged) == policy_after(config, 4, unchanged));
            CHECK(policy_after(several, 1, unchanged) != policy_after(config, 1, unchanged));
            ++checked;
          }
        },
        config);
  CHECK(checked == 4);
}

TEST_CASE("learning agents: supervised_greedy searches its threshold for limits on costs that its prices do not name") {
  EnvSpec spec = feed_like_spec(kUsers);
  spec.limits = {{.cost = 1, .limit = 1, .reference = "test"}};
  const auto threshold = [&](std::map<std::string, double> prices) {
    SupervisedGreedyConfig config;
    config.hidden = {16};
    config.threshold = 7;
    config.multiplier = FixedMultiplierConfig{std::move(prices)};
    const auto agent = make_agent(config, spec, Seed(1), quick());
    for (int day = 0; day < 3; ++day) agent->update_multipliers(std::vector<double>{0, 5});
    AgentState state;
    agent->save(state);
    return state.arrays.at("threshold").values.at(0);
  };
  CHECK(threshold({{"cost_usage", 0}, {"cost_skip", 0}}) == 7);
  CHECK(threshold({{"cost_usage", 0}}) > 7);
}

TEST_CASE("learning agents: propensities are the probabilities of the whole behaviour") {
  const EnvSpec spec = feed_like_spec(kUsers);
  for (const AgentConfig& config : learners()) {
    const auto agent = trained(config, spec, 5, 30);
    const RequestBatch requests = some_requests(spec, 0);
    std::vector<Decision> evaluate(kUsers), explore(kUsers);
    agent->act(requests, Mode::kEvaluate, evaluate);
    std::vector<std::uint8_t> groups;
    for (const Decision& decision : evaluate) groups.push_back(decision.group);
    std::vector<float> policy(2 * kUsers);
    agent->probabilities(requests.observation, groups, policy);
    agent->act(requests, Mode::kExplore, explore);
    for (std::size_t i = 0; i < kUsers; ++i) {
      CHECK(policy[2 * i] + policy[2 * i + 1] == doctest::Approx(1));
      CHECK(evaluate[i].propensity == policy[2 * i + evaluate[i].action]);
      CHECK(explore[i].propensity ==
            doctest::Approx(0.8 * policy[2 * i + explore[i].action] + 0.2 / 2));
    }
  }
}

TEST_CASE("learning agents: the decision for a request does not depend on the batch around it") {
  const EnvSpec spec = feed_like_spec(kUsers);
  for (const AgentConfig& config : learners()) {
    const auto agent = trained(config, spec, 5, 30);
    const RequestBatch all = some_requests(spec, 3);
    std::vector<Decision> together(kUsers), alone(1);
    agent->act(all, Mode::kEvaluate, together);
    const auto width = static_cast<std::ptrdiff_t>(spec.schema.width);
    for (std::size_t i = 0; i < kUsers; i += 7) {
      RequestBatch one;
      one.user = {all.user[i]};
      one.key = {all.key[i]};
      one.time = {0};
      const auto row = all.observation.begin() + static_cast<std::ptrdiff_t>(i) * width;
      one.observation.assign(row, row + width);
      agent->act(one, Mode::kEvaluate, alone);
      CHECK(alone[0].action == together[i].action);
      CHECK(alone[0].propensity == doctest::Approx(together[i].propensity).epsilon(1e-4));
    }
  }
}

TEST_CASE("learning agents: saved and loaded after 50 updates, 100 more are those of an uninterrupted run, byte for byte") {
  EnvSpec spec = feed_like_spec(kUsers);
  spec.limits = {{.cost = 0, .limit = 5, .reference = "test"}};
  std::vector<AgentConfig> all = learners();
  const auto add = [&](auto config, auto change) {
    config.hidden = {16};
    change(config);
    all.push_back(config);
  };
  add(DqnConfig{}, [](auto& c) { c.randomized_band = 0.5; });
  add(DqnConfig{}, [](auto& c) { c.target_period = 3, c.dueling = true; });
  add(AveragedDqnConfig{}, [](auto& c) { c.target_period = 3, c.num_averaged = 4; });
  add(C51Config{}, [](auto& c) { c.randomized_band = 0.5; });
  add(SacConfig{}, [](auto& c) { c.q_clip = 0.5, c.num_critics = 1; });
  add(TscacConfig{}, [](auto& c) { c.multiplier = DualMultiplierConfig{}; });
  add(Td3Config{}, [](auto& c) { c.relaxation = Relaxation::kProbability; });
  add(DdpgConfig{}, [](auto& c) { c.relaxation = Relaxation::kConcrete; });
  add(PqnConfig{}, [](auto& c) { c.rollout_transitions = 100, c.randomized_band = 0.5; });
  for (AgentConfig config : all) {
    CAPTURE(config.index());
    std::visit(
        []<class Config>(Config& c) {
          if constexpr (requires { c.multiplier; })
            if (std::string(Config::kInfo.limits) == "price") c.multiplier = DualMultiplierConfig{};  // others keep limits by themselves
        },
        config);
    check_resumes(config, spec);
  }
}

// One state that repeats with reward 1 and γ = .9: worth 10 if the horizon cut it, 1 if it ended.
double learned_value(const AgentConfig& config, bool terminated) {
  const auto agent = make_agent(config, one_state_spec(1), Seed(2), {.batch_size = 8, .warmup_transitions = 1});
  TransitionBatch t;
  t.width = 2;
  for (int action = 0; action < 2; ++action) {
    t.user.push_back(0);
    t.observation.insert(t.observation.end(), {1, 0});
    t.next_observation.insert(t.next_observation.end(), {1, 0});
    t.action.push_back(static_cast<std::uint8_t>(action));
    t.group.push_back(0);
    t.propensity.push_back(1);
    t.reward.push_back(1);
    t.watch_time_s.push_back(0);
    t.displaced_s.push_back(0);
    t.entered.push_back(0);
    t.elapsed_s.push_back(1);
    t.session_ended.push_back(0);
    t.terminated.push_back(terminated ? 1 : 0);
    t.truncated.push_back(terminated ? 0 : 1);
  }
  double value = 0;
  for (int i = 0; i < 1500; ++i) {
    agent->observe(t);  // again and again, for those that forget what they learned from
    value = agent->update()->q_mean;
  }
  return value;
}

TEST_CASE("learning agents: a truncated step bootstraps, a terminated one does not") {
  for (AgentConfig config : learners()) {
    if (std::holds_alternative<BehaviourCloningConfig>(config)) continue;  // has no values
    std::visit(
        []<class Config>(Config& c) {
          if constexpr (Config::kInfo.learns) {
            c.hidden = {8};
            c.learning_rate = 0.01;
            c.reward_scale = 1;
            if constexpr (requires { c.polyak; }) c.polyak = 0.1;
            if constexpr (requires { c.num_averaged; }) c.target_period = 2;
            if constexpr (requires { c.temperature.initial; }) c.temperature = {.initial = 1e-4, .learning_rate = 0};
            if constexpr (requires { c.rollout_transitions; }) c.rollout_transitions = 2;
            if constexpr (requires { c.dropout; }) c.dropout = 0.001;  // of 8 units: more, and the least of two noisy targets is well below their mean
          }
        },
        config);
    CAPTURE(config.index());
    const double for_ever = std::holds_alternative<SupervisedGreedyConfig>(config) ? 1 : 10;  // γ = 0 does not look beyond either way
    CHECK(learned_value(config, false) == doctest::Approx(for_ever).epsilon(0.03));
    CHECK(learned_value(config, true) == doctest::Approx(1).epsilon(0.03));
  }
}

}  // namespace
}  // namespace sluice
