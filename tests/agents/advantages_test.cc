// Returns along trajectories against sums written out by hand and closed forms.

#include "agents/advantages.h"

#include <doctest/doctest.h>

#include <cmath>

namespace sluice {
namespace {

// Two users interleaved: rows 0, 2, 3 are of user 0, rows 1, 4 of user 1.
TransitionBatch interleaved() {
  TransitionBatch t;
  t.user = {0, 1, 0, 0, 1};
  t.action.assign(5, 0);
  t.terminated.assign(5, 0);
  t.truncated.assign(5, 0);
  return t;
}

TEST_CASE("advantages: a row's successor is its user's next row, none across an end, a cut, or after the last") {
  TransitionBatch t = interleaved();
  CHECK(successors(t) == std::vector<std::int32_t>{2, 4, 3, -1, -1});
  t.terminated[0] = 1;
  t.truncated[1] = 1;
  CHECK(successors(t) == std::vector<std::int32_t>{-1, -1, 3, -1, -1});
  CHECK(successors(TransitionBatch{}).empty());
}

TEST_CASE("gae: three steps by hand, λ = 0 is the TD error, λ = 1 the return less the value") {
  const std::vector<std::int32_t> successor = {1, 2, -1};
  const std::vector<float> reward = {1, 2, 3}, discount = {0.5f, 0.5f, 0.5f}, value = {1, 1, 1}, next = {1, 1, 4};
  const Trajectories t{successor, reward, discount};
  // δ = .5, 1.5, 4
  const auto half = gae(t, value, next, 0.5);
  CHECK(half[2] == doctest::Approx(4));
  CHECK(half[1] == doctest::Approx(1.5 + 0.25 * 4));
  CHECK(half[0] == doctest::Approx(0.5 + 0.25 * 2.5));
  CHECK(gae(t, value, next, 0)[0] == doctest::Approx(0.5));
  CHECK(gae(t, value, next, 1)[0] == doctest::Approx(1 + 0.5 * (2 + 0.5 * (3 + 0.5 * 4)) - 1));
}

TEST_CASE("gae: a cut bootstraps and carries nothing, an end does neither") {
  const std::vector<float> reward = {1, 10}, value = {0, 0}, next = {7, 0};
  const std::vector<std::int32_t> cut = {-1, -1};
  const std::vector<float> goes_on = {0.5f, 0.5f}, ended = {0, 0.5f};
  CHECK(gae({cut, reward, goes_on}, value, next, 1)[0] == doctest::Approx(1 + 0.5 * 7));
  CHECK(gae({cut, reward, ended}, value, next, 1)[0] == doctest::Approx(1));
}

TEST_CASE("gae: of a constant reward for ever, with its exact value, every advantage is 0 whatever λ") {
  std::vector<std::int32_t> successor;
  for (int i = 1; i <= 50; ++i) successor.push_back(i < 50 ? i : -1);
  const std::vector<float> reward(50, 1), discount(50, 0.9f), value(50, 10);
  for (const double lambda : {0.0, 0.5, 0.95, 1.0})
    for (const float a : gae({successor, reward, discount}, value, value, lambda)) CHECK(std::abs(a) < 1e-4);
}

TEST_CASE("lambda returns: by hand, λ = 0 is one step, λ = 1 the sum of rewards with a bootstrap at the end") {
  const std::vector<std::int32_t> successor = {1, 2, -1};
  const std::vector<float> reward = {1, 2, 3}, discount = {0.5f, 0.5f, 0.5f}, next = {10, 20, 30};
  const Trajectories t{successor, reward, discount};
  CHECK(lambda_returns(t, next, 0)[0] == doctest::Approx(1 + 0.5 * 10));
  CHECK(lambda_returns(t, next, 1)[0] == doctest::Approx(1 + 0.5 * (2 + 0.5 * (3 + 0.5 * 30))));
  const double last = 3 + 0.5 * 30, middle = 2 + 0.5 * (0.5 * last + 0.5 * 20);
  CHECK(lambda_returns(t, next, 0.5)[0] == doctest::Approx(1 + 0.5 * (0.5 * middle + 0.5 * 10)));
}

TEST_CASE("v-trace: at ratio 1 it is the λ = 1 return, clipped ratios by hand, at ratio 0 the value stays") {
  const std::vector<std::int32_t> successor = {1, -1};
  const std::vector<float> reward = {1, 2}, discount = {0.5f, 0.5f}, value = {3, 4}, next = {4, 6};
  const Trajectories t{successor, reward, discount};
  const std::vector<float> one = {1, 1}, none = {0, 0}, more = {3, 0.5f};
  CHECK(vtrace(t, value, next, one, 1, 1)[0] == doctest::Approx(1 + 0.5 * (2 + 0.5 * 6)));
  CHECK(vtrace(t, value, next, none, 1, 1)[0] == doctest::Approx(3));
  // ρ̄ = 2, c̄ = 1: v_1 = 4 + .5·(2 + 3 − 4) = 4.5; v_0 = 3 + 2·(1 + 2 − 3) + .5·1·(4.5 − 4)
  CHECK(vtrace(t, value, next, more, 2, 1)[0] == doctest::Approx(3.25));
}

}  // namespace
}  // namespace sluice
