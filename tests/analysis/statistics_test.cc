#include "analysis/statistics.h"

#include <doctest/doctest.h>

#include <boost/random/normal_distribution.hpp>
#include <cmath>

using namespace sluice;

namespace {

std::vector<double> normals(Rng rng, std::size_t n, double center, double spread) {
  boost::random::normal_distribution<double> draw(center, spread);
  std::vector<double> values(n);
  for (double& value : values) value = draw(rng);
  return values;
}

double mean_of(std::span<const double> values) { return mean(values); }

}  // namespace

TEST_CASE("statistics: mean, interquartile mean, quantiles by hand") {
  const std::vector<double> values = {9, 1, 2, 100, 4, 3, 5, 8};
  CHECK(mean(values) == 16.5);
  CHECK(iqm(values) == 5);  // 3 4 5 8 of 1 2 | 3 4 5 8 | 9 100
  CHECK(quantile({4, 1, 3, 2}, 0.5) == 2.5);
  CHECK(quantile({4, 1, 3, 2}, 0) == 1);
  CHECK(quantile({4, 1, 3, 2}, 1) == 4);
  CHECK(quantile({10, 20}, 0.25) == 12.5);
  CHECK(standard_deviation(std::vector<double>{1, 3}) == doctest::Approx(std::sqrt(2.0)));
  CHECK(std::isnan(standard_deviation(std::vector<double>{1})));
}

TEST_CASE("statistics: probability of improvement counts ties as one half") {
  CHECK(probability_of_improvement(std::vector<double>{1, 2}, std::vector<double>{1, 2}) == 0.5);
  CHECK(probability_of_improvement(std::vector<double>{3}, std::vector<double>{1, 2, 3, 4}) ==
        0.625);
  CHECK(probability_of_improvement(std::vector<double>{5, 6}, std::vector<double>{1, 2}) == 1);
}

TEST_CASE("statistics: a paired lift by hand, and its standard error is that of the differences") {
  // x̄ = 3, ȳ = 3.3, R = 1.1; residuals y − 1.1 x = .1 − .2 .1, their s² = .03, n = 3
  const Ratio lift = paired_lift(std::vector<double>{1.2, 3.1, 5.6}, std::vector<double>{1, 3, 5});
  CHECK(lift.value == doctest::Approx(0.1));
  CHECK(lift.standard_error == doctest::Approx(std::sqrt(0.03 / 3) / 3));
  CHECK(minimum_detectable_lift(0.01) == doctest::Approx(0.028));
  const Ratio same = paired_lift(std::vector<double>{2, 4, 6}, std::vector<double>{1, 2, 3});
  CHECK(same.value == doctest::Approx(1));
  CHECK(same.standard_error == doctest::Approx(0));
}

TEST_CASE("statistics: the delta method agrees with the spread of simulated ratios") {
  std::vector<double> ratios, errors;
  for (int i = 0; i < 400; ++i) {
    Rng rng = Seed(4).stream(Purpose::kTest, static_cast<std::uint64_t>(i));
    boost::random::normal_distribution<double> draw(5, 1);
    std::vector<double> x(200), y(200);
    for (std::size_t u = 0; u < x.size(); ++u) {
      x[u] = draw(rng);
      y[u] = 2 * x[u] + draw(rng);
    }
    const Ratio ratio = delta_method_ratio(y, x);
    ratios.push_back(ratio.value);
    errors.push_back(ratio.standard_error);
  }
  CHECK(mean(errors) == doctest::Approx(standard_deviation(ratios)).epsilon(0.1));
}

TEST_CASE("statistics: the bootstrap interval of a mean covers the truth about 95 times in 100") {
  int covered = 0;
  constexpr int kTrials = 1000;
  for (int i = 0; i < kTrials; ++i) {
    const auto key = static_cast<std::uint64_t>(i);
    const std::vector<double> values = normals(Seed(1).stream(Purpose::kTest, key), 200, 7, 3);
    const Estimate estimate =
        bootstrap_interval(values, mean_of, {.seed = Seed(key), .resamples = 400});
    covered += estimate.lo <= 7 && 7 <= estimate.hi ? 1 : 0;
  }
  CAPTURE(covered);
  CHECK(covered >= 930);
  CHECK(covered <= 970);
}

TEST_CASE(
    "statistics: strata are resampled on their own, so differences between them add no spread") {
  const std::vector<double> low(50, 1.0), high(50, 9.0);
  const Estimate estimate = stratified_bootstrap_interval({low, high}, mean_of, {.seed = Seed(1)});
  CHECK(estimate.value == 5);
  CHECK(estimate.lo == 5);
  CHECK(estimate.hi == 5);
  std::vector<double> pooled = low;
  pooled.insert(pooled.end(), high.begin(), high.end());
  const Estimate mixed = bootstrap_interval(pooled, mean_of, {.seed = Seed(1)});
  CHECK(mixed.hi - mixed.lo > 1);
}

TEST_CASE("statistics: the same seed gives the same interval, another seed another") {
  const std::vector<double> values = normals(Seed(2).stream(Purpose::kTest), 30, 0, 1);
  const Estimate a = bootstrap_interval(values, mean_of, {.seed = Seed(1)});
  const Estimate b = bootstrap_interval(values, mean_of, {.seed = Seed(1)});
  const Estimate c = bootstrap_interval(values, mean_of, {.seed = Seed(2)});
  CHECK(a.lo == b.lo);
  CHECK(a.hi == b.hi);
  CHECK(a.lo != c.lo);
}

TEST_CASE("statistics: the joint bootstrap draws the same users for every column") {
  Eigen::MatrixXd values(100, 2);
  const std::vector<double> column = normals(Seed(3).stream(Purpose::kTest), 100, 1, 2);
  for (int i = 0; i < 100; ++i)
    values.row(i) << column[static_cast<std::size_t>(i)], 3 * column[static_cast<std::size_t>(i)];
  const Eigen::MatrixXd draws = bootstrap_means(values, Seed(1), 5, 500);
  CHECK((3 * draws.col(0) - draws.col(1)).cwiseAbs().maxCoeff() < 1e-12);
  const std::vector<double> first(draws.col(0).data(), draws.col(0).data() + 500);
  CHECK(standard_deviation(first) == doctest::Approx(standard_deviation(column) / 10).epsilon(0.1));
  CHECK(bootstrap_means(values, Seed(1), 5, 500) == draws);
  CHECK(bootstrap_means(values, Seed(1), 6, 500) != draws);
}

TEST_CASE("statistics: resampled runs show the whole variance of their mean, few as they are") {
  // Runs without user noise: the spread of the draws is √(s²/n), not √(s²/n · (n−1)/n).
  const std::vector<double> runs = {1.0, 2.0, 4.0};
  std::vector<std::vector<double>> draws;
  for (const double run : runs) draws.emplace_back(20'000, run);
  const std::vector<double> result = resample_runs(draws, Seed(1).stream(Purpose::kTest));
  CHECK(mean(result) == doctest::Approx(7.0 / 3).epsilon(0.01));
  CHECK(standard_deviation(result) ==
        doctest::Approx(standard_deviation(runs) / std::sqrt(3.0)).epsilon(0.02));
  CHECK(resample_runs({{1, 2}}, Seed(1).stream(Purpose::kTest)) == std::vector<double>{1, 2});
}
