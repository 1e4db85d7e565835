#pragma once
// What every learner logs of a minibatch.  Private to the learning library.

#include <torch/torch.h>

#include "agents/agent.h"

namespace sluice {

/// q_mean, q_std and q_abs_max of values [n] in units of the reward.
void describe_values(const torch::Tensor& values, UpdateLog& log);
/// injection_rate and entropy of π(·|s) [n, A].
void describe_policy(const torch::Tensor& policy, UpdateLog& log);

}  // namespace sluice
