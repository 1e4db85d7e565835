#pragma once
// Statistics as pure functions.  Whatever resamples takes a Seed: the same data and seed give the
// same interval, on every machine.

#include <Eigen/Dense>
#include <span>
#include <vector>

#include "sim/rng.h"

namespace sluice {

/// An estimate and its interval; NaN where unknown.
struct Estimate {
  double value;
  double lo;
  double hi;
};
Estimate unknown_estimate();

double mean(std::span<const double> values);

/// Interquartile mean: the mean after the ⌊n/4⌋ smallest and the ⌊n/4⌋ largest values are left out.
double iqm(std::span<const double> values);

/// q-quantile, q ∈ [0, 1], linear between order statistics (type 7 of Hyndman & Fan 1996).
double quantile(std::vector<double> values, double q);

/// Standard deviation with n − 1; NaN for fewer than two values.
double standard_deviation(std::span<const double> values);

/// The middle `confidence` of bootstrap draws around `value` (percentile method).  NaN draws make
/// the interval unknown.
Estimate percentile_interval(double value, const std::vector<double>& draws,
                             double confidence = 0.95);

struct BootstrapOptions {
  Seed seed;
  int resamples = 2000;
  double confidence = 0.95;
};

/// Percentile bootstrap of `statistic` (mean, iqm, ...) over independent values.
Estimate bootstrap_interval(std::span<const double> values,
                            double (*statistic)(std::span<const double>),
                            const BootstrapOptions& options);

/// Stratified: every stratum is resampled on its own; the statistic is the mean over strata of the
/// stratum's statistic, so strata count alike whatever their size.
Estimate stratified_bootstrap_interval(const std::vector<std::vector<double>>& strata,
                                       double (*statistic)(std::span<const double>),
                                       const BootstrapOptions& options);

/// P(X > Y) for independent X, Y drawn from the two samples, ties counted ½ (Mann & Whitney's U /
/// nm).
double probability_of_improvement(std::span<const double> x, std::span<const double> y);

/// Σ numerator / Σ denominator over users, with the delta method's standard error
///   √( s²(Y − R·X) / n ) / x̄.
struct Ratio {
  double value;
  double standard_error;
};
Ratio delta_method_ratio(std::span<const double> numerator, std::span<const double> denominator);

/// Relative lift ȳ/x̄ − 1 of paired values (the same users under two policies), with the delta
/// method's standard error: users' differences, not their levels, make it.
Ratio paired_lift(std::span<const double> treatment, std::span<const double> control);

/// The lift that a two-sided 5 % test detects with 80 % power: (1.96 + 0.84) × standard error.
double minimum_detectable_lift(double standard_error);

/// One bootstrap of users, for all columns at once, so that every policy is judged on the same
/// resampled users.  `values` [users × columns]; the result [resamples × columns] holds, per
/// replicate, the mean of each column over n users drawn with replacement.  `stratum` keys the
/// draws: the same (seed, stratum, number of users) draws the same users.
Eigen::MatrixXd bootstrap_means(const Eigen::MatrixXd& values, Seed seed, std::uint64_t stratum,
                                int resamples);

/// Adds the spread between runs (training seeds) to a bootstrap of users.  draws[run][b] is run's
/// value in replicate b.  Per replicate the n runs are drawn with replacement and averaged, the
/// deviation from the mean of all runs widened by √(n/(n−1)), without which n runs resampled show
/// (n−1)/n of their variance.  One run: its own draws, which hold no such spread.
std::vector<double> resample_runs(const std::vector<std::vector<double>>& draws, Rng rng);

}  // namespace sluice
