#pragma once
// Extractor and critics of an actor-critic.  Private to the learning library.
//
// n rows, f features, A actions, N critics.

#include <torch/torch.h>

#include <memory>

#include "agents/actor_critic_config.h"
#include "agents/network_stack.h"
#include "sim/environment.h"

namespace sluice {

struct CriticShape {
  int num_critics = 2;
  bool has_value = false;       // a state value V(s) of its own beside the Q's
  double dropout = 0;           // of hidden units (DroQ)
  bool relaxed_action = false;  // two actions: u in [0, 1] is an input, and Q(s, 0), Q(s, 1) are its ends (DDPG)
  bool batch_norm = false;      // in place of LayerNorm and of target critics (CrossQ)
};

/// φ, then N networks Q_k(s, ·), and V if there is one.
class CriticStack : public torch::nn::Module {
 public:
  CriticStack(const ActorCriticConfig& config, const EnvSpec& spec, const CriticShape& shape);
  torch::Tensor features(const torch::Tensor& raw) { return extractor_->forward(raw); }  // [n, f]
  torch::Tensor q(const torch::Tensor& features);                                        // [N, n, A]
  torch::Tensor value(const torch::Tensor& features);                                    // [n]
  /// With batch normalisation: by the statistics of these rows, which are remembered.  [N, n, A]
  torch::Tensor q_learning(const torch::Tensor& features) { return batch_norm_->forward(features, true); }
  /// Of a relaxed action u [n].  [N, n]
  torch::Tensor q_between(const torch::Tensor& features, const torch::Tensor& u);
  /// ∂Q_1(s, u)/∂u, without gradient.  [n]
  torch::Tensor slope(const torch::Tensor& features, const torch::Tensor& u);
  /// Units that are dropped are drawn anew by every call of q() from now on; without, nothing is dropped.
  void drop_with(Rng* rng) { rng_ = rng; }
  std::int64_t num_features() const { return extractor_->num_features(); }

 private:
  const CriticShape shape_;
  Rng* rng_ = nullptr;
  std::shared_ptr<Extractor> extractor_;
  std::shared_ptr<NetworkStack> q_, value_;
  std::shared_ptr<BatchNormStack> batch_norm_;
};

}  // namespace sluice
