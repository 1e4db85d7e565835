#pragma once
// DDPG (Lillicrap et al. 2016) with a relaxed binary action: relaxed_config.h.  One critic, no smoothing.

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/relaxed_config.h"

namespace sluice {

struct DdpgConfig : RelaxedConfig {
  static constexpr AgentInfo kInfo = {.kind = "ddpg", .family = "relaxed action", .description = "deterministic policy gradient through a relaxed binary action",
                                      .source = "Lillicrap et al. 2016; Maddison et al. 2017", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  DdpgConfig() { num_critics = 1; }
  static constexpr auto fields() { return RelaxedConfig::relaxed_fields(); }
};

std::unique_ptr<Agent> make(const DdpgConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
