#pragma once
// Distances between distributions, and the one shape in which marginals are compared: a distribution
// function, of a sample, of a histogram or in closed form.

#include <functional>
#include <span>
#include <vector>

namespace sluice {

/// F(x) = P(X ≤ x).
using CdfFunction = std::function<double(double)>;

/// Φ, and its inverse by Newton's method on it (|error| < 1e-9 on (1e-12, 1 − 1e-12)).
double normal_cdf(double z);
double normal_quantile(double p);

CdfFunction log_normal_cdf(double mu, double sigma);
/// Of a sample, which is sorted and kept.
CdfFunction empirical_cdf(std::vector<double> sample);
/// Through published points (x > 0 ascending, F in (0, 1) ascending): Φ⁻¹(F) is linear in ln x between
/// them and beyond the ends, so that a log-normal is exact whatever its points.
CdfFunction interpolated_cdf(std::vector<double> x, std::vector<double> probability);

/// sup |F_sample − F| for a sorted sample: at every point, from both sides.
double ks_distance(std::span<const double> sorted, const CdfFunction& cdf);
/// The same from counts: count[i] values lie in (edge[i−1], edge[i]], edge[−1] = −∞; looks at edges.
double ks_distance(std::span<const double> edges, std::span<const double> counts, const CdfFunction& cdf);
/// Total variation ½ Σ |p − q| of two lists of weights, each scaled to sum 1.
double total_variation(std::span<const double> p, std::span<const double> q);

/// The q-quantile of a sorted sample, linear between order statistics; NaN if it is empty.
double sorted_quantile(std::span<const double> sorted, double q);

}  // namespace sluice
