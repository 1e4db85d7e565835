#include "agents/describe.h"

namespace sluice {

void describe_values(const torch::Tensor& values, UpdateLog& log) {
  const torch::NoGradGuard no_grad;
  log.q_mean = values.mean().item<double>();
  log.q_std = values.std(false).item<double>();
  log.q_abs_max = values.abs().max().item<double>();
}

void describe_policy(const torch::Tensor& policy, UpdateLog& log) {
  const torch::NoGradGuard no_grad;
  constexpr double kSmallest = 1e-30;  // 0·ln 0 is 0
  log.injection_rate = 1 - policy.select(1, 0).mean().item<double>();
  log.entropy = -(policy * policy.clamp_min(kSmallest).log()).sum(1).mean().item<double>();
}

}  // namespace sluice
