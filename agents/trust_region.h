#pragma once
// Steps of a policy within a trust region and under one linear limit: what CPO needs.  Private to the learning library.
//
//   max_x gᵀx   subject to  c + bᵀx ≤ 0,  ½·xᵀHx ≤ δ            (Achiam, Held, Tamar & Abbeel 2017)
//
// with q = gᵀH⁻¹g, r = gᵀH⁻¹b, s = bᵀH⁻¹b.  Its solution is x = H⁻¹(g − ν·b)/λ.

#include <torch/torch.h>

#include <functional>

namespace sluice {

enum class TrustCase {
  kInfeasible,     // no x within the region keeps the limit: x = −√(2δ/s)·H⁻¹b lowers the cost as fast as it can
  kFeasible,       // the limit may bind
  kUnconstrained,  // it cannot bind within the region, or there is none
};

struct TrustStep {
  TrustCase kind = TrustCase::kUnconstrained;
  double lambda = 0, nu = 0;
  double along_g = 0, along_b = 0;  // x = along_g·H⁻¹g + along_b·H⁻¹b
};

/// s ≤ 0: there is no limit.  q ≥ 0, δ > 0.
TrustStep solve_trust_region(double q, double r, double s, double c, double delta);

/// x with Hx = b approximately, by conjugate gradients.
torch::Tensor conjugate_gradient(const std::function<torch::Tensor(const torch::Tensor&)>& product, const torch::Tensor& b, int iterations);

/// J_fᵀ F J_f·v/n of logits f(θ) [n, A] with F = diag(p) − ppᵀ, p = softmax(f): the Fisher matrix of a softmax policy times v.
/// J_f·v is a central difference, so that nothing has to be differentiated twice.
/// `logits` computes f at the parameters as they are; `theta` are these, flat; `gradients` receives J_fᵀ(…).
torch::Tensor fisher_product(const std::function<torch::Tensor()>& logits, const torch::Tensor& theta, const torch::Tensor& gradients, const torch::Tensor& v);

}  // namespace sluice
