#include "agents/cql.h"

#include "agents/q_agent.h"

namespace sluice {

std::unique_ptr<Agent> make(const CqlConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  QOptions options{.kind = CqlConfig::kKind};
  if (config.alpha > 0)
    options.regulariser = [alpha = config.alpha](const torch::Tensor& q, const TorchBatch& batch) { return alpha * conservative_gap(q, batch.action); };
  return std::make_unique<QAgent>(config, options, scalar_head(TdLoss::kMse), spec, seed, learning);
}

}  // namespace sluice
