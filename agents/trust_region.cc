#include "agents/trust_region.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {

TrustStep solve_trust_region(double q, double r, double s, double c, double delta) {
  constexpr double kSmallest = 1e-12;
  const double inverse_free = q > kSmallest ? std::sqrt(2 * delta / q) : 0;  // 1/λ without a limit
  const TrustStep free{.kind = TrustCase::kUnconstrained, .lambda = inverse_free > 0 ? 1 / inverse_free : 0, .nu = 0, .along_g = inverse_free, .along_b = 0};
  if (s <= kSmallest) return free;
  const double B = 2 * delta - c * c / s;
  if (B <= 0 && c < 0) return free;
  if (B <= 0) return {.kind = TrustCase::kInfeasible, .lambda = 0, .nu = std::sqrt(2 * delta / s), .along_g = 0, .along_b = -std::sqrt(2 * delta / s)};
  // The least over x of −gᵀx + ν(c + bᵀx) + ½λ(xᵀHx − 2δ) is greatest at ν = max(0, λc + r)/s.  As a function of λ it then
  // has two branches, −½(A/λ + Bλ) + rc/s where λc > −r and −½(q/λ + 2δλ) elsewhere, each concave with its maximum at √(A/B)
  // and √(q/2δ); of each the maximum within its own range, and of the two the larger.
  const double A = std::max(0.0, q - r * r / s), infinity = std::numeric_limits<double>::infinity();
  const double edge = c != 0 ? -r / c : 0;
  double low = 0, high = infinity;  // of the branch ν > 0
  if (c > 0) low = std::max(0.0, edge);
  if (c < 0) high = std::max(0.0, edge);
  if (c == 0) high = r > 0 ? infinity : 0;
  const double bound = std::clamp(std::sqrt(A / B), low, high);
  const double free_low = c < 0 ? std::max(0.0, edge) : 0, free_high = c > 0 ? std::max(0.0, edge) : (c == 0 && r > 0 ? 0 : infinity);
  const double unbound = std::clamp(std::sqrt(q / (2 * delta)), free_low, free_high);
  const auto dual_bound = [&](double lambda) { return lambda > 0 ? -0.5 * (A / lambda + B * lambda) + r * c / s : (A > 0 ? -infinity : r * c / s); };
  const auto dual_free = [&](double lambda) { return lambda > 0 ? -0.5 * (q / lambda + 2 * delta * lambda) : (q > 0 ? -infinity : 0); };
  const double lambda = std::max(kSmallest, dual_bound(bound) >= dual_free(unbound) ? bound : unbound);
  const double nu = std::max(0.0, (lambda * c + r) / s);
  // g along b: within the limit there is nothing to gain but to go to its edge.
  if (nu > 0 && (lambda == kSmallest || A <= 1e-9 * q)) return {.kind = TrustCase::kFeasible, .lambda = 0, .nu = std::max(0.0, r / s), .along_g = 0, .along_b = -c / s};
  return {.kind = TrustCase::kFeasible, .lambda = lambda, .nu = nu, .along_g = 1 / lambda, .along_b = -nu / lambda};
}

torch::Tensor conjugate_gradient(const std::function<torch::Tensor(const torch::Tensor&)>& product, const torch::Tensor& b, int iterations) {
  torch::Tensor x = torch::zeros_like(b), residual = b.clone(), direction = b.clone();
  double square = residual.dot(residual).item<double>();
  for (int i = 0; i < iterations && square > 1e-20; ++i) {
    const torch::Tensor h = product(direction);
    const double curvature = direction.dot(h).item<double>();
    if (curvature <= 0) break;  // rounding: H is positive
    const double step = square / curvature;
    x += step * direction;
    residual -= step * h;
    const double next = residual.dot(residual).item<double>();
    direction = residual + (next / square) * direction;
    square = next;
  }
  return x;
}

torch::Tensor fisher_product(const std::function<torch::Tensor()>& logits, const torch::Tensor& theta, const torch::Tensor& gradients, const torch::Tensor& v) {
  constexpr double kStep = 1e-2;  // length of the difference in parameters
  const double norm = v.norm().item<double>();
  if (norm == 0) return torch::zeros_like(v);
  torch::Tensor along, p, values = theta;
  {
    const torch::NoGradGuard no_grad;
    const torch::Tensor at = theta.clone();
    values.add_(v, kStep / norm);
    const torch::Tensor above = logits();
    values.copy_(at).add_(v, -kStep / norm);
    const torch::Tensor below = logits();
    values.copy_(at);
    along = (above - below) * (norm / (2 * kStep));
  }
  const torch::Tensor here = logits();
  {
    const torch::NoGradGuard no_grad;
    p = torch::softmax(here, 1);
    along = p * (along - (p * along).sum(1, true)) / here.size(0);
  }
  (here * along).sum().backward();
  torch::Tensor accumulated = gradients;
  const torch::Tensor result = accumulated.clone();
  accumulated.zero_();
  return result;
}

}  // namespace sluice
