#pragma once
// The rule behind ddpg, td3 and td3_bc (relaxed_config.h).  Private to the learning library.

#include <torch/torch.h>

#include <memory>

#include "agents/actor_critic.h"
#include "agents/relaxed_config.h"

namespace sluice {

struct RelaxedOptions {
  int period = 1;              // actor and targets move with every so-manieth update
  double smoothing = 0;        // σ of the target's action (probability only)
  double smoothing_clip = 0;   // c
  double value_weight = 0;     // > 0: TD3+BC, L_actor·value_weight/mean|Q| + mean (p − a)²
};

std::unique_ptr<ActorCriticRule> relaxed_rule(const RelaxedConfig& config, const RelaxedOptions& options, Seed seed);

/// u of `concrete`.  logit, v [n], v uniform in (0, 1); with gradient into logit.
torch::Tensor concrete(const torch::Tensor& logit, const torch::Tensor& v, double temperature);

/// −mean slope·u, without gradient into the slope.
torch::Tensor ascend(const torch::Tensor& slope, const torch::Tensor& u);

/// TD3+BC's: loss·weight/mean|q| + mean (p − a)².  loss: −mean of a value in the unit of q.
torch::Tensor with_imitation(const torch::Tensor& loss, const torch::Tensor& q, const torch::Tensor& p, const torch::Tensor& action, double weight);

}  // namespace sluice
