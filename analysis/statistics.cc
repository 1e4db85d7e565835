#include "analysis/statistics.h"

#include <algorithm>
#include <boost/random/uniform_int_distribution.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/check.h"

namespace sluice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::size_t draw_index(Rng& rng, std::size_t n) {
  return boost::random::uniform_int_distribution<std::size_t>(0, n - 1)(rng);
}

double resampled_statistic(std::span<const double> values,
                           double (*statistic)(std::span<const double>), Rng& rng,
                           std::vector<double>& scratch) {
  scratch.resize(values.size());
  for (double& value : scratch) value = values[draw_index(rng, values.size())];
  return statistic(scratch);
}

}  // namespace

Estimate unknown_estimate() { return {kNan, kNan, kNan}; }

double mean(std::span<const double> values) {
  if (values.empty()) return kNan;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double iqm(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t cut = sorted.size() / 4;
  return mean(std::span(sorted).subspan(cut, sorted.size() - 2 * cut));
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return kNan;
  std::sort(values.begin(), values.end());
  const double position = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return std::lerp(values[below], values[above], position - static_cast<double>(below));
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return kNan;
  const double center = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - center) * (value - center);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

Estimate percentile_interval(double value, const std::vector<double>& draws, double confidence) {
  const auto is_nan = [](double draw) { return std::isnan(draw); };
  if (draws.empty() || std::any_of(draws.begin(), draws.end(), is_nan)) return {value, kNan, kNan};
  const double tail = (1 - confidence) / 2;
  return {value, quantile(draws, tail), quantile(draws, 1 - tail)};
}

Estimate bootstrap_interval(std::span<const double> values,
                            double (*statistic)(std::span<const double>),
                            const BootstrapOptions& options) {
  return stratified_bootstrap_interval({std::vector<double>(values.begin(), values.end())},
                                       statistic, options);
}

Estimate stratified_bootstrap_interval(const std::vector<std::vector<double>>& strata,
                                       double (*statistic)(std::span<const double>),
                                       const BootstrapOptions& options) {
  ENSURE(!strata.empty(), "strata to resample");
  for (const auto& stratum : strata) ENSURE(!stratum.empty(), "an empty stratum");
  const auto num_strata = static_cast<double>(strata.size());
  double value = 0;
  for (const auto& stratum : strata) value += statistic(stratum) / num_strata;
  std::vector<double> draws(static_cast<std::size_t>(options.resamples), 0.0), scratch;
  for (std::size_t e = 0; e < strata.size(); ++e) {
    Rng rng = options.seed.stream(Purpose::kBootstrap, e);
    for (double& draw : draws)
      draw += resampled_statistic(strata[e], statistic, rng, scratch) / num_strata;
  }
  return percentile_interval(value, draws, options.confidence);
}

double probability_of_improvement(std::span<const double> x, std::span<const double> y) {
  if (x.empty() || y.empty()) return kNan;
  std::vector<double> sorted(y.begin(), y.end());
  std::sort(sorted.begin(), sorted.end());
  double wins = 0;
  for (const double value : x) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    wins += static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first);
  }
  return wins / (static_cast<double>(x.size()) * static_cast<double>(y.size()));
}

Ratio delta_method_ratio(std::span<const double> numerator, std::span<const double> denominator) {
  ENSURE(numerator.size() == denominator.size(), "a ratio needs pairs");
  const double base = mean(denominator);
  const double ratio = mean(numerator) / base;
  std::vector<double> residuals(numerator.size());
  for (std::size_t i = 0; i < residuals.size(); ++i)
    residuals[i] = numerator[i] - ratio * denominator[i];
  return {ratio, standard_deviation(residuals) / std::sqrt(static_cast<double>(residuals.size())) /
                     std::abs(base)};
}

Ratio paired_lift(std::span<const double> treatment, std::span<const double> control) {
  const Ratio ratio = delta_method_ratio(treatment, control);
  return {ratio.value - 1, ratio.standard_error};
}

double minimum_detectable_lift(double standard_error) { return (1.96 + 0.84) * standard_error; }

Eigen::MatrixXd bootstrap_means(const Eigen::MatrixXd& values, Seed seed, std::uint64_t stratum,
                                int resamples) {
  const Eigen::Index users = values.rows();
  ENSURE(users > 0, "users to resample");
  Eigen::MatrixXd means(resamples, values.cols());
  // How often each user is drawn, for a block of replicates at a time: the sums are then one
  // product.
  constexpr int kBlock = 32;
  Eigen::MatrixXd counts(users, kBlock);
  for (int begin = 0; begin < resamples; begin += kBlock) {
    const int size = std::min(kBlock, resamples - begin);
    counts.setZero();
    for (int b = 0; b < size; ++b) {
      Rng rng = seed.stream(Purpose::kBootstrap, stratum, static_cast<std::uint64_t>(begin + b), 1);
      for (Eigen::Index i = 0; i < users; ++i)
        counts(static_cast<Eigen::Index>(draw_index(rng, static_cast<std::size_t>(users))), b) += 1;
    }
    means.middleRows(begin, size).noalias() =
        counts.leftCols(size).transpose() * values / static_cast<double>(users);
  }
  return means;
}

std::vector<double> resample_runs(const std::vector<std::vector<double>>& draws, Rng rng) {
  ENSURE(!draws.empty(), "runs to resample");
  const std::size_t num_runs = draws.size();
  if (num_runs == 1) return draws[0];
  const auto n = static_cast<double>(num_runs);
  const double widen = std::sqrt(n / (n - 1));
  std::vector<double> result(draws[0].size());
  for (std::size_t b = 0; b < result.size(); ++b) {
    double all = 0, drawn = 0;
    for (std::size_t i = 0; i < num_runs; ++i) {
      all += draws[i][b] / n;
      drawn += draws[draw_index(rng, num_runs)][b] / n;
    }
    result[b] = all + widen * (drawn - all);
  }
  return result;
}

}  // namespace sluice
