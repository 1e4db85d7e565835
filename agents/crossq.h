#pragma once
// CrossQ (Bhatt et al. 2024): soft actor-critic without target networks.  Batch normalisation in the critics, of s and s'
// in one batch, is what keeps them from diverging:
//
//   [Q_k(s,·); Q_k(s',·)] = critic_k([s; s'])        one pass, one set of statistics
//   y = r + discount·Σ_a π(a|s')·[Q̄(s',a) − α·ln π(a|s')]       without gradient
//
// The actor goes by Q normalised with trailing means, as it acts.
//
// The rest is sac's (soft_actor_critic.h), with the mean over critics.  Left out: the renormalisation of the authors' code,
// Adam's β₁ = .5, and the actor's delay of 3, which is there for the noise of sampled actions (ours sees both exactly).
// What layer_norm says holds for the extractor's features and the actor only.  The paper's critics are 2048 wide; here `hidden` is the same as everybody's.

#include "agents/sac.h"

namespace sluice {

struct CrossqConfig : ActorCriticConfig {
  static constexpr AgentInfo kInfo = {.kind = "crossq", .family = "variance-robust", .description = "soft actor-critic without targets, batch-normalised critics",
                                      .source = "Bhatt et al. 2024", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  int policy_period = 1;
  TemperatureConfig temperature = {};

  static constexpr auto fields() {
    using C = CrossqConfig;
    return std::tuple_cat(ActorCriticConfig::untargeted_fields(),
                          std::tuple{field("policy_period", &C::policy_period, {.range = {1, 1000}, .unit = "updates", .doc = "the actor moves so often"}),
                                     field("temperature", &C::temperature, {.doc = "the weight of entropy"})});
  }
};

std::unique_ptr<Agent> make(const CrossqConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
