#include "experiments/log_normal_mixture.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace sluice {
namespace {

constexpr double kSmallestSigma = 0.02;  // ln units: ten bins; below, it is a spike and no component
constexpr double kSettled = 1e-9;        // largest change of a parameter in one iteration
constexpr int kFirstIterations = 60, kMaxIterations = 20000;
constexpr std::size_t kFewestValues = 20;

double log_normal_density(double x, double mu, double sigma) {
  const double z = (x - mu) / sigma;
  return -0.5 * z * z - std::log(sigma) - 0.5 * std::log(2 * std::numbers::pi);
}

struct Points {
  std::vector<double> x, weight;  // ln of the values, rising
  double total = 0;
};

Points points_of(const ValueHistogram& histogram) {
  Points points;
  for (std::size_t i = 1; i < histogram.num_bins(); ++i) {
    if (histogram.count(i) == 0) continue;
    points.x.push_back(ValueHistogram::ln_middle(i));
    points.weight.push_back(static_cast<double>(histogram.count(i)));
    points.total += points.weight.back();
  }
  return points;
}

// Responsibility of the first component: P(first | x).
class Responsibility {
 public:
  explicit Responsibility(const LogNormalMixture& m) : m_(m) {
    for (std::size_t k = 0; k < 2; ++k) half_[k] = -0.5 / (m.sigma[k] * m.sigma[k]);
    odds_ = std::log((1 - m.share) / m.share) + std::log(m.sigma[0] / m.sigma[1]);
  }
  double operator()(double x) const {
    const double a = x - m_.mu[0], b = x - m_.mu[1];
    return 1 / (1 + std::exp(odds_ + half_[1] * b * b - half_[0] * a * a));
  }

 private:
  const LogNormalMixture& m_;
  std::array<double, 2> half_{};
  double odds_ = 0;
};

// One step; the greatest change of a parameter.
double step(const Points& points, LogNormalMixture& m) {
  // Sums around the old means, so that no digits are lost.
  std::array<double, 2> n{}, sum{}, squares{};
  const Responsibility first(m);
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    const double r = first(points.x[i]) * points.weight[i];
    const std::array<double, 2> share = {r, points.weight[i] - r};
    for (std::size_t k = 0; k < 2; ++k) {
      const double d = points.x[i] - m.mu[k];
      n[k] += share[k];
      sum[k] += share[k] * d;
      squares[k] += share[k] * d * d;
    }
  }
  LogNormalMixture next;
  next.share = n[0] / points.total;
  double change = std::abs(next.share - m.share);
  for (std::size_t k = 0; k < 2; ++k) {
    const double shift = sum[k] / n[k];
    next.mu[k] = m.mu[k] + shift;
    next.sigma[k] = std::sqrt(std::max(0.0, squares[k] / n[k] - shift * shift));
    change = std::max({change, std::abs(shift), std::abs(next.sigma[k] - m.sigma[k])});
  }
  m = next;
  return change;
}

bool degenerate(const LogNormalMixture& m) {
  return !(m.sigma[0] > kSmallestSigma && m.sigma[1] > kSmallestSigma && m.share > 1e-4 && m.share < 1 - 1e-4);
}

double mean_log_likelihood(const Points& points, const LogNormalMixture& m) {
  double sum = 0;
  for (std::size_t i = 0; i < points.x.size(); ++i) sum += points.weight[i] * m.log_density(points.x[i]);
  return sum / points.total;
}

// Cut at a quantile; each side's moments.
LogNormalMixture start_at(const Points& points, double quantile) {
  LogNormalMixture m;
  std::array<double, 2> n{}, sum{}, squares{};
  double below = 0;
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    const std::size_t k = below < quantile * points.total ? 0 : 1;
    below += points.weight[i];
    n[k] += points.weight[i];
    sum[k] += points.weight[i] * points.x[i];
    squares[k] += points.weight[i] * points.x[i] * points.x[i];
  }
  m.share = n[0] / points.total;
  for (std::size_t k = 0; k < 2; ++k) {
    m.mu[k] = sum[k] / n[k];
    m.sigma[k] = std::max(0.1, std::sqrt(std::max(0.0, squares[k] / n[k] - m.mu[k] * m.mu[k])));
  }
  return m;
}

using Vector5 = Eigen::Matrix<double, 5, 1>;
using Matrix5 = Eigen::Matrix<double, 5, 5>;

// Scores of the two components at x, for θ = (w, μ₁, μ₂, σ₁, σ₂): ∂ ln(w_k φ_k)/∂θ.
std::array<Vector5, 2> component_scores(const LogNormalMixture& m, double x) {
  std::array<Vector5, 2> scores = {Vector5::Zero(), Vector5::Zero()};
  scores[0](0) = 1 / m.share;
  scores[1](0) = -1 / (1 - m.share);
  for (std::size_t k = 0; k < 2; ++k) {
    const double d = x - m.mu[k], s = m.sigma[k];
    const auto at = static_cast<Eigen::Index>(k);
    scores[k](1 + at) = d / (s * s);
    scores[k](3 + at) = d * d / (s * s * s) - 1 / s;
  }
  return scores;
}

