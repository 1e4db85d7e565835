#include <torch/torch.h>

#include <Eigen/Dense>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

#include "agents/learning_library.h"
#include "agents/sampling.h"
#include "agents/student_policy.h"

namespace sluice {
namespace {

constexpr int kBatch = 1024;
constexpr int kHistory = 10;  // items of a behaviour sequence
constexpr int kTopics = 33;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Calls per second of `run` over about half a second, after one call to warm up.
template <class Run>
double rate(const Run& run) {
  run();
  const auto start = std::chrono::steady_clock::now();
  int calls = 0;
  for (; seconds_since(start) < 0.5; ++calls) run();
  return calls / seconds_since(start);
}

// Observations shaped like the feed's: dense features, ids, two sequences, a candidate.
EnvSpec feed_like_spec() {
  const auto dense = [](const char* name, int count) {
    std::vector<ObservationColumn> columns;
    for (int i = 0; i < count; ++i)
      columns.push_back({.name = name + std::to_string(i),
                         .unit = "1",
                         .transform = i % 2 == 0 ? Transform::kLog1p : Transform::kIdentity});
    return columns;
  };
  const auto id = [](const char* name) {
    return ObservationColumn{.name = name, .unit = "id", .cardinality = kTopics};
  };
  EnvSpec spec;
  std::vector<ObservationColumn> user = dense("user", 18), candidate = dense("candidate", 7);
  user.front().name = "displaced_s";
  candidate.front().name = "predicted_watch_s";
  std::vector<ObservationColumn> live = dense("live", 2), shorts = dense("short", 1);
  live.insert(live.begin(), id("live_topic"));
  shorts.insert(shorts.begin(), id("short_topic"));
  spec.schema.blocks = {
      {.name = "user", .kind = BlockKind::kStatic, .item = user},
      {.name = "id",
       .kind = BlockKind::kId,
       .item = {id(kCandidateTopicColumn), id("top_topic"), id("device"), id("hour")}},
      {.name = "live_history", .kind = BlockKind::kSequence, .length = kHistory, .item = live},
      {.name = "short_history", .kind = BlockKind::kSequence, .length = kHistory, .item = shorts},
      {.name = "candidate", .kind = BlockKind::kCandidate, .item = candidate}};
  spec.schema.finish();
  spec.cost_names = {"cost_usage"};
  spec.cost_affine = {{.watch = -1, .displaced = 1}};
  spec.reward_affine = {.watch = 1};
  spec.num_users = kBatch;
  return spec;
}

std::vector<float> random_rows(const ObservationSchema& schema, std::size_t rows, Rng& rng) {
  std::vector<float> values;
  for (std::size_t row = 0; row < rows; ++row)
    for (const ObservationBlock& block : schema.blocks)
      for (int i = 0; i < block.length; ++i)
        for (const ObservationColumn& column : block.item)
          values.push_back(column.cardinality > 0
                               ? static_cast<float>(rng() % static_cast<std::uint64_t>(column.cardinality))
                               : static_cast<float>(rng() >> 40) * 0x1p-24f);
  return values;
}

TransitionBatch random_transitions(const EnvSpec& spec, std::size_t rows) {
  Rng rng = Seed(1).stream(Purpose::kTest);
  TransitionBatch t;
  t.width = spec.schema.width;
  t.num_costs = 1;
  t.observation = random_rows(spec.schema, rows, rng);
  t.next_observation = random_rows(spec.schema, rows, rng);
  for (std::size_t i = 0; i < rows; ++i) {
    const bool injected = rng() % 2 == 0, entered = injected && rng() % 6 == 0;
    const float watch = entered ? static_cast<float>(1 + rng() % 100) : 0.0f;
    t.user.push_back(static_cast<std::int32_t>(i % kBatch));
    t.action.push_back(injected ? 1 : 0);
    t.group.push_back(static_cast<std::uint8_t>(rng() % 5));
    t.propensity.push_back(0.5f);
    t.reward.push_back(watch);
    t.costs.push_back(injected ? 20 - watch : 0);
    t.watch_time_s.push_back(watch);
    t.displaced_s.push_back(20);
    t.entered.push_back(entered ? 1 : 0);
    t.elapsed_s.push_back(165);
    t.session_ended.push_back(rng() % 10 == 0 ? 1 : 0);
    t.terminated.push_back(0);
    t.truncated.push_back(0);
  }
  return t;
}

void bench_agent(const std::string& name, Agent& agent, const EnvSpec& spec, double gemm_gflops,
                 double update_gflop, std::vector<BenchNumber>& out) {
  std::vector<float> keys;
  for (int user = 0; user < spec.num_users; ++user) keys.push_back(static_cast<float>(user % 5) * 100);
  agent.begin_day(0, keys);
  agent.observe(random_transitions(spec, 4 * kBatch));
  out.push_back({name + "_updates_per_s", rate([&] { agent.update(); }), "1/s",
                 gemm_gflops / update_gflop, "matrix products of one update at the GEMM rate"});
  Rng rng = Seed(2).stream(Purpose::kTest);
  for (const int size : {1, 256}) {
    RequestBatch requests;
    for (int i = 0; i < size; ++i) {
      requests.user.push_back(i);
      requests.key.push_back({.user = static_cast<std::uint32_t>(i)});
      requests.time.push_back(0);
    }
    requests.observation = random_rows(spec.schema, static_cast<std::size_t>(size), rng);
    std::vector<Decision> decisions(static_cast<std::size_t>(size));
    const double calls = rate([&] { agent.act(requests, Mode::kEvaluate, decisions); });
    out.push_back({name + "_us_per_decision_batch_" + std::to_string(size), 1e6 / calls / size, "us", 0,
                   ""});
  }
}

// Updates per second of every other kind that learns, at its defaults.
void bench_rivals(const EnvSpec& spec, const LearningContext& learning, std::vector<BenchNumber>& out) {
  const auto measure = [&]<class Config>(const Config*) {
    if constexpr (Config::kInfo.learns && !std::is_same_v<Config, SlMgacConfig> && !std::is_same_v<Config, DqnConfig>) {
      Config config;
      if constexpr (requires { config.rollout_transitions; }) config.rollout_transitions = 4 * kBatch;
      const std::unique_ptr<Agent> agent(sluice_make_learner(config, spec, Seed(1), learning));
      agent->begin_day(0, std::vector<float>(static_cast<std::size_t>(spec.num_users)));
      agent->observe(random_transitions(spec, 4 * kBatch));
      out.push_back({std::string(Config::kKind) + "_updates_per_s", rate([&] { agent->update(); }), "1/s", 0, ""});
    }
  };
  [&]<class... Kinds>(const std::variant<Kinds...>*) { (measure(static_cast<const Kinds*>(nullptr)), ...); }(static_cast<const AgentConfig*>(nullptr));
}

std::unique_ptr<Agent> ready_agent(const SlMgacConfig& config, const EnvSpec& spec, const LearningContext& learning) {
  std::unique_ptr<Agent> agent(sluice_make_learner(config, spec, Seed(1), learning));
  std::vector<float> keys;
  for (int user = 0; user < spec.num_users; ++user) keys.push_back(static_cast<float>(user % config.num_groups) * 100);
  agent->begin_day(0, keys);
  TransitionBatch transitions = random_transitions(spec, 4 * kBatch);
  Rng rng = Seed(3).stream(Purpose::kTest);
  for (std::uint8_t& group : transitions.group) group = static_cast<std::uint8_t>(rng() % static_cast<std::uint64_t>(config.num_groups));
  agent->observe(transitions);
  return agent;
}

// Cost of an update of each agent relative to the first one's: alternately, CPU time, medians of the ratios.
std::vector<double> update_cost_ratios(const std::vector<Agent*>& agents) {
  const auto cpu_seconds = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  };
  std::vector<std::vector<double>> ratios(agents.size());
  for (Agent* agent : agents) agent->update();
  for (int repetition = 0; repetition < 15; ++repetition) {
    std::vector<double> cost;
    for (Agent* agent : agents) {
      const double start = cpu_seconds();
      for (int i = 0; i < 5; ++i) agent->update();
      cost.push_back(cpu_seconds() - start);
    }
    for (std::size_t i = 0; i < agents.size(); ++i) ratios[i].push_back(cost[i] / cost[0]);
  }
  std::vector<double> medians;
  for (std::vector<double>& own : ratios) {
    std::nth_element(own.begin(), own.begin() + 7, own.end());
    medians.push_back(own[7]);
  }
  return medians;
}

// Serving: µs per decision of a student in plain arrays, from raw observations and from ready features.  Rows are many
// more than the caches hold, as in a server.
void bench_student(const EnvSpec& spec, std::vector<BenchNumber>& out) {
  constexpr int kRows = 16384;
  const StudentConfig config;
  Rng rng = Seed(4).stream(Purpose::kTest);
  TeacherRows rows;
  rows.observation = random_rows(spec.schema, kRows, rng);
  rows.group.assign(kRows, 0);
  for (std::uint8_t& group : rows.group) group = static_cast<std::uint8_t>(rng() % 5);
  rows.probability.assign(static_cast<std::size_t>(kRows * spec.num_actions), 0.5f);
  Distilled student;
  sluice_distill(config, spec, rows, {.updates = 1}, Seed(1), [](int) {}, student);
  StudentPolicy policy(config, spec.schema, spec.num_actions);
  policy.load(student.state);
  const auto width = static_cast<std::size_t>(spec.schema.width), features = static_cast<std::size_t>(policy.num_features());
  std::vector<float> ready(kRows * features), probability(static_cast<std::size_t>(kRows * spec.num_actions));
  for (std::size_t row = 0; row < kRows; ++row) policy.features(rows.observation.data() + row * width, rows.group[row], ready.data() + row * features);
  for (const std::size_t batch : {1, 256}) {
    const auto at = [&](std::size_t call) { return (call * batch) % kRows; };
    std::size_t call = 0;
    const auto from_raw = [&] {
      const std::size_t row = at(call++);
      policy.probabilities(std::span(rows.observation).subspan(row * width, batch * width), std::span(rows.group).subspan(row, batch), std::span(probability).first(batch * 2));
    };
    const auto from_features = [&] {
      const std::size_t row = at(call++);
      policy.probabilities_of_features(std::span(ready).subspan(row * features, batch * features), std::span(probability).first(batch * 2));
    };
    const std::string suffix = "_batch_" + std::to_string(batch);
    out.push_back({"student_us_per_decision" + suffix, 1e6 / rate(from_raw) / static_cast<double>(batch), "us", 0, ""});
    out.push_back({"student_us_per_decision_of_features" + suffix, 1e6 / rate(from_features) / static_cast<double>(batch), "us", 0, ""});
    if (batch > 1) continue;
    std::vector<double> latency;
    for (int i = 0; i < 200000; ++i) {
      const auto start = std::chrono::steady_clock::now();
      from_raw();
      latency.push_back(1e6 * seconds_since(start));
    }
    for (const auto& [name, share] : {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}, std::pair{"p99.9", 0.999}}) {
      const auto middle = latency.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(latency.size()));
      std::nth_element(latency.begin(), middle, latency.end());
      out.push_back({std::string("student_latency_us_") + name + suffix, *middle, "us", 0, ""});
    }
  }
}

