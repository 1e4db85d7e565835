// Rollouts: what learners from their own decisions learn from, and in which order.

#include "agents/rollouts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "tests/agents/learning_fixture.h"

namespace sluice {
namespace {

const EnvSpec kSpec = feed_like_spec(4);

Rollouts begun(std::int64_t rows, std::uint64_t seed) {
  Rollouts rollouts(rows, kSpec, Seed(seed));
  rollouts.add(random_transitions(kSpec, static_cast<int>(rows), 1));
  REQUIRE(rollouts.begin_next());
  return rollouts;
}

std::vector<std::int64_t> epoch(Rollouts& rollouts, std::int64_t batch_size, int batches) {
  std::vector<std::int64_t> rows;
  for (int i = 0; i < batches; ++i) {
    const std::vector<std::int64_t> next = rollouts.next_rows(batch_size);
    rows.insert(rows.end(), next.begin(), next.end());
  }
  return rows;
}

TEST_CASE("rollouts: learning begins when enough was collected, and what is collected meanwhile is the next") {
  Rollouts rollouts(10, kSpec, Seed(1));
  rollouts.add(random_transitions(kSpec, 6, 1));
  CHECK_FALSE(rollouts.begin_next());
  rollouts.add(random_transitions(kSpec, 6, 2));
  CHECK(rollouts.begin_next());
  CHECK(rollouts.rollout().size() == 12);
  rollouts.add(random_transitions(kSpec, 6, 3));
  CHECK_FALSE(rollouts.begin_next());
  CHECK(rollouts.rollout().size() == 12);
  rollouts.add(random_transitions(kSpec, 4, 4));
  CHECK(rollouts.begin_next());
  CHECK(rollouts.rollout().size() == 10);
}

TEST_CASE("rollouts: every row comes once in an epoch, in another order in the next, and in the same for the same seed") {
  Rollouts rollouts = begun(12, 1), again = begun(12, 1), other = begun(12, 2);
  const std::vector<std::int64_t> first = epoch(rollouts, 4, 3), second = epoch(rollouts, 4, 3);
  std::vector<std::int64_t> all(12), sorted = first;
  std::iota(all.begin(), all.end(), 0);
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == all);
  CHECK(first != all);
  CHECK(second != first);
  std::sort(sorted.begin(), sorted.end());
  CHECK(epoch(again, 4, 3) == first);
  CHECK(epoch(other, 4, 3) != first);
}

TEST_CASE("rollouts: a tail too short for a minibatch is left out, and a rollout shorter than one comes whole") {
  Rollouts rollouts = begun(10, 1);
  std::vector<std::int64_t> two = epoch(rollouts, 4, 2);  // 8 of 10
  std::sort(two.begin(), two.end());
  CHECK(std::unique(two.begin(), two.end()) == two.end());
  CHECK(rollouts.next_rows(4).size() == 4);  // of the next epoch
  CHECK(rollouts.next_rows(64).size() == 10);
}

TEST_CASE("rollouts: what does not fit while nobody learns leaves a gap, after which nothing is added") {
  Rollouts rollouts(10, kSpec, Seed(1));
  const int most = 10 + (1 << 16);
  rollouts.add(random_transitions(kSpec, most - 3, 1));
  rollouts.add(random_transitions(kSpec, 4, 2));  // does not fit
  rollouts.add(random_transitions(kSpec, 2, 3));  // would, but lies beyond the gap
  CHECK(rollouts.begin_next());
  CHECK(rollouts.rollout().size() == most - 3);
  rollouts.add(random_transitions(kSpec, 12, 4));
  CHECK(rollouts.begin_next());
  CHECK(rollouts.rollout().size() == 12);
}

}  // namespace
}  // namespace sluice
