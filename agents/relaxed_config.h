#pragma once
// What ddpg, td3 and td3_bc have in common: an actor that is moved along the slope of a critic Q(s, u) whose action
// u in [0, 1] is an input, as industry does it (the code of TSCAC, Cai et al. 2023).  Two actions only.
//
// The actor gives p = P(inject | s).  What is executed, and so what the critic learns from, is 0 or 1.  Between, Q is
// whatever the network makes of it: the slope at p is an extrapolation.  Hence three forms:
//
//   expected      p·Q(s,1) + (1 − p)·Q(s,0)                        the exact policy gradient: no slope is asked for
//   concrete      u = σ((logit p + ln v − ln(1 − v))/T), v uniform  T falls; u is near 0 or 1 where Q is known
//                 (Maddison, Mnih & Teh 2017; Jang, Gu & Poole 2017)
//   probability   u = p                                            the slope at p: industry's form, kept as an ablation
//
// `expected` is the default because it needs no Q between its ends.  What that is worth on a log of a tabular problem is
// printed, for `expected` and `concrete`, by `ctest -V -R '^tabular: from a log of .* improve'`.
//
//   L_actor = −mean sg(∂Q_1(s,u)/∂u)·u,  or of `expected` −mean p·sg(Q_1(s,1) − Q_1(s,0));  + logit_penalty·mean logits²
//   y       = r + discount·min_k Σ_a π'(a|s')·Q'_k(s',a),  π' the target actor
//             (probability: min_k Q'_k(s', u'),  u' = p' + clip(N(0, σ²), ±c), TD3's smoothing, clipped to [0, 1])
//
// A p that an early error of the critic has driven to 0 or 1 has no slope to come back by, hence the penalty (MADDPG's).

#include <array>
#include <cmath>

#include "agents/actor_critic_config.h"

namespace sluice {

enum class Relaxation { kExpected, kConcrete, kProbability };
constexpr std::array<const char*, 3> enum_names(Relaxation) { return {"expected", "concrete", "probability"}; }

struct RelaxedConfig : ActorCriticConfig {
  Relaxation relaxation = Relaxation::kExpected;
  double temperature_start = 1;
  double temperature_end = 0.1;
  double temperature_decay = 1000;
  double logit_penalty = 1e-3;

  double temperature(std::uint64_t update) const {
    return temperature_end + (temperature_start - temperature_end) * std::exp(-static_cast<double>(update) / temperature_decay);
  }

  static constexpr auto relaxed_fields() {
    using C = RelaxedConfig;
    return std::tuple_cat(
        ActorCriticConfig::actor_critic_fields(),
        std::tuple{field("relaxation", &C::relaxation, {.doc = "what the actor is moved along: expected, the difference of the actions' values; concrete or probability, a slope of Q between them"}),
                   field("temperature_start", &C::temperature_start, {.range = {0, 100, kOpenBelow}, .doc = "T of concrete at first"}),
                   field("temperature_end", &C::temperature_end, {.range = {0, 100, kOpenBelow}, .doc = "T in the end", .source = "Jang et al. 2017"}),
                   field("temperature_decay", &C::temperature_decay, {.range = {0, 1e9, kOpenBelow}, .unit = "updates", .doc = "in which the difference of the two falls to 1/e"}),
                   field("logit_penalty", &C::logit_penalty, {.range = {0, 100}, .doc = "weight of the actor's mean squared logits, which keeps p from sticking at 0 or 1", .source = "code of Lowe et al. 2017"})});
  }
};

}  // namespace sluice
