#pragma once
// A small environment specification with every kind of block, random observations of it, and a problem of one state.

#include <vector>

#include "sim/environment.h"

namespace sluice {

inline EnvSpec feed_like_spec(int num_users) {
  const auto id = [](const char* name) {
    ObservationColumn column;
    column.name = name;
    column.unit = "id";
    column.cardinality = 5;
    return column;
  };
  const auto dense = [](const char* name) {
    ObservationColumn column;
    column.name = name;
    column.unit = "s";
    column.transform = Transform::kLog1p;
    return column;
  };
  EnvSpec spec;
  spec.schema.blocks = {
      {.name = "user", .kind = BlockKind::kStatic, .item = {dense("displaced_s"), dense("live_watch_21d_s")}},
      {.name = "id", .kind = BlockKind::kId, .item = {id(kCandidateTopicColumn), id("device")}},
      {.name = "candidate", .kind = BlockKind::kCandidate, .item = {dense("predicted_watch_s")}},
      {.name = "live_history",
       .kind = BlockKind::kSequence,
       .length = 3,
       .item = {id("live_topic"), dense("live_watch_s")}}};
  spec.schema.finish();
  spec.cost_names = {"cost_usage", "cost_skip"};
  spec.reward_affine = {.watch = 1};
  spec.cost_affine = {{.watch = -1, .displaced = 1}, {}};
  spec.num_users = num_users;
  return spec;
}

// A problem of one state: Q is two numbers.
inline EnvSpec one_state_spec(int num_users) {
  EnvSpec spec;
  ObservationColumn column;
  column.name = "one";
  spec.schema.blocks = {{.name = "state", .kind = BlockKind::kStatic, .item = {column, column}}};
  spec.schema.finish();
  spec.num_users = num_users;
  spec.discount = 0.9;
  spec.has_watch_outcome = false;
  return spec;
}

inline std::vector<float> random_observation(const ObservationSchema& schema, Rng& rng) {
  std::vector<float> row;
  for (const ObservationBlock& block : schema.blocks)
    for (int i = 0; i < block.length; ++i)
      for (const ObservationColumn& column : block.item)
        row.push_back(column.cardinality > 0 ? static_cast<float>(rng() % 5)
                                             : static_cast<float>(rng() % 1000) / 20.0f);
  return row;
}

/// Injections are entered one time in three and then watched for 1 to 60 s.
inline TransitionBatch random_transitions(const EnvSpec& spec, int count, std::uint64_t seed) {
  Rng rng = Seed(seed).stream(Purpose::kTest);
  TransitionBatch t;
  t.width = spec.schema.width;
  t.num_costs = static_cast<int>(spec.cost_names.size());
  const auto append = [&](std::vector<float>& to) {
    const std::vector<float> row = random_observation(spec.schema, rng);
    to.insert(to.end(), row.begin(), row.end());
  };
  for (int i = 0; i < count; ++i) {
    append(t.observation);
    append(t.next_observation);
    const bool injected = rng() % 2 == 0, entered = injected && rng() % 3 == 0;
    const float watch = entered ? static_cast<float>(1 + rng() % 60) : 0.0f;
    t.user.push_back(i % spec.num_users);
    t.action.push_back(injected ? 1 : 0);
    t.group.push_back(static_cast<std::uint8_t>(rng() % 3));
    t.propensity.push_back(0.5f);
    t.reward.push_back(watch);
    t.costs.push_back(injected ? 15 - watch : 0);
    t.costs.push_back(0);
    t.watch_time_s.push_back(watch);
    t.displaced_s.push_back(15);
    t.entered.push_back(entered ? 1 : 0);
    t.elapsed_s.push_back(100);
    t.session_ended.push_back(0);
    t.terminated.push_back(0);
    t.truncated.push_back(0);
  }
  return t;
}

}  // namespace sluice
