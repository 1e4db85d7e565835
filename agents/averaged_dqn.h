#pragma once
// Averaged-DQN (Anschel, Baram & Shimkin 2017): DQN whose target is the mean of the last K copies of the network, taken
// every `target_period` updates, which averages the copies' approximation errors away:
//
//   y = r^λ/scale + discount·max_a (1/K)·Σ_k Q_k(s', a)
//
// over the copies taken so far.  The maximum is over the averaged values, as in the paper (no Double).

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/learner_config.h"

namespace sluice {

struct AveragedDqnConfig : QLearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "averaged_dqn", .family = "value-based", .description = "DQN with the mean of past networks as target",
                                      .source = "Anschel et al. 2017", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  int num_averaged = 10;

  AveragedDqnConfig() { target_period = 20; }

  static constexpr auto fields() {
    using C = AveragedDqnConfig;
    return std::tuple_cat(LearnerConfig::learner_fields(),
                          std::tuple{field("target_period", &C::target_period, {.range = {1, 1e9}, .unit = "updates", .doc = "between two copies of the online network"}),
                                     field("num_averaged", &C::num_averaged, {.range = {1, 100}, .doc = "K, copies in the mean", .source = "Anschel et al. 2017"}),
                                     QLearnerConfig::band_field()});
  }
};

std::unique_ptr<Agent> make(const AveragedDqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
