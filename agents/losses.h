#pragma once
// The losses of the learning agents, as free functions of tensors.  n rows, A actions, M buckets.

#include <torch/torch.h>

#include "agents/learning.h"
#include "agents/sl_mgac.h"

namespace sluice {

/// mean ℓ(q − target): ℓ(x) = x², or Huber with corner 1: x²/2 for |x| ≤ 1, else |x| − 1/2.
/// No gradient flows into the target.
torch::Tensor td_loss(const torch::Tensor& q, const torch::Tensor& target, TdLoss kind);

/// y = r + discount·Σ_a π(a|s')·Q'(s', a).  reward, discount [n]; policy, q [n, A]; without gradient.
torch::Tensor td_target(const torch::Tensor& reward, const torch::Tensor& discount,
                        const torch::Tensor& next_policy, const torch::Tensor& next_q);

/// What the RPN says of the live watch time: one logit of entering, M of the bucket, M positions.
struct WatchHeads {
  torch::Tensor enter_logit;   // [n]
  torch::Tensor bucket_logit;  // [n, M]
  torch::Tensor delta;         // [n, M] in (0, 1)
};
/// heads [n, 1 + 2M] → parts.
WatchHeads split_watch_heads(const torch::Tensor& heads);

/// ŷ = p_enter·Σ_m p_m·(b_m + δ̂_m·(b_{m+1} − b_m)).  low, width [n, M]: b_m and b_{m+1} − b_m.  [n]
torch::Tensor expected_watch(const WatchHeads& heads, const torch::Tensor& low,
                             const torch::Tensor& width);

/// Labels of injected requests (rows of `heads` are those only).
struct WatchLabels {
  torch::Tensor entered;  // [n] 0 or 1
  torch::Tensor bucket;   // [n] int64; of no meaning where not entered
  torch::Tensor delta;    // [n]
};
/// Enter: cross-entropy, mean over n.  Bucket: cross-entropy, and position: (δ̂_bucket − δ)², means over
/// the entered rows.  Their sum; 0 without rows.
torch::Tensor watch_loss(const WatchHeads& heads, const WatchLabels& labels);

/// −mean Σ_j target_j·ln softmax(logits)_j.  logits, target [n, N], rows of target sum to 1.
torch::Tensor soft_cross_entropy(const torch::Tensor& logits, const torch::Tensor& target);

/// mean over rows of Σ_m ρ_τm(y − q_m), ρ_τ(u) = |τ − 1[u < 0]|·huber(u), τ_m = (m − ½)/M: the minimum of
/// its limit, without the Huber corner (at 1), is at the quantiles.  quantile [n, M], y [n].
torch::Tensor quantile_huber(const torch::Tensor& quantile, const torch::Tensor& y);

/// Qn = (Q − mean_a Q)/divisor, without gradient.  [n, A]
torch::Tensor normalise_q(const torch::Tensor& q, QNormalization kind);

/// −mean Σ_a π(a|s)·Qn(s, a) − entropy_coefficient·mean H(π(·|s)),  π = softmax(logits).
torch::Tensor actor_loss(const torch::Tensor& logits, const torch::Tensor& normalised_q,
                         double entropy_coefficient);

/// mean H(π(·|s)), in nats.
torch::Tensor mean_entropy(const torch::Tensor& logits);

}  // namespace sluice
