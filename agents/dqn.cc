#include "agents/dqn.h"

#include "agents/q_agent.h"

namespace sluice {

std::unique_ptr<Agent> make(const DqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<QAgent>(config, QOptions{.kind = DqnConfig::kKind, .double_q = config.double_q, .dueling = config.dueling},
                                  scalar_head(config.td_loss), spec, seed, learning);
}

}  // namespace sluice
