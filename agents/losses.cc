#include "agents/losses.h"

namespace sluice {

namespace F = torch::nn::functional;

torch::Tensor td_loss(const torch::Tensor& q, const torch::Tensor& target, TdLoss kind) {
  const torch::Tensor fixed = target.detach();
  if (kind == TdLoss::kMse) return torch::mse_loss(q, fixed);
  return torch::huber_loss(q, fixed, at::Reduction::Mean, 1.0);
}

torch::Tensor td_target(const torch::Tensor& reward, const torch::Tensor& discount,
                        const torch::Tensor& next_policy, const torch::Tensor& next_q) {
  return (reward + discount * (next_policy * next_q).sum(1)).detach();
}

WatchHeads split_watch_heads(const torch::Tensor& heads) {
  const std::int64_t buckets = (heads.size(1) - 1) / 2;
  return {heads.select(1, 0), heads.narrow(1, 1, buckets),
          torch::sigmoid(heads.narrow(1, 1 + buckets, buckets))};
}

torch::Tensor expected_watch(const WatchHeads& heads, const torch::Tensor& low,
                             const torch::Tensor& width) {
  const torch::Tensor probability = torch::softmax(heads.bucket_logit, 1);
  return torch::sigmoid(heads.enter_logit) * (probability * (low + heads.delta * width)).sum(1);
}

torch::Tensor watch_loss(const WatchHeads& heads, const WatchLabels& labels) {
  if (labels.entered.size(0) == 0) return heads.enter_logit.sum();  // an empty sum: 0 with a graph
  torch::Tensor loss =
      torch::binary_cross_entropy_with_logits(heads.enter_logit, labels.entered);
  const torch::Tensor rows = torch::nonzero(labels.entered > 0.5).squeeze(1);
  if (rows.size(0) == 0) return loss;
  const torch::Tensor bucket = labels.bucket.index_select(0, rows);
  loss = loss + F::cross_entropy(heads.bucket_logit.index_select(0, rows), bucket);
  const torch::Tensor delta =
      heads.delta.index_select(0, rows).gather(1, bucket.unsqueeze(1)).squeeze(1);
  return loss + torch::mse_loss(delta, labels.delta.index_select(0, rows));
}

torch::Tensor soft_cross_entropy(const torch::Tensor& logits, const torch::Tensor& target) {
  return -(target.detach() * torch::log_softmax(logits, 1)).sum(1).mean();
}

torch::Tensor quantile_huber(const torch::Tensor& quantile, const torch::Tensor& y) {
  const std::int64_t size = quantile.size(1);
  const torch::Tensor tau = ((torch::arange(size) + 0.5) / size).to(quantile.scalar_type()).unsqueeze(0);  // [1, M]
  const torch::Tensor error = y.detach().unsqueeze(1) - quantile;                                        // [n, M]
  const torch::Tensor huber = torch::where(error.abs() <= 1, 0.5 * error.square(), error.abs() - 0.5);
  return ((tau - (error.detach() < 0).to(quantile.scalar_type())).abs() * huber).sum(1).mean();
}

torch::Tensor normalise_q(const torch::Tensor& q_with_graph, QNormalization kind) {
  constexpr double kLeast = 1e-6;  // a batch in which all values agree has nothing to say
  const torch::Tensor q = q_with_graph.detach();
  const torch::Tensor centred = q - q.mean(1, true);
  switch (kind) {
    case QNormalization::kNone: return centred;
    case QNormalization::kMeanAbs: return centred / q.abs().mean().clamp_min(kLeast);
    case QNormalization::kGap: return centred / (q.amax(1) - q.amin(1)).mean().clamp_min(kLeast);
    case QNormalization::kStd: return centred / q.std(false).clamp_min(kLeast);
  }
  return centred;
}

torch::Tensor mean_entropy(const torch::Tensor& logits) {
  const torch::Tensor log_policy = torch::log_softmax(logits, 1);
  return -(log_policy.exp() * log_policy).sum(1).mean();
}

torch::Tensor actor_loss(const torch::Tensor& logits, const torch::Tensor& normalised_q,
                         double entropy_coefficient) {
  const torch::Tensor value = (torch::softmax(logits, 1) * normalised_q.detach()).sum(1).mean();
  return -value - entropy_coefficient * mean_entropy(logits);
}

}  // namespace sluice
