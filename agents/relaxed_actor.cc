#include "agents/relaxed_actor.h"

#include <algorithm>

#include "sim/distributions.h"

namespace sluice {
namespace {

// ln P(inject)/P(skip).
torch::Tensor log_odds(const torch::Tensor& logits) { return logits.select(1, 1) - logits.select(1, 0); }

class Relaxed final : public ActorCriticRule {
 public:
  Relaxed(const RelaxedConfig& config, const RelaxedOptions& options, Seed seed) : config_(config), options_(options), seed_(seed) {}
  CriticShape shape() const override { return {.num_critics = config_.num_critics, .relaxed_action = true}; }
  bool needs_target_actor() const override { return true; }
  int period() const override { return options_.period; }

  torch::Tensor critic_loss(const ActorCriticStep& step) override {
    const torch::NoGradGuard no_grad;
    torch::Tensor next;
    if (config_.relaxation == Relaxation::kProbability) {
      const torch::Tensor u = (torch::sigmoid(log_odds(step.target_next_logits)) + smoothing(step)).clamp(0, 1);
      next = step.target_critic->q_between(step.target_next_features, u).amin(0);
    } else {
      next = (torch::softmax(step.target_next_logits, 1) * step.next_q).sum(2).amin(0);
    }
    const torch::AutoGradMode with_gradient(true);
    return critics_td_loss(step, step.reward + step.batch.discount * next);
  }

  torch::Tensor actor_loss(const ActorCriticStep& step) override {
    const torch::Tensor logit = log_odds(step.logits), p = torch::sigmoid(logit), q = step.q[0].detach();
    torch::Tensor loss;
    if (config_.relaxation == Relaxation::kExpected) {
      loss = ascend(q.select(1, 1) - q.select(1, 0), p);
    } else {
      const torch::Tensor u = config_.relaxation == Relaxation::kProbability ? p : concrete(logit, uniforms(step), config_.temperature(step.update));
      loss = ascend(step.critic->slope(step.features, u), u);
    }
    if (options_.value_weight > 0) loss = with_imitation(loss, step.taken(q), p, step.batch.action, options_.value_weight);
    return loss + config_.logit_penalty * step.logits.square().mean();
  }

 private:
  torch::Tensor uniforms(const ActorCriticStep& step) const {  // [n] in (0, 1)
    Rng rng = seed_.stream(Purpose::kRelaxation, step.update, 0);
    const torch::Tensor v = torch::empty({step.logits.size(0)}, torch::kFloat);
    for (std::int64_t i = 0; i < v.numel(); ++i) v.data_ptr<float>()[i] = uniform(rng);
    return v;
  }
  torch::Tensor smoothing(const ActorCriticStep& step) const {  // [n]
    Rng rng = seed_.stream(Purpose::kRelaxation, step.update, 1);
    const torch::Tensor noise = torch::empty({step.logits.size(0)}, torch::kFloat);
    for (std::int64_t i = 0; i < noise.numel(); ++i) noise.data_ptr<float>()[i] = normal(rng);
    return (noise * options_.smoothing).clamp(-options_.smoothing_clip, options_.smoothing_clip);
  }

  const RelaxedConfig config_;
  const RelaxedOptions options_;
  const Seed seed_;
};

}  // namespace

torch::Tensor concrete(const torch::Tensor& logit, const torch::Tensor& v, double temperature) {
  return torch::sigmoid((logit + torch::log(v) - torch::log1p(-v)) / temperature);
}

torch::Tensor ascend(const torch::Tensor& slope, const torch::Tensor& u) { return -(slope.detach() * u).mean(); }

torch::Tensor with_imitation(const torch::Tensor& loss, const torch::Tensor& q, const torch::Tensor& p, const torch::Tensor& action, double weight) {
  return loss * (weight / q.detach().abs().mean().clamp_min(1e-6)) + (p - action).square().mean();
}

std::unique_ptr<ActorCriticRule> relaxed_rule(const RelaxedConfig& config, const RelaxedOptions& options, Seed seed) {
  return std::make_unique<Relaxed>(config, options, seed);
}

}  // namespace sluice
