#include "agents/c51.h"

#include "agents/q_agent.h"
#include "sim/check.h"

namespace sluice {

std::unique_ptr<Agent> make(const C51Config& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  if (config.value_low > config.value_high) throw data_error("agent.value_low: lies above agent.value_high; give two ends in order, or none");
  return std::make_unique<QAgent>(config, QOptions{.kind = C51Config::kKind, .double_q = config.double_q},
                                  categorical_head(config.num_atoms, {config.value_low, config.value_high}), spec, seed, learning);
}

}  // namespace sluice
