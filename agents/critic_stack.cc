#include "agents/critic_stack.h"

#include "sim/check.h"

namespace sluice {

CriticStack::CriticStack(const ActorCriticConfig& config, const EnvSpec& spec, const CriticShape& shape)
    : shape_(shape),
      extractor_(register_module("extractor", std::make_shared<Extractor>(spec.schema, ExtractorOptions{config.embedding_size, config.attention_size,
                                                                                                       config.layer_norm != LayerNorm::kNone}))) {
  if (shape.relaxed_action && spec.num_actions != 2)
    throw data_error("agent: a relaxed action lies between two actions, and this environment has " + std::to_string(spec.num_actions));
  MlpShape mlp{.inputs = num_features() + (shape.relaxed_action ? 1 : 0), .hidden = config.hidden, .outputs = shape.relaxed_action ? 1 : spec.num_actions,
               .num_groups = shape.num_critics, .layer_norm = config.layer_norm};
  if (shape.batch_norm)
    batch_norm_ = register_module("q", std::make_shared<BatchNormStack>(mlp));
  else
    q_ = register_module("q", std::make_shared<NetworkStack>(mlp));
  mlp.inputs = num_features(), mlp.outputs = 1, mlp.num_groups = 1;
  if (shape.has_value) value_ = register_module("value", std::make_shared<NetworkStack>(mlp));
}

torch::Tensor CriticStack::q(const torch::Tensor& features) {
  if (shape_.batch_norm) return batch_norm_->forward(features, false);
  if (shape_.relaxed_action) {
    const torch::Tensor zeros = torch::zeros({features.size(0)}, features.options());
    return torch::stack({q_between(features, zeros), q_between(features, zeros + 1)}, 2);
  }
  return q_->forward(features, {.rate = rng_ != nullptr ? shape_.dropout : 0, .rng = rng_});
}

torch::Tensor CriticStack::value(const torch::Tensor& features) { return value_->first(features).squeeze(1); }

torch::Tensor CriticStack::q_between(const torch::Tensor& features, const torch::Tensor& u) {
  return q_->forward(torch::cat({features, u.unsqueeze(1)}, 1)).squeeze(2);
}

torch::Tensor CriticStack::slope(const torch::Tensor& features, const torch::Tensor& u) {
  const torch::AutoGradMode with_gradient(true);
  const torch::Tensor at = u.detach().clone().requires_grad_();
  const torch::Tensor q = q_->first(torch::cat({features.detach(), at.unsqueeze(1)}, 1));
  return torch::autograd::grad({q.sum()}, {at})[0];
}

}  // namespace sluice
