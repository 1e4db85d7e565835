#pragma once
// What the RPN's outputs mean: how they become R̂(s, ·) and what they learn from.  No parameters.
//
// With watch outcomes (feed), heads say how long an injected stream is watched (losses.h), and
//   R̂(s,1) = [(w_r − Σ_i λ_i w_i)·ŷ + (d_r − Σ_i λ_i d_i)·v̄]/scale,   R̂(s,0) = 0,
// w and d the coefficients of EnvSpec's AffineInWatch, v̄ the observation column displaced_s (0 where
// there is none: the residual learns it).  They learn from injected requests only, action 1.
//   reward_head         heads                                   ŷ                     loss
//   bucket_proportion   enter, M buckets, M positions in them   see losses.h          cross-entropies, (δ̂ − δ)²
//   two_hot             enter, M + 1 edges                      p_enter·Σ p_j·b_j     cross-entropies
//   hl_gauss            enter, M buckets                        p_enter·Σ p_m·centre  cross-entropies
//   quantile            M quantiles of y/scale, zeros included  their mean            quantile Huber
//   mse                 y/scale                                 itself                squared error
//
// Without (tabular), heads are reward and costs of every action in units of scale, [1 + costs, A],
//   R̂(s,a) = R_a(s) − Σ_i λ_i C_{i,a}(s),
// by squared error at the action taken.  λ may move without anything being learned anew.

#include <torch/torch.h>

#include <vector>

#include "agents/agent.h"
#include "agents/discretization.h"
#include "agents/losses.h"
#include "agents/replay_buffer.h"
#include "agents/torch_batch.h"

namespace sluice {

class RewardModel {
 public:
  RewardModel(const EnvSpec& spec, const SlMgacConfig& config, double scale);

  int num_heads() const;
  bool is_discretised() const { return watch_ && head_ != RewardHead::kQuantile && head_ != RewardHead::kMse; }

  /// heads [n, num_heads], raw [n, w], group [n] int64 → R̂ [n, A].
  torch::Tensor predict(const torch::Tensor& heads, const torch::Tensor& raw,
                        const torch::Tensor& group, const std::vector<double>& multipliers) const;
  /// The supervised loss of a batch.
  torch::Tensor loss(const torch::Tensor& heads, const TorchBatch& batch);

  /// Edges from what was watched so far, per group.
  void form_buckets(const TransitionBatch& rows);
  void set_buckets(std::vector<Buckets> buckets);
  const std::vector<Buckets>& buckets() const { return buckets_; }
  /// Labels beyond the last edge since the edges were formed.
  std::int64_t num_clipped() const { return num_clipped_; }
  void transfer(StateArchive& archive);
  /// The edges, of a saved agent.
  void save(AgentState& state) const;
  void load(const AgentState& state);

 private:
  /// Values of the classes of two_hot (edges) and hl_gauss (centres), [K, classes].
  torch::Tensor support() const;
  std::int64_t num_classes() const { return num_buckets() + (head_ == RewardHead::kTwoHot ? 1 : 0); }
  int num_buckets() const { return options_.num_buckets; }
  torch::Tensor predict_watch(const torch::Tensor& heads, const torch::Tensor& group) const;
  torch::Tensor watch_labels_loss(const torch::Tensor& heads, const TorchBatch& batch);

  const EnvSpec& spec_;
  bool watch_;
  RewardHead head_;
  int num_groups_;
  BucketOptions options_;
  double scale_;
  int displaced_column_;
  std::vector<Buckets> buckets_;  // per group
  torch::Tensor low_, width_;     // [K, M]
  std::int64_t num_clipped_ = 0;
};

}  // namespace sluice
