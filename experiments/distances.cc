#include "experiments/distances.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "sim/check.h"

namespace sluice {

double normal_cdf(double z) { return 0.5 * std::erfc(-z * M_SQRT1_2); }

double normal_quantile(double p) {
  ENSURE(p > 0 && p < 1, "a probability inside (0, 1)");
  // On the lower tail, where Φ keeps its digits; Newton on ln Φ converges from the right of the root.
  if (p > 0.5) return -normal_quantile(1 - p);
  double z = 0;
  for (int i = 0; i < 60; ++i) {
    const double cdf = normal_cdf(z), density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
    const double step = (std::log(cdf) - std::log(p)) * cdf / density;
    z -= step;
    if (std::abs(step) < 1e-12) break;
  }
  return z;
}

CdfFunction log_normal_cdf(double mu, double sigma) {
  return [=](double x) { return x <= 0 ? 0.0 : normal_cdf((std::log(x) - mu) / sigma); };
}

CdfFunction empirical_cdf(std::vector<double> sample) {
  ENSURE(!sample.empty(), "a sample");
  std::sort(sample.begin(), sample.end());
  return [sample = std::move(sample)](double x) {
    const auto above = std::upper_bound(sample.begin(), sample.end(), x);
    return static_cast<double>(above - sample.begin()) / static_cast<double>(sample.size());
  };
}

CdfFunction interpolated_cdf(std::vector<double> x, std::vector<double> probability) {
  ENSURE(x.size() == probability.size() && x.size() >= 2, "at least two points");
  for (double& value : x) value = std::log(value);
  for (double& p : probability) p = normal_quantile(p);
  return [x = std::move(x), z = std::move(probability)](double value) {
    if (value <= 0) return 0.0;
    const double at = std::log(value);
    const auto above = std::upper_bound(x.begin() + 1, x.end() - 1, at);
    const auto i = static_cast<std::size_t>(above - x.begin());
    return normal_cdf(z[i - 1] + (at - x[i - 1]) / (x[i] - x[i - 1]) * (z[i] - z[i - 1]));
  };
}

double ks_distance(std::span<const double> sorted, const CdfFunction& cdf) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<double>(sorted.size());
  double distance = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t j = i;  // ties jump together
    while (j < sorted.size() && sorted[j] == sorted[i]) ++j;
    // From the left the other function is taken just below the point: it may jump there too.
    const double below = cdf(std::nextafter(sorted[i], -std::numeric_limits<double>::infinity()));
    distance = std::max({distance, std::abs(below - static_cast<double>(i) / n),
                         std::abs(cdf(sorted[i]) - static_cast<double>(j) / n)});
    i = j;
  }
  return distance;
}

double ks_distance(std::span<const double> edges, std::span<const double> counts, const CdfFunction& cdf) {
  ENSURE(edges.size() == counts.size(), "an edge per count");
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  double distance = total > 0 ? 0 : std::numeric_limits<double>::quiet_NaN(), sum = 0;
  for (std::size_t i = 0; i < edges.size() && total > 0; ++i) {
    sum += counts[i];
    distance = std::max(distance, std::abs(sum / total - cdf(edges[i])));
  }
  return distance;
}

double total_variation(std::span<const double> p, std::span<const double> q) {
  ENSURE(p.size() == q.size(), "lists of equal length");
  const double sum_p = std::accumulate(p.begin(), p.end(), 0.0), sum_q = std::accumulate(q.begin(), q.end(), 0.0);
  double distance = 0;
  for (std::size_t i = 0; i < p.size(); ++i) distance += std::abs(p[i] / sum_p - q[i] / sum_q) / 2;
  return distance;
}

double sorted_quantile(std::span<const double> sorted, double q) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto i = std::min(static_cast<std::size_t>(position), sorted.size() - 1);
  const std::size_t j = std::min(i + 1, sorted.size() - 1);
  return sorted[i] + (position - static_cast<double>(i)) * (sorted[j] - sorted[i]);
}

}  // namespace sluice
