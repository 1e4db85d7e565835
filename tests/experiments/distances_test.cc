#include "experiments/distances.h"

#include <doctest/doctest.h>

#include <cmath>

namespace sluice {

using doctest::Approx;

TEST_CASE("distances: KS of a small sample by hand, from both sides of its jumps") {
  // F(x) = x on [0, 1].  Sample .2, .5, .5, .9: steps to 1/4, 3/4, 1.
  const CdfFunction uniform = [](double x) { return std::min(1.0, std::max(0.0, x)); };
  // At .2: |.2 − 0| and |.2 − .25|; at .5: |.5 − .25| and |.5 − .75|; at .9: |.9 − .75| and |.9 − 1|.
  CHECK(ks_distance(std::vector<double>{.2, .5, .5, .9}, uniform) == Approx(0.25));
  CHECK(ks_distance(std::vector<double>{.8}, uniform) == Approx(0.8));
  CHECK(ks_distance(std::vector<double>{.3}, uniform) == Approx(0.7));
  CHECK(std::isnan(ks_distance(std::vector<double>{}, uniform)));
}

TEST_CASE("distances: KS of two samples by hand") {
  // F: 1 → 1/3, 2 → 2/3, 4 → 1.  G: 2 → 1/2, 3 → 1.  Largest on [3, 4): 1 − 2/3; on [1, 2): 1/3.
  CHECK(ks_distance(std::vector<double>{2, 3}, empirical_cdf({4, 1, 2})) == Approx(1.0 / 3));
  // Equal samples with jumps in the same places are no distance apart.
  CHECK(ks_distance(std::vector<double>{1, 2, 2, 4}, empirical_cdf({2, 1, 4, 2})) == Approx(0));
}

TEST_CASE("distances: KS of counts looks at the edges") {
  const CdfFunction uniform = [](double x) { return std::min(1.0, std::max(0.0, x)); };
  // 1 of 4 in (−∞, .5], 3 of 4 in (.5, 1]: F̂(.5) = .25 against .5.
  CHECK(ks_distance(std::vector<double>{.5, 1}, std::vector<double>{1, 3}, uniform) == Approx(0.25));
  CHECK(std::isnan(ks_distance(std::vector<double>{.5, 1}, std::vector<double>{0, 0}, uniform)));
}

TEST_CASE("distances: total variation scales both lists to one") {
  CHECK(total_variation(std::vector<double>{1, 1}, std::vector<double>{30, 10}) == Approx(0.25));
  CHECK(total_variation(std::vector<double>{2, 6, 0}, std::vector<double>{0, 0, 5}) == Approx(1));
}

TEST_CASE("distances: the normal quantile inverts the distribution function, far into both tails") {
  for (const double p : {1e-9, 1e-4, .01, .3, .5, .8, .9999}) CHECK(normal_cdf(normal_quantile(p)) == Approx(p).epsilon(1e-8));
  CHECK(normal_quantile(.975) == Approx(1.959964));
}

TEST_CASE("distances: two points of a log-normal give it back everywhere, points are met") {
  const CdfFunction truth = log_normal_cdf(1.5, 0.8);
  const CdfFunction two = interpolated_cdf({2, 9}, {truth(2), truth(9)});
  for (const double x : {0.1, 1.0, 4.0, 50.0}) CHECK(two(x) == Approx(truth(x)).epsilon(1e-9));
  const CdfFunction three = interpolated_cdf({1, 10, 100}, {.1, .7, .8});
  CHECK(three(10) == Approx(.7));
  CHECK(three(1) == Approx(.1));
  CHECK(three(0) == 0);
  CHECK(three(30) > .7);
  CHECK(three(30) < .8);
}

TEST_CASE("distances: quantiles of a sorted sample are linear between order statistics") {
  const std::vector<double> x = {1, 2, 4};
  CHECK(sorted_quantile(x, 0) == 1);
  CHECK(sorted_quantile(x, .75) == Approx(3));
  CHECK(sorted_quantile(x, 1) == 4);
}

}  // namespace sluice
