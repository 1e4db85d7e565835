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

}  // namespace sluice