// 2·inputs·outputs per layer and row, in GFLOP for one pass of a batch.
double mlp_gflop(double inputs, const std::vector<int>& hidden, double outputs) {
  double weights = 0;
  for (const int width : hidden) {
    weights += inputs * width;
    inputs = width;
  }
  return 2e-9 * kBatch * (weights + inputs * outputs);
}

}  // namespace
}  // namespace sluice

extern "C" void sluice_bench_agents(std::vector<sluice::BenchNumber>& out) {
  using namespace sluice;
  start_torch(Seed(1));
  constexpr int kSize = 512;
  const torch::Tensor a = torch::randn({kSize, kSize}), b = torch::randn({kSize, kSize});
  const double gflops = rate([&] { torch::mm(a, b); }) * 2e-9 * kSize * kSize * kSize;
  out.push_back({"gemm", gflops, "GFLOP/s", 0, ""});

  const EnvSpec spec = feed_like_spec();
  const LearningContext learning{.batch_size = kBatch, .warmup_transitions = kBatch,
                                 .replay_capacity = 4 * kBatch};
  // Matrix products of the extractor (query, key and value of two sequences), forward.
  const SlMgacConfig sl_mgac;
  const DqnConfig dqn;
  const double e = sl_mgac.embedding_size, d = sl_mgac.attention_size;
  const double extractor = 2e-9 * kBatch * d * (7 + e + 2 * (e + 2) + 2 * (e + 1));
  const double features = 18 + 7 + 4 * e + 2 * d;
  // A forward and backward pass costs three forward passes; features get no input gradient to speak of.
  const double reward = mlp_gflop(features, sl_mgac.hidden, 1 + 2 * sl_mgac.num_buckets);
  const double small = mlp_gflop(features, sl_mgac.hidden, 2);
  const double sl_mgac_gflop = 3 * (extractor + reward + 2 * small)  // s: RPN, QRN, actor
                               + 2 * extractor + reward + 2 * small;  // s': actor, target RPN and QRN
  const double dqn_gflop = 3 * (extractor + small) + 2 * (extractor + small);
  const std::unique_ptr<Agent> agents[] = {
      std::unique_ptr<Agent>(sluice_make_learner(sl_mgac, spec, Seed(1), learning)),
      std::unique_ptr<Agent>(sluice_make_learner(dqn, spec, Seed(1), learning))};
  bench_agent("sl_mgac", *agents[0], spec, gflops, sl_mgac_gflop, out);
  bench_agent("dqn", *agents[1], spec, gflops, dqn_gflop, out);

  // A plain discrete actor-critic of the same trunk: one group, no reward prediction.
  SlMgacConfig plain, many;
  plain.num_groups = 1;
  plain.reward_prediction = false;
  many.num_groups = 20;
  const std::unique_ptr<Agent> compared[] = {ready_agent(sl_mgac, spec, learning), ready_agent(plain, spec, learning),
                                             ready_agent(many, spec, learning)};
  const std::vector<double> ratios = update_cost_ratios({compared[0].get(), compared[1].get(), compared[2].get()});
  out.push_back({"sl_mgac_update_cost_over_plain_actor_critic", 1 / ratios[1], "ratio", 0, ""});
  out.push_back({"sl_mgac_update_cost_20_groups_over_5", ratios[2], "ratio", 0, ""});
  bench_rivals(spec, learning, out);
  bench_student(spec, out);
}
