#include "agents/bellman.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace sluice {
namespace {

const std::vector<float> kElapsed = {165, 330, 86400, 0, 165};
const std::vector<std::uint8_t> kEnded = {0, 0, 1, 0, 0};
const std::vector<std::uint8_t> kTerminated = {0, 0, 0, 0, 1};

std::vector<float> factors(const DiscountConfig& config, double dictated = 0) {
  std::vector<float> out(kElapsed.size());
  discount_factors(config, dictated, kElapsed, kEnded, kTerminated, out);
  return out;
}

TEST_CASE("discount: by time it is one factor per 165 seconds") {
  const std::vector<float> f = factors({.unit = DiscountUnit::kTime, .discount = 0.98});
  CHECK(f[0] == doctest::Approx(0.98));
  CHECK(f[1] == doctest::Approx(0.98 * 0.98));
  CHECK(f[2] == doctest::Approx(std::pow(0.98, 86400.0 / 165)));
  CHECK(f[3] == 1.0f);
  CHECK(f[4] == 0.0f);
}

TEST_CASE("discount: by request the end of a session costs nothing unless it is charged") {
  const std::vector<float> free = factors({.unit = DiscountUnit::kRequest, .discount = 0.98});
  CHECK(free[2] == free[0]);
  const std::vector<float> charged =
      factors({.unit = DiscountUnit::kRequest, .discount = 0.98, .session_end = 0.5});
  CHECK(charged[2] == doctest::Approx(0.49));
  CHECK(charged[0] == doctest::Approx(0.98));
}

TEST_CASE("discount: an environment that dictates its own overrides all but termination") {
  const std::vector<float> f = factors({.session_end = 0.5}, 0.9);
  CHECK(f == std::vector<float>{0.9f, 0.9f, 0.9f, 0.9f, 0.0f});
}

TEST_CASE("discount: zero means no future, even at the same instant") {
  for (const float f : factors({.discount = 0})) CHECK(f == 0.0f);
}

}  // namespace
}  // namespace sluice
