#include "agents/hl_gauss_dqn.h"

#include "agents/q_agent.h"
#include "sim/check.h"

namespace sluice {

std::unique_ptr<Agent> make(const HlGaussDqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  if (config.value_low > config.value_high) throw data_error("agent.value_low: lies above agent.value_high; give two ends in order, or none");
  return std::make_unique<QAgent>(config, QOptions{.kind = HlGaussDqnConfig::kKind, .double_q = config.double_q},
                                  gaussian_head(config.num_bins, config.sigma_ratio, {config.value_low, config.value_high}), spec, seed, learning);
}

}  // namespace sluice
