#include "agents/threshold_search.h"

#include <doctest/doctest.h>

#include <cmath>

namespace sluice {
namespace {

// v(τ) falls through 0 at `root`.
double settle(ThresholdSearch& search, double root, int steps, double noise = 0) {
  double sum = 0;
  for (int i = 0; i < steps; ++i) {
    search.see((root - search.threshold()) / root + noise * std::sin(12.9898 * i));
    if (i >= steps / 2) sum += search.threshold();
  }
  return sum / (steps - steps / 2);
}

TEST_CASE("threshold search: finds the least threshold that keeps the limit, near or far") {
  for (const double root : {0.7, 30.0, 900.0}) {
    ThresholdSearch search(30, root / 1000, 1);
    CHECK(settle(search, root, 60) == doctest::Approx(root).epsilon(0.005));
  }
}

TEST_CASE("threshold search: a limit that never binds leaves it at 0") {
  ThresholdSearch search(30, 1, 1);
  for (int i = 0; i < 20; ++i) search.see(-0.5);
  CHECK(search.threshold() < 2);
}

TEST_CASE("threshold search: follows a root that moves either way") {
  ThresholdSearch search(30, 0.5, 1);
  settle(search, 20, 60);
  CHECK(settle(search, 80, 200) == doctest::Approx(80).epsilon(0.05));
  CHECK(settle(search, 10, 200) == doctest::Approx(10).epsilon(0.1));
}

TEST_CASE("threshold search: holding each threshold averages noise away") {
  ThresholdSearch search(30, 1, 20);
  CHECK(settle(search, 50, 2000, 0.3) == doctest::Approx(50).epsilon(0.1));
}

}  // namespace
}  // namespace sluice
