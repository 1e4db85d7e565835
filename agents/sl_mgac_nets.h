#pragma once
// The networks of SL-MGAC.  Private to the learning library.

#include <torch/torch.h>

#include <memory>

#include "agents/nets.h"
#include "agents/sl_mgac.h"
#include "sim/environment.h"

namespace sluice {

/// Widths multiplied by the factor at which one network from `inputs` to `outputs` has as many weights as
/// `num_groups` networks of the given widths: the parameter-matched control of groups.
std::vector<int> matched_widths(const std::vector<int>& hidden, std::int64_t inputs, std::int64_t outputs, int num_groups);

/// Extractor φ with its LayerNorm, reward prediction network (RPN) and Q residual network (QRN).
class SlMgacCritic : public torch::nn::Module {
 public:
  /// num_reward_heads: outputs of the RPN (reward_model.h).
  SlMgacCritic(const SlMgacConfig& config, const EnvSpec& spec, int num_reward_heads);

  struct Output {
    torch::Tensor features;      // LN(φ(x)) [n, f]
    torch::Tensor reward_heads;  // RPN [n, num_reward_heads]; undefined without RPN
    torch::Tensor residual;      // Q̃ [n, A]; zeros without QRN
    torch::Tensor twin;          // Q̃₂ [n, A]; undefined without a twin
  };
  Columns read(const torch::Tensor& raw) const { return extractor_->read(raw); }
  Output forward(const Columns& columns, const GroupSlices& slices);
  Output forward(const torch::Tensor& raw, const GroupSlices& slices) { return forward(read(raw), slices); }
  torch::Tensor features(const Columns& columns) { return extractor_->forward(columns); }
  torch::Tensor features(const torch::Tensor& raw) { return features(read(raw)); }
  torch::Tensor before_norm(const Columns& columns) { return extractor_->before_norm(columns); }  // φ(x)
  Output forward_features(const torch::Tensor& features, const GroupSlices& slices);
  torch::Tensor normalise(const torch::Tensor& features) const { return extractor_->normalise(features); }
  std::int64_t num_features() const { return extractor_->num_features(); }
  const GroupedMlp* reward_net() const { return reward_.get(); }      // null: no RPN
  const GroupedMlp* residual_net() const { return residual_.get(); }  // null: no QRN
  std::vector<torch::Tensor> extractor_parameters() const { return extractor_->parameters(); }

 private:
  std::int64_t num_actions_;
  std::shared_ptr<Extractor> extractor_;
  std::shared_ptr<GroupedMlp> reward_;    // null: no RPN
  std::shared_ptr<GroupedMlp> residual_;  // null: no QRN
  std::shared_ptr<GroupedMlp> twin_;      // null: no twin
};

/// π's logits from the critic's features: [n, f] → [n, A].
class SlMgacActor : public torch::nn::Module {
 public:
  SlMgacActor(const SlMgacConfig& config, const EnvSpec& spec, std::int64_t num_features);
  torch::Tensor forward(const torch::Tensor& features, const GroupSlices& slices);
  const GroupedMlp& net() const { return *logits_; }

 private:
  std::shared_ptr<GroupedMlp> logits_;
};

}  // namespace sluice
