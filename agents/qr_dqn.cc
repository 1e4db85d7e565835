#include "agents/qr_dqn.h"

#include "agents/q_agent.h"

namespace sluice {

std::unique_ptr<Agent> make(const QrDqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<QAgent>(config, QOptions{.kind = QrDqnConfig::kKind, .double_q = config.double_q},
                                  quantile_head(config.num_quantiles, config.huber_corner), spec, seed, learning);
}

}  // namespace sluice
