// A world in which injecting only shortens sessions.  Injecting pays a little more at once (1.2 against
// 1), and ends the session; without it a page is the last with probability .1.  The next session starts
// eight hours later.  Not injecting is worth about 8, injecting about 1.4 (γ = .98 per 165 s).

#include <doctest/doctest.h>

#include <array>

#include "agents/agents.h"
#include "agents/bellman.h"

namespace sluice {
namespace {

constexpr float kInjectReward = 1.2f, kPauseS = 165, kNightS = 8 * 3600;

class ShortSessions final : public Environment {
 public:
  explicit ShortSessions(Seed seed) : seed_(seed) {
    ObservationColumn column;
    column.name = "in_session";
    spec_.schema.blocks = {{.name = "state", .kind = BlockKind::kStatic, .item = {column, column}}};
    spec_.schema.finish();
    spec_.num_users = 128;
    spec_.has_watch_outcome = false;
    transitions_.width = 2;
    keys_.assign(128, 0.0f);
  }
  const EnvSpec& spec() const override { return spec_; }
  const TransitionBatch& transitions() const override { return transitions_; }
  int day() const override { return 0; }
  std::span<const float> group_keys() const override { return keys_; }
  std::vector<double> take_cost_values() override { return {}; }
  void transfer(StateArchive&) override {}
  const RequestBatch& waiting() const override { return requests_; }
  std::unique_ptr<Environment> branch(const Branch&) const override { return nullptr; }

  const RequestBatch& recv() override {
    transitions_.clear();
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      const bool injected = answers_[i].action == 1;
      const bool ended = injected || seed_.stream(Purpose::kTest, i, 0, round_)() % 10 == 0;
      transitions_.user.push_back(static_cast<std::int32_t>(i));
      transitions_.observation.insert(transitions_.observation.end(), {1, 0});
      transitions_.next_observation.insert(transitions_.next_observation.end(), {1, 0});
      transitions_.action.push_back(answers_[i].action);
      transitions_.group.push_back(answers_[i].group);
      transitions_.propensity.push_back(answers_[i].propensity);
      transitions_.reward.push_back(injected ? kInjectReward : 1.0f);
      transitions_.watch_time_s.push_back(0);
      transitions_.displaced_s.push_back(0);
      transitions_.entered.push_back(0);
      transitions_.elapsed_s.push_back(ended ? kNightS : kPauseS);
      transitions_.session_ended.push_back(ended ? 1 : 0);
      transitions_.terminated.push_back(0);
      transitions_.truncated.push_back(0);
    }
    ++round_;
    requests_ = {};
    for (std::uint32_t user = 0; user < 128; ++user) {
      requests_.user.push_back(static_cast<std::int32_t>(user));
      requests_.key.push_back({.user = user, .page = round_});
      requests_.time.push_back(0);
      requests_.observation.insert(requests_.observation.end(), {1, 0});
    }
    return requests_;
  }
  void send(std::span<const Decision> decisions) override {
    answers_.assign(decisions.begin(), decisions.end());
  }

 private:
  Seed seed_;
  EnvSpec spec_;
  RequestBatch requests_;
  TransitionBatch transitions_;
  std::vector<float> keys_;
  std::vector<Decision> answers_;
  std::uint32_t round_ = 0;
};

/// Learned probability of injecting.
double injection_probability(const AgentConfig& config) {
  ShortSessions env(Seed(1));
  const auto agent = make_agent(config, env.spec(), Seed(4),
                                {.epsilon_start = 0.3, .epsilon_end = 0.3, .batch_size = 128,
                                 .warmup_transitions = 1000});
  agent->begin_day(0, env.group_keys());
  std::vector<Decision> decisions(128);
  for (int round = 0; round < 2500; ++round) {
    const RequestBatch& requests = env.recv();
    agent->observe(env.transitions());
    agent->act(requests, Mode::kExplore, decisions);
    env.send(decisions);
    agent->update();
  }
  std::vector<float> probability(2);
  agent->probabilities(std::vector<float>{1, 0}, {}, probability);
  return probability[1];
}

template <class Config>
Config small_learner() {
  Config config;
  config.hidden = {16};
  config.learning_rate = 3e-3;
  config.polyak = 0.02;
  return config;
}

/// Exact values of the two actions under the better of them, by value iteration.
std::array<double, 2> exact_values(const DiscountConfig& config) {
  const std::vector<float> elapsed = {kPauseS, kNightS};
  const std::vector<std::uint8_t> ended = {0, 1}, terminated = {0, 0};
  std::vector<float> f(2);
  discount_factors(config, 0, elapsed, ended, terminated, f);
  std::array<double, 2> q = {0, 0};
  for (int i = 0; i < 5000; ++i) {
    const double v = std::max(q[0], q[1]);
    q = {1 + (0.9 * f[0] + 0.1 * f[1]) * v, kInjectReward + f[1] * v};
  }
  return q;
}

TEST_CASE("session length: discounting by time sees the rest of the session, by request it does not") {
  const std::array<double, 2> by_time = exact_values({.unit = DiscountUnit::kTime});
  CHECK(by_time[0] > 5 * by_time[1]);
  // The next request is the next session's first, one step away whatever the clock says.
  const std::array<double, 2> by_request = exact_values({.unit = DiscountUnit::kRequest});
  CHECK(by_request[1] > by_request[0]);
  const std::array<double, 2> charged =
      exact_values({.unit = DiscountUnit::kRequest, .session_end = 0.9});
  CHECK(charged[0] > charged[1]);
}

TEST_SUITE("slow") {
  TEST_CASE("session length: with default discounts DQN and SL-MGAC learn not to inject") {
    CHECK(injection_probability(small_learner<DqnConfig>()) == 0);
    CHECK(injection_probability(small_learner<SlMgacConfig>()) < 0.05);
  }

  TEST_CASE("session length: with request discounts they learn to inject to everybody's loss") {
    DqnConfig config = small_learner<DqnConfig>();
    config.discount_unit = DiscountUnit::kRequest;
    config.discount = 0.8;  // nearer, so that few updates suffice; the argument is the same
    CHECK(injection_probability(config) == 1);
  }
}

}  // namespace
}  // namespace sluice
