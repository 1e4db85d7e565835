#pragma once
// Double DQN (Mnih et al. 2015; van Hasselt, Guez & Silver 2016) on the Lagrangian reward.
//
//   r^λ = reward − Σ_i λ_i·cost_i                                formed at update time
//   y   = r^λ/scale + discount·Q'(s', argmax_a Q(s', a))          (discount: bellman.h)
//   L   = mean ℓ(Q(s, a) − y),  ℓ squared error or Huber
//
// Acts greedily in kEvaluate (ties to action 0) and ε-greedily in kExplore.  A greedy policy cannot
// randomise, so on a binding constraint it misses the optimum of the constrained problem.

#include <memory>
#include <tuple>
#include <vector>

#include "agents/agent.h"
#include "agents/bellman.h"
#include "agents/learning.h"
#include "agents/multipliers.h"
#include "sim/config.h"

namespace sluice {

struct DqnConfig {
  static constexpr const char* kKind = "dqn";
  std::vector<int> hidden = {128, 64};
  int embedding_size = 8;
  int attention_size = 16;
  LayerNorm layer_norm = LayerNorm::kAll;
  double learning_rate = 3e-4;
  double max_gradient_norm = 10;
  bool double_q = true;
  TdLoss td_loss = TdLoss::kMse;
  double polyak = 0.005;
  int target_period = 0;
  double discount = 0.98;
  DiscountUnit discount_unit = DiscountUnit::kTime;
  double discount_session_end = 1;
  double reward_scale = 0;
  MultiplierConfig multiplier = {};

  static constexpr auto fields() {
    using C = DqnConfig;
    return std::tuple{
        field("hidden", &C::hidden, {.range = {1, 4096}, .doc = "widths of the hidden layers"}),
        field("embedding_size", &C::embedding_size, {.range = {1, 256}, .doc = "width of an id's embedding"}),
        field("attention_size", &C::attention_size, {.range = {1, 256}, .doc = "width of keys, queries and values of target attention"}),
        field("layer_norm", &C::layer_norm, {.doc = "where layers are normalised"}),
        field("learning_rate", &C::learning_rate, {.range = {0, 1, kOpenBelow}, .doc = "Adam step size"}),
        field("max_gradient_norm", &C::max_gradient_norm, {.range = {0, 1e9}, .doc = "gradients are scaled down to this norm; 0: never"}),
        field("double_q", &C::double_q, {.doc = "the online network chooses the action whose target value is used"}),
        field("td_loss", &C::td_loss, {.doc = "squared error, or Huber with corner 1 (in units of reward_scale); where most rewards are 0 and a few are huge, Huber learns nearer the median than the mean"}),
        field("polyak", &C::polyak, {.range = {0, 1, kOpenBelow}, .doc = "target ← (1−polyak)·target + polyak·online after each update"}),
        field("target_period", &C::target_period, {.range = {0, 1e9}, .unit = "updates", .doc = "> 0: copy the online network every so many updates instead of averaging"}),
        field("discount", &C::discount, {.range = {0, 1, kOpenAbove}, .doc = "γ, per request or per 165 s; a tabular environment dictates its own"}),
        field("discount_unit", &C::discount_unit, {.doc = "γ per request, or per 165 s of clock time"}),
        field("discount_session_end", &C::discount_session_end, {.range = {0, 1, kOpenBelow}, .doc = "extra factor on the value beyond the end of a session"}),
        field("reward_scale", &C::reward_scale, {.range = {0, 1e9}, .unit = "of reward", .doc = "Q is learned in this unit; 0: 30 s where live watch is observed (feed), 10 elsewhere (tabular)"}),
        field("multiplier", &C::multiplier, {.doc = "prices of the costs"})};
  }
};

}  // namespace sluice
