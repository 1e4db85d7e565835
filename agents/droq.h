#pragma once
// DroQ (Hiraoka et al. 2022): soft actor-critic with two critics whose hidden units drop out and are normalised, which
// stands in for REDQ's ensemble at a fraction of its cost.  Units drop out in online and target critics alike, anew in
// every update; not in acting.
//
// Here a unit drops out behind its LayerNorm and ReLU; in the paper between the linear layer and the LayerNorm (the
// layers are fused: agents/grouped_layer.h).

#include "agents/sac.h"

namespace sluice {

struct DroqConfig : ActorCriticConfig {
  static constexpr AgentInfo kInfo = {.kind = "droq", .family = "variance-robust", .description = "soft actor-critic with dropout and LayerNorm in the critics",
                                      .source = "Hiraoka et al. 2022", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  double dropout = 0.01;
  TemperatureConfig temperature = {};

  static constexpr auto fields() {
    using C = DroqConfig;
    return std::tuple_cat(ActorCriticConfig::actor_critic_fields(),
                          std::tuple{field("dropout", &C::dropout, {.range = {0, 1, kOpenAbove}, .doc = "probability that a hidden unit drops out", .source = "Hiraoka et al. 2022: .005 to .1 by task"}),
                                     field("temperature", &C::temperature, {.doc = "the weight of entropy"})});
  }
};

std::unique_ptr<Agent> make(const DroqConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
