#include "agents/bcq.h"

#include "agents/q_agent.h"

namespace sluice {

std::unique_ptr<Agent> make(const BcqConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<QAgent>(config, QOptions{.kind = BcqConfig::kKind, .imitation_threshold = config.threshold}, scalar_head(TdLoss::kMse), spec, seed, learning);
}

}  // namespace sluice
