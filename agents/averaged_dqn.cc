#include "agents/averaged_dqn.h"

#include "agents/q_agent.h"
#include "sim/check.h"

namespace sluice {

std::unique_ptr<Agent> make(const AveragedDqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  if (config.target_period == 0)
    throw data_error("agent.target_period: 0: averaged_dqn averages copies taken every so many updates; give it at least 1");
  return std::make_unique<QAgent>(config, QOptions{.kind = AveragedDqnConfig::kKind, .double_q = false, .num_targets = config.num_averaged},
                                  scalar_head(TdLoss::kMse), spec, seed, learning);
}

}  // namespace sluice
