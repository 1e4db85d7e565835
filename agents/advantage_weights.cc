#include "agents/advantage_weights.h"

namespace sluice {

torch::Tensor exponential_weights(const torch::Tensor& advantage, double temperature, double cap) {
  return (advantage.detach() / temperature).exp().clamp_max(cap);
}

torch::Tensor weighted_imitation(const torch::Tensor& logits, const torch::Tensor& action, const torch::Tensor& weight) {
  const torch::Tensor log_taken = torch::log_softmax(logits, 1).gather(1, action.unsqueeze(1)).squeeze(1);
  return -(weight.detach() * log_taken).mean();
}

torch::Tensor policy_advantage(const ActorCriticStep& step) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor q = step.q.detach().amin(0), policy = torch::softmax(step.logits.detach(), 1);
  return step.taken(q) - (policy * q).sum(1);
}

torch::Tensor pessimistic_target(const ActorCriticStep& step) {
  return (step.reward + step.batch.discount * (torch::softmax(step.next_logits, 1) * step.next_q.amin(0)).sum(1)).detach();
}

torch::Tensor expectile_loss(const torch::Tensor& value, const torch::Tensor& target, double tau) {
  const torch::Tensor error = target.detach() - value;
  const torch::Tensor weight = (tau - (error.detach() < 0).to(value.scalar_type())).abs();
  return (weight * error.square()).mean();
}

}  // namespace sluice
