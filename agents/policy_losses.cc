#include "agents/policy_losses.h"

namespace sluice {

torch::Tensor ppo_loss(const torch::Tensor& ratio, const torch::Tensor& advantage, double clip) {
  const torch::Tensor gain = advantage.detach();
  return -torch::minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain).mean();
}

torch::Tensor policy_kl(const torch::Tensor& logits, const torch::Tensor& old_logits) {
  const torch::Tensor log_policy = torch::log_softmax(logits, 1), log_old = torch::log_softmax(old_logits.detach(), 1);
  return (log_policy.exp() * (log_policy - log_old)).sum(1);
}

torch::Tensor focops_loss(const torch::Tensor& logits, const torch::Tensor& old_logits, const torch::Tensor& ratio, const torch::Tensor& advantage,
                          double temperature, double trust) {
  const torch::Tensor kl = policy_kl(logits, old_logits);
  const torch::Tensor trusted = (kl.detach() <= trust).to(kl.scalar_type());
  return ((kl - ratio * advantage.detach() / temperature) * trusted).mean();
}

torch::Tensor cmpo_divergence(const torch::Tensor& logits, const torch::Tensor& prior_logits, const torch::Tensor& advantage, double clip) {
  const torch::Tensor log_target = torch::log_softmax(prior_logits.detach() + advantage.detach().clamp(-clip, clip), 1);
  return (log_target.exp() * (log_target - torch::log_softmax(logits, 1))).sum(1).mean();
}

torch::Tensor near_others(const torch::Tensor& logits, const torch::Tensor& others, const torch::Tensor& advantage, const std::vector<double>& weights,
                          double temperature) {
  torch::Tensor sum = advantage.detach().clone();
  double total = temperature;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    total += weights[i];
    sum += weights[i] * torch::log_softmax(others[static_cast<std::int64_t>(i)].detach(), 1);
  }
  return -(torch::softmax(sum / total, 1) * torch::log_softmax(logits, 1)).sum(1).mean();
}

}  // namespace sluice
