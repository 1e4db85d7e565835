#pragma once
// How a critic's error excites itself, from gradients of single rows (Yue et al., NeurIPS 2023).
// Private to the learning library: includes libtorch.
//
// With Φ_i = ∂Q(s_i, a_i)/∂θ / √P and Φ*_i = Σ_a π(a|s'_i)·∂Q(s'_i, a)/∂θ / √P, the TD errors u of a
// batch obey, under gradient flow with the kernel held fixed,
//   u_{t+1} = (I + η·A)·u_t,   A = diag(γ_i)·Φ*Φᵀ − ΦΦᵀ,   γ_i the discount of row i, 0 after a terminal step.
// SEEM is the largest real part of A's eigenvalues: above 0 the errors feed themselves.  On a finite batch
// it is rarely ≤ 0 even where nothing diverges, so the share λ_max/‖A‖_F is reported beside it: alarming
// near 1, harmless at some hundredths.
//
// n rows, P parameters.

#include <torch/torch.h>

#include <functional>
#include <vector>

namespace sluice {

/// Gradients of value(i), a scalar with graph, for i < n.  Parameters that it does not depend on: 0.  [n, P]
torch::Tensor row_gradients(std::int64_t n, const std::function<torch::Tensor(std::int64_t)>& value,
                            const std::vector<torch::Tensor>& parameters);

/// A of Φ [n, P], Φ* [n, P] (both divided by √P here) and γ [n].  [n, n] double.
torch::Tensor td_error_dynamics(const torch::Tensor& gradient, const torch::Tensor& next_gradient, const torch::Tensor& discount);

struct Seem {
  double largest = 0;     // λ_max of A, real part
  double normalised = 0;  // divided by ‖A‖_F; 0 if A = 0
};
Seem seem(const torch::Tensor& dynamics);

/// k(x, x + λ·v)/k(x, x), k the kernel of value: mean over the rows of x [n, f].  v has norm 1.  One number per λ.
/// A critic without LayerNorm grows along a ray without bound, one with it does not.
std::vector<double> ntk_ratios(const torch::Tensor& x, const torch::Tensor& direction, const std::vector<double>& lambdas,
                               const std::function<torch::Tensor(const torch::Tensor& row)>& value,
                               const std::vector<torch::Tensor>& parameters);

}  // namespace sluice
