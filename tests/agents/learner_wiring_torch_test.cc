// What an agent makes of its pieces, where only the whole can show it: which network a loss moves, which network a target
// comes from, which rows reach which group.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "agents/agents.h"
#include "agents/q_agent.h"
#include "tests/agents/trained_agents.h"

namespace sluice {
namespace {

AgentState after_one_update(const AgentConfig& config) {
  AgentState state;
  trained(config, feed_like_spec(kUsers), 5, 1)->save(state);
  return state;
}

// Whether all arrays whose name holds `part` are the same in both.
bool same_of(const std::string& part, const AgentState& a, const AgentState& b) {
  bool same = true, any = false;
  for (const auto& [name, array] : a.arrays) {
    if (("." + name).find("." + part) == std::string::npos) continue;  // critic.extractor. is no actor.
    any = true;
    same = same && b.arrays.at(name).values == array.values;
  }
  REQUIRE(any);
  return same;
}

TEST_CASE("agents: what changes the actor's loss alone changes the actor alone, not the critic nor the features they share") {
  int checked = 0;
  for (const AgentConfig& plain : learners())
    std::visit(
        [&]<class Config>(Config changed) {
          if constexpr (requires { changed.max_gradient_norm; changed.actor_learning_rate; })
            changed.max_gradient_norm = 1e9;
          if constexpr (std::is_same_v<Config, Td3BcConfig>) changed.policy_period = 1;
          const AgentConfig before = changed;
          if constexpr (requires { changed.inverse_temperature; }) changed.inverse_temperature = 0.1;  // iql
          else if constexpr (requires { changed.kl_weight; }) changed.kl_weight = 30;                  // cmpo
          else if constexpr (requires { changed.trust; changed.temperature; }) changed.temperature = 0.1;  // focops
          else if constexpr (requires { changed.entropy_coefficient; }) changed.entropy_coefficient = 3;   // sl_mgac, a2c, ppo, tscac, …
          else if constexpr (std::is_same_v<Config, AwacConfig>) changed.temperature = 0.1;
          else if constexpr (std::is_same_v<Config, Td3BcConfig>) changed.alpha = 100;
          else if constexpr (std::is_same_v<Config, CrrConfig>) changed.weight = CrrWeight::kBinary;
          else if constexpr (std::is_same_v<Config, DdpgConfig>) changed.relaxation = Relaxation::kConcrete;
          else return;
          CAPTURE(Config::kKind);
          const AgentState a = after_one_update(before), b = after_one_update(changed);
          CHECK(same_of("critic.", a, b));
          CHECK_FALSE(same_of("actor.", a, b));
          ++checked;
        },
        plain);
  CHECK(checked == 13);
  // The switch that lets the actor move the features is seen by this.
  SlMgacConfig config = small_sl_mgac();
  config.max_gradient_norm = 1e9;
  SlMgacConfig other = config;
  config.actor_trains_extractor = true;
  CHECK_FALSE(same_of("critic.", after_one_update(config), after_one_update(other)));
}

TEST_CASE("sl-mgac: by default the TD loss does not move the reward prediction, with the switch it does") {
  for (const bool td_trains_rpn : {false, true}) {
    SlMgacConfig config = small_sl_mgac();
    config.td_trains_rpn = td_trains_rpn;
    config.max_gradient_norm = 1e9;
    SlMgacConfig nearer = config;
    nearer.discount = 0.5;  // another TD target
    const AgentState a = after_one_update(config), b = after_one_update(nearer);
    CHECK(same_of("critic.reward.", a, b) == !td_trains_rpn);
    CHECK_FALSE(same_of("critic.residual.", a, b));
  }
}

TEST_CASE("agents: an actor that waits for every third update moves with it and not before") {
  const EnvSpec spec = feed_like_spec(kUsers);
  const auto actor_after = [&](const auto& config, int updates) {
    AgentState state;
    trained(config, spec, 5, updates)->save(state);
    return state;
  };
  const auto check = [&](auto config) {
    config.hidden = {16};
    config.policy_period = 3;
    CHECK(same_of("actor.", actor_after(config, 1), actor_after(config, 2)));
    CHECK_FALSE(same_of("critic.", actor_after(config, 1), actor_after(config, 2)));
    CHECK_FALSE(same_of("actor.", actor_after(config, 2), actor_after(config, 3)));
    CHECK(same_of("actor.", actor_after(config, 3), actor_after(config, 5)));
  };
  check(Td3Config{});
  check(CrossqConfig{});
}

// Transitions of it, never ending: (action, reward, how many, group).
struct Seen {
  std::uint8_t action;
  float reward;
  int times = 1;
  std::uint8_t group = 0;
};
TransitionBatch transitions(const std::vector<Seen>& all) {
  TransitionBatch t;
  t.width = 2;
  for (const Seen& seen : all)
    for (int i = 0; i < seen.times; ++i) {
      t.user.push_back(seen.group);
      t.observation.insert(t.observation.end(), {1, 0});
      t.next_observation.insert(t.next_observation.end(), {1, 0});
      t.action.push_back(seen.action);
      t.group.push_back(seen.group);
      t.propensity.push_back(0.5f);
      t.reward.push_back(seen.reward);
      t.watch_time_s.push_back(0), t.displaced_s.push_back(0), t.entered.push_back(0), t.elapsed_s.push_back(1);
      t.session_ended.push_back(0), t.terminated.push_back(0), t.truncated.push_back(0);
    }
  return t;
}

std::vector<float> values_of(Agent& agent) {
  std::vector<float> q(2);
  REQUIRE(agent.action_values(std::vector<float>{1, 0}, std::vector<std::uint8_t>{0}, q));
  return q;
}
std::vector<float> policy_of(Agent& agent, std::uint8_t group = 0) {
  std::vector<float> p(2);
  agent.probabilities(std::vector<float>{1, 0}, std::vector<std::uint8_t>{group}, p);
  return p;
}

template <class Config>
Config linear(Config config) {
  config.hidden = {};
  config.layer_norm = LayerNorm::kNone;
  config.learning_rate = 0.05;
  config.reward_scale = 1;
  return config;
}

// Learns from one transition, of the action that is worth less at first, over and over: so that the better action changes.
// Each update's error is |Q(s,a) − y|, and `target` says y from all Q so far and the number of the update, from 1.
// Returns in how many updates y would be another with the other rule.
template <class Target, class Other>
int check_errors(const AgentConfig& config, Target target, Other other) {
  const EnvSpec spec = one_state_spec(2);
  int told_apart = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto agent = make_agent(config, spec, Seed(seed), {.batch_size = 4, .warmup_transitions = 1});
    std::vector<std::vector<float>> q = {values_of(*agent)};
    const std::uint8_t action = q[0][0] < q[0][1] ? 0 : 1;
    agent->observe(transitions({{action, 1, 4}}));
    for (std::size_t update = 1; update <= 40; ++update) {
      const UpdateLog log = *agent->update();
      const double y = 1 + 0.9 * target(q, update), theirs = 1 + 0.9 * other(q, update);
      const double own = static_cast<double>(q.back()[action]);
      CHECK(log.td_error_rms == doctest::Approx(std::abs(own - y)).epsilon(1e-4));
      told_apart += std::abs(y - theirs) > 0.01;
      q.push_back(values_of(*agent));
    }
  }
  return told_apart;
}

using History = std::vector<std::vector<float>>;
std::vector<double> mean_of_last(const History& q, const std::vector<std::size_t>& copies) {
  std::vector<double> mean(2);
  for (const std::size_t k : copies)
    for (std::size_t a = 0; a < 2; ++a) mean[a] += static_cast<double>(q[k][a]) / static_cast<double>(copies.size());
  return mean;
}
double greedy(const std::vector<double>& q) { return std::max(q[0], q[1]); }
// The target's value of what the newest network prefers.
double of_preferred(const std::vector<double>& target, const std::vector<float>& newest) { return target[newest[1] > newest[0] ? 1 : 0]; }

TEST_CASE("dqn: a copy of every third update is the target, and double DQN asks the newest network what to do there") {
  const auto copy = [](const History& q, std::size_t update) { return mean_of_last(q, {(update - 1) / 3 * 3}); };
  const auto plain = [&](const History& q, std::size_t update) { return greedy(copy(q, update)); };
  const auto doubled = [&](const History& q, std::size_t update) { return of_preferred(copy(q, update), q.back()); };
  for (const bool dueling : {false, true}) {
    DqnConfig config = linear(DqnConfig{});
    config.target_period = 3;
    config.dueling = dueling;
    config.double_q = false;
    CHECK(check_errors(config, plain, doubled) > 0);
    config.double_q = true;
    CHECK(check_errors(config, doubled, plain) > 0);
  }
}

TEST_CASE("dqn: a target that trails the newest network is the weighted mean of all so far") {
  DqnConfig config = linear(DqnConfig{});
  config.double_q = false;
  config.polyak = 0.2;
  const auto trailing = [](const History& q, std::size_t) {  // linear networks: of parameters and of values alike
    std::vector<double> mean = {static_cast<double>(q[0][0]), static_cast<double>(q[0][1])};
    for (std::size_t k = 1; k < q.size(); ++k)
      for (std::size_t a = 0; a < 2; ++a) mean[a] += 0.2 * (static_cast<double>(q[k][a]) - mean[a]);
    return greedy(mean);
  };
  CHECK(check_errors(config, trailing, [](const History& q, std::size_t) { return greedy(mean_of_last(q, {q.size() - 1})); }) > 0);
}

TEST_CASE("averaged dqn: the target is the mean of as many last copies as wanted, of the first ones while there are fewer") {
  AveragedDqnConfig config = linear(AveragedDqnConfig{});
  config.num_averaged = 3;
  config.target_period = 2;
  const auto averaged = [](const History& q, std::size_t update) {
    std::vector<std::size_t> copies;
    for (std::size_t k = (update - 1) / 2 * 2; k >= 2 && copies.size() < 3; k -= 2) copies.push_back(k);
    if (copies.empty()) copies.push_back(0);
    return greedy(mean_of_last(q, copies));
  };
  CHECK(check_errors(config, averaged, [](const History& q, std::size_t update) { return greedy(mean_of_last(q, {(update - 1) / 2 * 2})); }) > 0);
}

TEST_CASE("dueling dqn: a rise of all advantages changes no Q, one of the value all alike") {
  torch::manual_seed(2);
  DqnConfig config;
  config.hidden = {8};
  QNetwork network(config, one_state_spec(2), 1, {.kind = "test", .dueling = true});
  const torch::Tensor x = torch::tensor({1.0f, 0.5f}).view({1, 2});
  const auto q = [&] { return network.forward(x).z.view({2}).detach().clone(); };
  torch::Tensor bias;
  for (const auto& item : network.named_parameters())
    if (item.key() == "head.layer1_bias") bias = item.value().detach().view({3});
  REQUIRE(bias.defined());
  const torch::Tensor before = q();
  bias.slice(0, 0, 2).add_(5);
  CHECK((q() - before).abs().max().item<float>() < 1e-5f);
  bias[2] += 5;
  CHECK((q() - before - 5).abs().max().item<float>() < 1e-5f);
  bias[0] += 2;
  CHECK((q() - before - 5)[0].item<float>() == doctest::Approx(1));
  CHECK((q() - before - 5)[1].item<float>() == doctest::Approx(-1));
}

std::unique_ptr<Agent> learned(const AgentConfig& config, const TransitionBatch& log, int updates = 1500, EnvSpec spec = one_state_spec(2)) {
  auto agent = make_agent(config, spec, Seed(1), {.batch_size = 64, .warmup_transitions = 1});
  agent->begin_day(0, std::vector<float>{0, 1});
  agent->observe(log);
  for (int i = 0; i < updates; ++i) agent->update();
  return agent;
}

TEST_CASE("cql: what the log seldom does is held to be bad, the more so the larger α, by the gap of its own minimum") {
  // Action 0 nine times of ten; γ = 0, so that Q is a regression of two numbers: α·(softmax(Q)_a − ŵ_a) + 2·ŵ_a·(Q_a − r_a) = 0.
  EnvSpec spec = one_state_spec(2);
  spec.discount = 1e-9;
  CqlConfig config = linear(CqlConfig{});
  const auto q_at = [&](double alpha) {
    config.alpha = alpha;
    return values_of(*learned(config, transitions({{0, 0, 9}, {1, 0.5, 1}}), 3000, spec));
  };
  CHECK(q_at(0)[1] == doctest::Approx(0.5).epsilon(0.03));
  CHECK(q_at(0)[0] == doctest::Approx(0).epsilon(0.03));
  for (const double alpha : {0.1, 1.0}) {
    CAPTURE(alpha);
    double q0 = 0, q1 = 0.5;  // by Newton's fixed point, damped
    for (int i = 0; i < 20000; ++i) {
      const double p = 1 / (1 + std::exp(q1 - q0));
      q0 -= 0.05 * (alpha * (p - 0.9) + 2 * 0.9 * q0), q1 -= 0.05 * (alpha * (1 - p - 0.1) + 2 * 0.1 * (q1 - 0.5));
    }
    const std::vector<float> q = q_at(alpha);
    CHECK(static_cast<double>(q[0]) == doctest::Approx(q0).epsilon(0.05));
    CHECK(static_cast<double>(q[1]) == doctest::Approx(q1).epsilon(0.05));
  }
  CHECK(q_at(1)[1] < q_at(1)[0]);
}

TEST_CASE("bcq: what the log hardly does is neither done nor what the future is worth") {
  // Action 1 pays and is one of ten, a ninth as likely as the other.
  const TransitionBatch log = transitions({{0, 0, 9}, {1, 1, 1}});
  BcqConfig config = linear(BcqConfig{});
  config.polyak = 0.05;
  const auto at = [&](double threshold) {
    config.threshold = threshold;
    return learned(config, log, 3000);
  };
  const auto strict = at(0.2), lax = at(0.05);
  CHECK(policy_of(*strict)[1] == 0);
  CHECK(policy_of(*lax)[1] == 1);
  CHECK(values_of(*strict)[0] == doctest::Approx(0).epsilon(0.1));
  CHECK(values_of(*strict)[1] == doctest::Approx(1).epsilon(0.1));
  CHECK(values_of(*lax)[0] == doctest::Approx(9).epsilon(0.05));
  CHECK(values_of(*lax)[1] == doctest::Approx(10).epsilon(0.05));
}

TEST_CASE("independent groups: each learns from the rows of its own users alone") {
  // To inject is good for group 0 and bad for group 1.
  IndependentGroupsConfig config;
  config.hidden = {8};
  config.num_groups = 2;
  config.learning_rate = config.actor_learning_rate = 0.01;
  config.reward_scale = 1;
  const auto agent = learned(config, transitions({{0, 0, 50, 0}, {1, 1, 50, 0}, {0, 0, 50, 1}, {1, -1, 50, 1}}), 600);
  CHECK(policy_of(*agent, 0)[1] > 0.9);
  CHECK(policy_of(*agent, 1)[1] < 0.1);
}

TEST_CASE("supervised greedy: injects where the reward that it predicts beats skipping by more than the threshold") {
  SupervisedGreedyConfig config;
  config.hidden = {8};
  config.num_groups = 1;
  config.learning_rate = 0.01;
  config.reward_scale = 10;
  const auto injects_at = [&](double threshold) {
    config.threshold = threshold;
    const auto agent = learned(config, transitions({{0, 1, 50}, {1, 4, 50}}), 800);
    CHECK(values_of(*agent)[1] - values_of(*agent)[0] == doctest::Approx(3).epsilon(0.1));
    return policy_of(*agent)[1] == 1;
  };
  CHECK(injects_at(0));
  CHECK(injects_at(2));
  CHECK_FALSE(injects_at(4));
  CHECK(injects_at(-4));
}

}  // namespace
}  // namespace sluice
