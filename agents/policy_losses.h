#pragma once
// Losses of policies, as free functions.  Private to the learning library.  n rows.

#include <torch/torch.h>

#include <vector>

namespace sluice {

/// −mean min(ratio·Â, clip(ratio, 1 − ε, 1 + ε)·Â).
torch::Tensor ppo_loss(const torch::Tensor& ratio, const torch::Tensor& advantage, double clip);

/// KL(π ‖ π_old) of each row.  logits, old_logits [n, A] → [n].  No gradient into the old ones.
torch::Tensor policy_kl(const torch::Tensor& logits, const torch::Tensor& old_logits);

/// mean of (KL(π‖π_old) − ratio·Â/temperature)·1[KL ≤ trust]: FOCOPS (Zhang, Vuong & Ross 2020).
torch::Tensor focops_loss(const torch::Tensor& logits, const torch::Tensor& old_logits, const torch::Tensor& ratio, const torch::Tensor& advantage,
                          double temperature, double trust);

/// mean KL(π_C ‖ π),  π_C ∝ π'·exp(clip(advantage, ±clip)).  All [n, A]; gradient into logits only.  (cmpo.h)
torch::Tensor cmpo_divergence(const torch::Tensor& logits, const torch::Tensor& prior_logits, const torch::Tensor& advantage, double clip);

/// −mean Σ_a π*(a|s)·ln π(a|s),  π* ∝ exp((Σ_i λ_i·ln π_i(a|s) + A(s,a))/(Σ_i λ_i + temperature)).  Gradient into logits only.
/// others [C, n, A]: logits of π_i; advantage [n, A].  (tscac.h)
torch::Tensor near_others(const torch::Tensor& logits, const torch::Tensor& others, const torch::Tensor& advantage, const std::vector<double>& weights,
                          double temperature);

}  // namespace sluice
