#pragma once
// How a network says what a pair (s, a) is worth: N numbers z per action, their mean Q, and the loss of z against
//
//   r + γ·Z'(s', a'),  a' ~ π(·|s')
//
// Private to the learning library.  n rows, A actions; everything in units of reward_scale.

#include <torch/torch.h>

#include <memory>

#include "agents/learning.h"
#include "sim/state_archive.h"

namespace sluice {

/// What a head learns from.  Without gradient.
struct Bootstrap {
  torch::Tensor reward, discount;  // [n]
  torch::Tensor policy;            // [n, A] π(·|s')
  torch::Tensor next;              // [n, A, N] z' of the target network
};

/// Ends of a head's support.
struct Support {
  double low = 0, high = 0;
};
/// Where returns of rewards with this mean m and deviation σ at mean discount γ may lie, roughly:
///   m/(1 − γ) and 0, widened by 5·σ/√(1 − γ²) below and 10 above (rewards are skewed to the right).
Support support_of(const torch::Tensor& reward, const torch::Tensor& discount);

class ValueHead {
 public:
  virtual ~ValueHead() = default;
  virtual std::int64_t size() const = 0;                            // N
  virtual torch::Tensor mean(const torch::Tensor& z) const = 0;     // [..., N] → [...]
  virtual torch::Tensor loss(const torch::Tensor& z, const Bootstrap& target) const = 0;  // z [n, N] → mean over n
  /// Whether its values lie on a support that is to be found from the rewards.
  virtual bool finds_support() const { return false; }
  virtual Support support() const { return {}; }
  virtual void set_support(Support support) { (void)support; }
};

std::unique_ptr<ValueHead> scalar_head(TdLoss loss);
/// low == high: the support is to be found; until then it is [−1, 1].
std::unique_ptr<ValueHead> categorical_head(std::int64_t atoms, Support support);
std::unique_ptr<ValueHead> gaussian_head(std::int64_t bins, double sigma_ratio, Support support);
std::unique_ptr<ValueHead> quantile_head(std::int64_t quantiles, double huber_corner);

/// C51's projection.  Mass p [n, N] on the points y [n, N] moves to equidistant atoms from low to high: each point's to
/// its two neighbours, so that the mean stays where it was for points within the support.  [n, N]
torch::Tensor project_categorical(const torch::Tensor& y, const torch::Tensor& p, std::int64_t atoms, Support support);

/// Mass of a normal distribution around y [n] in each of N bins from low to high, of deviation σ (in units of y),
/// normalised over the bins; y is first moved into [low, high].  [n, N]
torch::Tensor gaussian_mass(const torch::Tensor& y, std::int64_t bins, double sigma, Support support);

/// Σ_i Σ_j w_j·ρ_τi(y_j − θ_i), mean over n.  θ [n, N], y and w [n, J].  ρ of qr_dqn.h; κ = 0: |τ − 1[u<0]|·|u|.
torch::Tensor quantile_loss(const torch::Tensor& quantile, const torch::Tensor& y, const torch::Tensor& weight, double huber_corner);

/// Sparsemax (Martins & Astudillo 2016): the point of the simplex nearest to z.  [n, A]
torch::Tensor sparsemax(const torch::Tensor& z);

}  // namespace sluice
