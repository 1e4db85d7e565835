#include "agents/averaged_dqn.h"

#include "agents/q_agent.h"

namespace sluice {

std::unique_ptr<Agent> make(const AveragedDqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<QAgent>(config, QOptions{.kind = AveragedDqnConfig::kKind, .double_q = false, .num_targets = config.num_averaged},
                                  scalar_head(TdLoss::kMse), spec, seed, learning);
}

}  // namespace sluice
