#pragma once
// Losses of policies on rollouts, as free functions.  Private to the learning library.  n rows.

#include <torch/torch.h>

namespace sluice {

/// −mean min(ratio·Â, clip(ratio, 1 − ε, 1 + ε)·Â).
torch::Tensor ppo_loss(const torch::Tensor& ratio, const torch::Tensor& advantage, double clip);

/// KL(π ‖ π_old) of each row.  logits, old_logits [n, A] → [n].  No gradient into the old ones.
torch::Tensor policy_kl(const torch::Tensor& logits, const torch::Tensor& old_logits);

/// mean of (KL(π‖π_old) − ratio·Â/temperature)·1[KL ≤ trust]: FOCOPS (Zhang, Vuong & Ross 2020).
torch::Tensor focops_loss(const torch::Tensor& logits, const torch::Tensor& old_logits, const torch::Tensor& ratio, const torch::Tensor& advantage,
                          double temperature, double trust);

}  // namespace sluice
