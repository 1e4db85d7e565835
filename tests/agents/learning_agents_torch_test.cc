// What every learning agent owes the rest of the program, through make_agent().

#include <doctest/doctest.h>

#include <cmath>

#include "agents/agents.h"
#include "sim/check.h"
#include "tests/agents/learning_fixture.h"

namespace sluice {
namespace {

constexpr int kUsers = 64;

LearningContext quick() {
  return {.epsilon_start = 0.2, .epsilon_end = 0.2, .batch_size = 64, .warmup_transitions = 100,
          .replay_capacity = 1000};
}

SlMgacConfig small_sl_mgac() {
  SlMgacConfig config;
  config.num_groups = 3;
  config.hidden = {16};
  config.num_buckets = 5;
  return config;
}

DqnConfig small_dqn() {
  DqnConfig config;
  config.hidden = {16};
  return config;
}

// Every kind that learns, small.
std::vector<AgentConfig> learners() {
  std::vector<AgentConfig> all;
  const auto add = [&]<class Config>(const Config&) {
    if constexpr (Config::kInfo.learns) {
      Config config;
      config.hidden = {16};
      if constexpr (requires { config.num_groups; }) config.num_groups = 3;
      if constexpr (requires { config.num_buckets; }) config.num_buckets = 5;
      if constexpr (requires { config.rollout_transitions; }) config.rollout_transitions = 100;
      all.push_back(config);
    }
  };
  [&]<class... Kinds>(const std::variant<Kinds...>*) { (add(Kinds{}), ...); }(static_cast<const AgentConfig*>(nullptr));
  return all;
}

std::unique_ptr<Agent> trained(const AgentConfig& config, const EnvSpec& spec, std::uint64_t seed,
                               int updates) {
  auto agent = make_agent(config, spec, Seed(seed), quick());
  std::vector<float> keys;
  for (int user = 0; user < kUsers; ++user) keys.push_back(static_cast<float>(user / 2));
  agent->begin_day(0, keys);
  agent->observe(random_transitions(spec, 500, 9));
  for (int i = 0; i < updates; ++i) {
    const std::optional<UpdateLog> log = agent->update();
    REQUIRE(log.has_value());
    const bool is_imitator = std::holds_alternative<BehaviourCloningConfig>(config);  // has no Q
    if (!is_imitator) REQUIRE(std::isfinite(log->td_loss));
    REQUIRE(std::isfinite(log->gradient_norm));
    if (!is_imitator) REQUIRE(std::isfinite(log->q_abs_max));
  }
  return agent;
}

RequestBatch some_requests(const EnvSpec& spec, std::uint32_t page) {
  RequestBatch requests;
  Rng rng = Seed(31).stream(Purpose::kTest, page);
  for (int user = 0; user < kUsers; ++user) {
    requests.user.push_back(user);
    requests.key.push_back({.user = static_cast<std::uint32_t>(user), .page = page});
    requests.time.push_back(0);
    const std::vector<float> row = random_observation(spec.schema, rng);
    requests.observation.insert(requests.observation.end(), row.begin(), row.end());
  }
  return requests;
}

bool same_arrays(const AgentState& a, const AgentState& b) {
  if (a.arrays.size() != b.arrays.size()) return false;
  for (const auto& [name, array] : a.arrays) {
    const auto found = b.arrays.find(name);
    if (found == b.arrays.end() || found->second.values != array.values) return false;
  }
  return true;
}

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

// SL-MGAC with each of its switches turned, one at a time.
std::vector<SlMgacConfig> switches() {
  std::vector<SlMgacConfig> configs;
  const auto add = [&](auto change) {
    configs.push_back(small_sl_mgac());
    change(configs.back());
  };
  add([](SlMgacConfig&) {});
  add([](SlMgacConfig& c) { c.num_groups = 1; });
  add([](SlMgacConfig& c) { c.num_groups = 1, c.match_groups = 3; });
  add([](SlMgacConfig& c) { c.num_groups = 1, c.reward_unit = RewardUnit::kUser; });
  add([](SlMgacConfig& c) { c.grouping = Grouping::kRandom; });
  add([](SlMgacConfig& c) { c.group_actor = false; });
  add([](SlMgacConfig& c) { c.group_critic = false; });
  add([](SlMgacConfig& c) { c.reward_prediction = false; });
  add([](SlMgacConfig& c) { c.residual = false; });
  add([](SlMgacConfig& c) { c.td_trains_rpn = true; });
  add([](SlMgacConfig& c) { c.twin_critic = TwinCritic::kMin; });
  add([](SlMgacConfig& c) { c.twin_critic = TwinCritic::kMean; });
  add([](SlMgacConfig& c) { c.actor_trains_extractor = true; });
  add([](SlMgacConfig& c) { c.td_loss = TdLoss::kHuber; });
  add([](SlMgacConfig& c) { c.bucket_scheme = BucketScheme::kEqualWidth; });
  add([](SlMgacConfig& c) { c.bucket_scheme = BucketScheme::kEqualFrequency; });
  add([](SlMgacConfig& c) { c.decay_updates = 50; });
  add([](SlMgacConfig& c) { c.multiplier = DualMultiplierConfig{}; });
  add([](SlMgacConfig& c) { c.multiplier = PidMultiplierConfig{}; });
  for (const LayerNorm norm : {LayerNorm::kNone, LayerNorm::kInput}) add([&](SlMgacConfig& c) { c.layer_norm = norm; });
  for (const RewardHead head : {RewardHead::kTwoHot, RewardHead::kHlGauss, RewardHead::kQuantile, RewardHead::kMse})
    add([&](SlMgacConfig& c) { c.reward_head = head; });
  for (const QNormalization kind : {QNormalization::kNone, QNormalization::kMeanAbs, QNormalization::kStd})
    add([&](SlMgacConfig& c) { c.q_normalization = kind; });
  return configs;
}

bool same_blobs(const StateBlobs& a, const StateBlobs& b) {
  if (a.blobs.size() != b.blobs.size()) return false;
  for (const auto& [name, blob] : a.blobs) {
    const auto found = b.blobs.find(name);
    if (found == b.blobs.end() || found->second.bytes != blob.bytes) return false;
  }
  return true;
}

// Trained for 50 updates, saved, loaded, and trained for 100 more, with prices that move and transitions that arrive.
void check_resumes(const AgentConfig& config, const EnvSpec& spec) {
  const auto whole = trained(config, spec, 3, 50);
  StateBlobs saved;
  StateArchive first = StateArchive::saving(saved);
  whole->transfer(first);
  const auto resumed = make_agent(config, spec, Seed(3), quick());
  StateArchive archive = StateArchive::loading(saved);
  resumed->transfer(archive);
  StateBlobs ends[2];
  for (const int which : {0, 1}) {
    Agent& agent = which == 0 ? *whole : *resumed;
    for (int i = 0; i < 100; ++i) {
      if (i % 10 == 0) agent.update_multipliers(std::vector<double>{6.0 - i / 50.0, 1});
      if (i % 7 == 0) agent.observe(random_transitions(spec, 60, static_cast<std::uint64_t>(i)));
      REQUIRE(agent.update().has_value());
    }
    StateArchive end = StateArchive::saving(ends[which]);
    agent.transfer(end);
  }
  CHECK_FALSE(same_blobs(saved, ends[0]));
  CHECK(same_blobs(ends[0], ends[1]));
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
  for (AgentConfig config : all) {
    CAPTURE(config.index());
    std::visit([]<class Config>(Config& c) { if constexpr (requires { c.multiplier; }) c.multiplier = DualMultiplierConfig{}; }, config);
    check_resumes(config, spec);
  }
}

TEST_CASE("sl-mgac: with any switch turned, saved and loaded after 50 updates, 100 more are those of an uninterrupted run, byte for byte") {
  EnvSpec spec = feed_like_spec(kUsers);
  spec.limits = {{.cost = 0, .limit = 5, .reference = "test"}};
  int number = 0;
  for (const SlMgacConfig& config : switches()) {
    CAPTURE(number);
    ++number;
    check_resumes(config, spec);
  }
  SlMgacConfig nothing = small_sl_mgac();
  nothing.reward_prediction = nothing.residual = false;
  CHECK_THROWS_AS(make_agent(nothing, spec, Seed(1), quick()), UserError);
  SlMgacConfig twin_of_nothing = small_sl_mgac();
  twin_of_nothing.residual = false;
  twin_of_nothing.twin_critic = TwinCritic::kMin;
  CHECK_THROWS_WITH_AS(make_agent(twin_of_nothing, spec, Seed(1), quick()), doctest::Contains("twin_critic"), UserError);
}

TEST_CASE("sl-mgac: diagnostics have the same names every time and change nothing, with any switch turned") {
  const EnvSpec spec = feed_like_spec(kUsers);
  int number = 0;
  for (const SlMgacConfig& config : switches()) {
    CAPTURE(number);
    ++number;
    const auto agent = trained(config, spec, 3, 5), twin = trained(config, spec, 3, 5);
    std::vector<std::string> names;
    for (int time = 0; time < 2; ++time) {
      std::vector<std::string> own;
      for (const Diagnostic& d : agent->diagnose(32)) own.push_back(d.name);
      if (time == 0) names = own;
      CHECK(own == names);
      CHECK(own.size() > 10);
      agent->update();
      twin->update();
    }
    StateBlobs states[2];
    for (const int which : {0, 1}) {
      StateArchive archive = StateArchive::saving(states[which]);
      (which == 0 ? agent : twin)->transfer(archive);
    }
    CHECK(same_blobs(states[0], states[1]));
  }
}

TEST_CASE("sl-mgac: the Q of rows does not depend on their order and is what diagnostics and actor see") {
  const EnvSpec spec = feed_like_spec(kUsers);
  const auto agent = trained(small_sl_mgac(), spec, 3, 30);
  const RequestBatch requests = some_requests(spec, 1);
  std::vector<std::uint8_t> groups(kUsers);
  for (std::size_t i = 0; i < kUsers; ++i) groups[i] = static_cast<std::uint8_t>(i % 3);
  std::vector<float> all(2 * kUsers), one(2);
  REQUIRE(agent->action_values(requests.observation, groups, all));
  const auto width = static_cast<std::size_t>(spec.schema.width);
  for (std::size_t i = 0; i < kUsers; ++i) {
    REQUIRE(agent->action_values(std::span(requests.observation).subspan(i * width, width), std::span(groups).subspan(i, 1), one));
    for (const std::size_t a : {0, 1}) CHECK(one[a] == doctest::Approx(all[2 * i + a]).epsilon(1e-4));
  }
}

TEST_CASE("sl-mgac: a unit that grows with the user's watch needs an environment that tells it") {
  EnvSpec spec = feed_like_spec(kUsers);
  spec.schema.blocks[0].item[1].name = "no_such";
  spec.schema.finish();
  SlMgacConfig config = small_sl_mgac();
  config.reward_unit = RewardUnit::kUser;
  CHECK_THROWS_WITH_AS(make_agent(config, spec, Seed(1), quick()), doctest::Contains("use common"), UserError);
}

// One state that repeats with reward 1 and γ = .9: worth 10 if the horizon cut it, 1 if it ended.
double learned_value(const AgentConfig& config, bool terminated) {
  EnvSpec spec;
  ObservationColumn column;
  column.name = "one";
  spec.schema.blocks = {{.name = "state", .kind = BlockKind::kStatic, .item = {column, column}}};
  spec.schema.finish();
  spec.num_users = 1;
  spec.discount = 0.9;
  spec.has_watch_outcome = false;
  const auto agent = make_agent(config, spec, Seed(2), {.batch_size = 8, .warmup_transitions = 1});
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
  for (int i = 0; i < 2000; ++i) {
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
    CHECK(learned_value(config, false) == doctest::Approx(10).epsilon(0.03));
    CHECK(learned_value(config, true) == doctest::Approx(1).epsilon(0.03));
  }
}

}  // namespace
}  // namespace sluice
