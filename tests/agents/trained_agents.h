#pragma once
// Small learners that have made some updates on invented transitions, and what tests ask of all of them.

#include <doctest/doctest.h>

#include <cmath>

#include "agents/agents.h"
#include "tests/agents/learning_fixture.h"

namespace sluice {

inline constexpr int kUsers = 64;

inline LearningContext quick() {
  return {.epsilon_start = 0.2, .epsilon_end = 0.2, .batch_size = 64, .warmup_transitions = 100,
          .replay_capacity = 1000};
}

inline SlMgacConfig small_sl_mgac() {
  SlMgacConfig config;
  config.num_groups = 3;
  config.hidden = {16};
  config.num_buckets = 5;
  return config;
}

inline DqnConfig small_dqn() {
  DqnConfig config;
  config.hidden = {16};
  return config;
}

// Every kind that learns, small.
inline std::vector<AgentConfig> learners() {
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

inline std::unique_ptr<Agent> trained(const AgentConfig& config, const EnvSpec& spec, std::uint64_t seed,
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

inline RequestBatch some_requests(const EnvSpec& spec, std::uint32_t page) {
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

inline bool same_arrays(const AgentState& a, const AgentState& b) {
  if (a.arrays.size() != b.arrays.size()) return false;
  for (const auto& [name, array] : a.arrays) {
    const auto found = b.arrays.find(name);
    if (found == b.arrays.end() || found->second.values != array.values) return false;
  }
  return true;
}

inline bool same_blobs(const StateBlobs& a, const StateBlobs& b) {
  if (a.blobs.size() != b.blobs.size()) return false;
  for (const auto& [name, blob] : a.blobs) {
    const auto found = b.blobs.find(name);
    if (found == b.blobs.end() || found->second.bytes != blob.bytes) return false;
  }
  return true;
}

// Trained for 50 updates, saved, loaded, and trained for 100 more, with prices that move and transitions that arrive.
inline void check_resumes(const AgentConfig& config, const EnvSpec& spec) {
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

}  // namespace sluice
