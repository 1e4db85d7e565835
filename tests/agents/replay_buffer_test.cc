#include "agents/replay_buffer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

// Rows whose every number tells which one it is.
TransitionBatch rows(int first, int count) {
  TransitionBatch t;
  t.width = 2;
  t.num_costs = 1;
  for (int i = first; i < first + count; ++i) {
    const auto x = static_cast<float>(i);
    t.user.push_back(i);
    t.observation.insert(t.observation.end(), {x, x + 0.5f});
    t.next_observation.insert(t.next_observation.end(), {-x, -x});
    t.action.push_back(static_cast<std::uint8_t>(i % 2));
    t.group.push_back(0);
    t.propensity.push_back(1);
    t.reward.push_back(x);
    t.costs.push_back(10 * x);
    t.watch_time_s.push_back(x);
    t.displaced_s.push_back(0);
    t.entered.push_back(0);
    t.elapsed_s.push_back(1);
    t.session_ended.push_back(0);
    t.terminated.push_back(0);
    t.truncated.push_back(static_cast<std::uint8_t>(i % 3 == 0));
  }
  return t;
}

TEST_CASE("replay: holds the last transitions and overwrites the oldest") {
  ReplayBuffer replay(5, 2, 1);
  replay.add(rows(0, 3));
  CHECK(replay.size() == 3);
  replay.add(rows(3, 4));
  CHECK(replay.size() == 5);
  CHECK(replay.rows().reward == std::vector<float>{5, 6, 2, 3, 4});
  replay.add(rows(7, 12));  // more than it holds
  std::vector<float> kept = replay.rows().reward;
  std::sort(kept.begin(), kept.end());
  CHECK(kept == std::vector<float>{14, 15, 16, 17, 18});
}

TEST_CASE("replay: a gathered row is the stored row in every column") {
  ReplayBuffer replay(8, 2, 1);
  replay.add(rows(0, 6));
  TransitionBatch out;
  replay.gather({4, 1, 4}, out);
  CHECK(out.observation == std::vector<float>{4, 4.5f, 1, 1.5f, 4, 4.5f});
  CHECK(out.next_observation == std::vector<float>{-4, -4, -1, -1, -4, -4});
  CHECK(out.costs == std::vector<float>{40, 10, 40});
  CHECK(out.action == std::vector<std::uint8_t>{0, 1, 0});
  CHECK(out.user == std::vector<std::int32_t>{4, 1, 4});
}

TEST_CASE("replay: sampling is uniform, and the same for the same seed and update") {
  ReplayBuffer replay(10, 2, 1);
  replay.add(rows(0, 10));
  const Seed seed(7);
  CHECK(replay.sample(seed, 3, 100) == replay.sample(seed, 3, 100));
  CHECK(replay.sample(seed, 3, 100) != replay.sample(seed, 4, 100));
  std::vector<double> count(10, 0.0);
  for (const std::int64_t row : replay.sample(seed, 0, 100000)) count[static_cast<std::size_t>(row)] += 1;
  for (const double c : count) CHECK(std::abs(c - 10000) < 4 * std::sqrt(10000 * 0.9));
}

}  // namespace
}  // namespace sluice