// I = Σ [ s sᵀ − Σ_k r_k (s_k s_kᵀ + ∂²ln(w_k φ_k)/∂θ²) ],  s = Σ_k r_k s_k   (Louis 1982)
Matrix5 observed_information(const Points& points, const LogNormalMixture& m) {
  Matrix5 information = Matrix5::Zero();
  const Responsibility first(m);
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    const auto scores = component_scores(m, points.x[i]);
    const double r = first(points.x[i]);
    const Vector5 s = r * scores[0] + (1 - r) * scores[1];
    Matrix5 here = s * s.transpose();
    for (std::size_t k = 0; k < 2; ++k) {
      const double part = k == 0 ? r : 1 - r, sigma = m.sigma[k], d = points.x[i] - m.mu[k];
      const double w = k == 0 ? m.share : 1 - m.share, variance = sigma * sigma;
      const auto mu = static_cast<Eigen::Index>(1 + k), sd = static_cast<Eigen::Index>(3 + k);
      Matrix5 second = Matrix5::Zero();
      second(0, 0) = -1 / (w * w);
      second(mu, mu) = -1 / variance;
      second(mu, sd) = second(sd, mu) = -2 * d / (variance * sigma);
      second(sd, sd) = 1 / variance - 3 * d * d / (variance * variance);
      here -= part * (scores[k] * scores[k].transpose() + second);
    }
    information += points.weight[i] * here;
  }
  return information;
}

Vector5 standard_errors(std::span<const ValueHistogram> groups, const Points& points,
                        const LogNormalMixture& m) {
  Matrix5 between = Matrix5::Zero();
  double num_groups = 0;
  const Responsibility first(m);
  for (const ValueHistogram& group : groups) {
    if (group.total() == 0) continue;
    ++num_groups;
    Vector5 score = Vector5::Zero();
    const Points own = points_of(group);
    for (std::size_t i = 0; i < own.x.size(); ++i) {
      const auto scores = component_scores(m, own.x[i]);
      const double r = first(own.x[i]);
      score += own.weight[i] * (r * scores[0] + (1 - r) * scores[1]);
    }
    between += score * score.transpose();
  }
  if (num_groups <= 5) return Vector5::Constant(std::nan(""));  // no more groups than parameters
  const Matrix5 inverse = observed_information(points, m).inverse();
  const Matrix5 covariance = inverse * (num_groups / (num_groups - 1) * between) * inverse;
  return covariance.diagonal().cwiseMax(0).cwiseSqrt();
}

}  // namespace

double LogNormalMixture::cdf(double x) const {
  const auto normal = [](double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); };
  if (x <= 0) return 0;
  return share * normal((std::log(x) - mu[0]) / sigma[0]) +
         (1 - share) * normal((std::log(x) - mu[1]) / sigma[1]);
}

double LogNormalMixture::log_density(double ln_x) const {
  const double a = std::log(share) + log_normal_density(ln_x, mu[0], sigma[0]);
  const double b = std::log1p(-share) + log_normal_density(ln_x, mu[1], sigma[1]);
  return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

MixtureFit fit_mixture(std::span<const ValueHistogram> groups) {
  ValueHistogram all;
  for (const ValueHistogram& group : groups) all.add(group);
  const Points points = points_of(all);
  MixtureFit fit;
  if (points.x.size() < kFewestValues) return fit;
  bool found = false;
  for (const double quantile : {0.15, 0.3, 0.5, 0.7, 0.85}) {
    LogNormalMixture m = start_at(points, quantile);
    for (int i = 0; i < kFirstIterations && !degenerate(m); ++i) step(points, m);
    if (degenerate(m)) continue;
    const double likelihood = mean_log_likelihood(points, m);
    if (found && likelihood <= fit.log_likelihood) continue;
    found = true;
    fit.mixture = m;
    fit.log_likelihood = likelihood;
  }
  if (!found) return fit;
  LogNormalMixture& m = fit.mixture;
  while (!fit.converged && fit.iterations < kMaxIterations) {
    fit.converged = step(points, m) < kSettled;
    ++fit.iterations;
    if (degenerate(m)) return fit;
  }
  if (m.mu[0] > m.mu[1]) {
    std::swap(m.mu[0], m.mu[1]);
    std::swap(m.sigma[0], m.sigma[1]);
    m.share = 1 - m.share;
  }
  fit.log_likelihood = mean_log_likelihood(points, m);
  fit.ks = all.kolmogorov_smirnov([&](double x) { return m.cdf(x); });
  const Vector5 error = standard_errors(groups, points, m);
  const std::int64_t n = all.total();
  fit.share = {m.share, error(0), n};
  for (std::size_t k = 0; k < 2; ++k) {
    fit.mu[k] = {m.mu[k], error(static_cast<Eigen::Index>(1 + k)), n};
    fit.sigma[k] = {m.sigma[k], error(static_cast<Eigen::Index>(3 + k)), n};
  }
  return fit;
}

}  // namespace sluice
