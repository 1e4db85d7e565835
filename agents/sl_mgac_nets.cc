#include "agents/sl_mgac_nets.h"

#include <cmath>

namespace sluice {
namespace {

// The actor starts close to the uniform policy, and the residual close to none.
constexpr double kSmallStart = 0.1;

// Weights and biases of a network; LayerNorms have few.
double num_weights(const std::vector<int>& hidden, std::int64_t inputs, std::int64_t outputs) {
  double weights = 0;
  for (const int width : hidden) {
    weights += static_cast<double>(inputs + 1) * width;
    inputs = width;
  }
  return weights + static_cast<double>((inputs + 1) * outputs);
}

std::shared_ptr<GroupedMlp> make_mlp(const SlMgacConfig& config, std::int64_t inputs,
                                     std::int64_t outputs, bool grouped, double gain) {
  return std::make_shared<GroupedMlp>(MlpShape{.inputs = inputs,
                                               .hidden = config.match_groups > 1 ? matched_widths(config.hidden, inputs, outputs, config.match_groups) : config.hidden,
                                               .outputs = outputs,
                                               .num_groups = grouped ? config.num_groups : 1,
                                               .layer_norm = config.layer_norm,
                                               .last_layer_gain = gain});
}

}  // namespace

std::vector<int> matched_widths(const std::vector<int>& hidden, std::int64_t inputs, std::int64_t outputs, int num_groups) {
  const auto widened = [&](double factor) {
    std::vector<int> widths;
    for (const int width : hidden) widths.push_back(static_cast<int>(std::lround(factor * width)));
    return widths;
  };
  const double wanted = num_groups * num_weights(hidden, inputs, outputs);
  double low = 1, high = num_groups;  // K times as wide has at least K times as many weights, but for output biases
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (num_weights(widened(middle), inputs, outputs) < wanted ? low : high) = middle;
  }
  return widened(high);
}

SlMgacCritic::SlMgacCritic(const SlMgacConfig& config, const EnvSpec& spec, int num_reward_heads)
    : num_actions_(spec.num_actions),
      extractor_(register_module(
          "extractor",
          std::make_shared<Extractor>(
              spec.schema, ExtractorOptions{config.embedding_size, config.attention_size, config.layer_norm != LayerNorm::kNone}))) {
  const std::int64_t features = extractor_->num_features();
  if (config.reward_prediction)
    reward_ = register_module(
        "reward", make_mlp(config, features, num_reward_heads, config.group_critic, 1));
  if (config.residual)
    residual_ = register_module(
        "residual", make_mlp(config, features, num_actions_, config.group_critic, kSmallStart));
  if (config.residual && config.twin_critic != TwinCritic::kNone)
    twin_ = register_module("twin", make_mlp(config, features, num_actions_, config.group_critic, kSmallStart));
}

SlMgacCritic::Output SlMgacCritic::forward(const Columns& columns, const GroupSlices& slices) {
  return forward_features(extractor_->forward(columns), slices);
}

SlMgacCritic::Output SlMgacCritic::forward_features(const torch::Tensor& features, const GroupSlices& slices) {
  Output output;
  output.features = features;
  if (reward_) output.reward_heads = reward_->forward(features, slices);
  output.residual = residual_ ? residual_->forward(features, slices)
                              : torch::zeros({features.size(0), num_actions_}, features.options());
  if (twin_) output.twin = twin_->forward(features, slices);
  return output;
}

SlMgacActor::SlMgacActor(const SlMgacConfig& config, const EnvSpec& spec, std::int64_t num_features)
    : logits_(register_module("logits", make_mlp(config, num_features, spec.num_actions,
                                                 config.group_actor, kSmallStart))) {}

torch::Tensor SlMgacActor::forward(const torch::Tensor& features, const GroupSlices& slices) {
  return logits_->forward(features, slices);
}

}  // namespace sluice
