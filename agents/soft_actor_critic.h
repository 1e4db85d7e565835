#pragma once
// Maximum-entropy actor-critics on a discrete action: what sac, redq, droq and crossq share.  Private to the learning library.
//
//   y       = r + discount·Σ_a π(a|s')·[Q̄'(s',a) − α·ln π(a|s')]
//   L_critic = Σ_k mean (Q_k(s,a) − y)², or with Q-clip the larger of it and (Q'_k + clip(Q_k − Q'_k, ±c) − y)², per row
//   L_actor  = mean Σ_a π(a|s)·[α·ln π(a|s) − Q̄(s,a)]               exact: two actions need no sampling
//   L_α      = exp(ln α)·(H(π) − H̄)                                   α falls while the policy is more random than H̄
//
// Q̄ is the mean over critics, their minimum, or (REDQ's target) the minimum over a random subset.

#include "agents/actor_critic.h"
#include "agents/sac.h"

namespace sluice {

struct SoftOptions {
  Aggregation target = Aggregation::kMean;  // over critics, in the target
  Aggregation actor = Aggregation::kMean;   // in the actor's loss
  int subset = 0;                           // > 0: the target is the minimum over so many critics, drawn anew
  double dropout = 0;
  double q_clip = 0;                        // 0: none
  bool batch_norm = false;                  // CrossQ
  int period = 1;                           // the actor moves with every so-manieth update
  TemperatureConfig temperature = {};
};

std::unique_ptr<ActorCriticRule> soft_rule(int num_critics, const SoftOptions& options, int num_actions, Seed seed);

/// y above.  q [N, n, A] is aggregated before.  All without gradient.  [n]
torch::Tensor soft_target(const torch::Tensor& reward, const torch::Tensor& discount, const torch::Tensor& next_logits, const torch::Tensor& next_q,
                          double alpha);
/// L_actor of aggregated q [n, A], which gets no gradient.
torch::Tensor soft_actor_loss(const torch::Tensor& logits, const torch::Tensor& q, double alpha);
/// Rows' larger of the two squared errors.  q, old_q, target [n] → [n].
torch::Tensor clipped_q_error(const torch::Tensor& q, const torch::Tensor& old_q, const torch::Tensor& target, double clip);
/// d L_α / d ln α.
double temperature_gradient(double log_alpha, double entropy, double target);
/// `wanted` different critics of num_critics, others in every update.
std::vector<std::int64_t> draw_critics(int num_critics, int wanted, Seed seed, std::uint64_t update);
/// [N, n, A] → [n, A].
torch::Tensor aggregate(const torch::Tensor& q, Aggregation kind);

}  // namespace sluice
