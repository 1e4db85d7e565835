#pragma once
// What the rivals of SL-MGAC have in common in their configuration, so that all see the same features through the same
// networks, discount the same way and price costs the same way.

#include <tuple>
#include <vector>

#include "agents/agent_info.h"
#include "agents/bellman.h"
#include "agents/learning.h"
#include "agents/multipliers.h"
#include "sim/config.h"

namespace sluice {

struct LearnerConfig {
  std::vector<int> hidden = {128, 64};
  int embedding_size = 8;
  int attention_size = 16;
  LayerNorm layer_norm = LayerNorm::kAll;
  double learning_rate = 3e-4;
  int decay_updates = 0;
  double max_gradient_norm = 10;
  double discount = 0.98;
  DiscountUnit discount_unit = DiscountUnit::kTime;
  double discount_session_end = 1;
  double reward_scale = 0;
  MultiplierConfig multiplier = {};

  DiscountConfig discounting() const { return {.unit = discount_unit, .discount = discount, .session_end = discount_session_end}; }
  /// Of the given number of updates.
  double step_size(double first, std::uint64_t updates) const {
    return decay_updates > 0 ? first / (1 + static_cast<double>(updates) / decay_updates) : first;
  }

  /// Of networks and their steps: all that an imitator needs.
  static constexpr auto network_fields() {
    using C = LearnerConfig;
    return std::tuple{
        field("hidden", &C::hidden, {.range = {1, 4096}, .doc = "widths of the hidden layers of every network; []: linear"}),
        field("embedding_size", &C::embedding_size, {.range = {1, 256}, .doc = "width of an id's embedding"}),
        field("attention_size", &C::attention_size, {.range = {1, 256}, .doc = "width of keys, queries and values of target attention"}),
        field("layer_norm", &C::layer_norm, {.doc = "where layers are normalised"}),
        field("learning_rate", &C::learning_rate, {.range = {0, 1, kOpenBelow}, .doc = "Adam step size"}),
        field("decay_updates", &C::decay_updates, {.range = {0, 1e9}, .unit = "updates", .doc = "step sizes are divided by 1 + updates/decay_updates; 0: constant, for a world that keeps changing"}),
        field("max_gradient_norm", &C::max_gradient_norm, {.range = {0, 1e9}, .doc = "gradients are scaled down to this norm; 0: never"})};
  }
  static constexpr auto learner_fields() {
    using C = LearnerConfig;
    return std::tuple_cat(network_fields(), std::tuple{
        field("discount", &C::discount, {.range = {0, 1, kOpenAbove}, .doc = "γ, per request or per 165 s; a tabular environment dictates its own"}),
        field("discount_unit", &C::discount_unit, {.doc = "γ per request, or per 165 s of clock time"}),
        field("discount_session_end", &C::discount_session_end, {.range = {0, 1, kOpenBelow}, .doc = "extra factor on the value beyond the end of a session"}),
        field("reward_scale", &C::reward_scale, {.range = {0, 1e9}, .unit = "of reward", .doc = "Q is learned in this unit; 0: 30 s where live watch is observed (feed), 10 elsewhere (tabular)"}),
        field("multiplier", &C::multiplier, {.doc = "prices of the costs"})});
  }
};

/// Agents that act by a learned Q: how its targets move, and how near to greedy they act.
///
///   π(·|s) = sparsemax(Q(s,·)/(band·gap)),   gap: a trailing mean over batches of max_a Q − min_a Q
///
/// (Martins & Astudillo 2016), which for two actions is clip(½ + (Q(s,1) − Q(s,0))/(2·band·gap), 0, 1): greedy but
/// where the actions are nearly worth the same.  There the optimum of a constrained problem has to randomise, and a
/// price that moves by a little then moves the injection rate by a little.  0: greedy, ties to action 0.
struct QLearnerConfig : LearnerConfig {
  double polyak = 0.005;
  int target_period = 0;
  double randomized_band = 0;

  static constexpr auto band_field() {
    using C = QLearnerConfig;
    return field("randomized_band", &C::randomized_band, {.range = {0, 100}, .doc = "decisions are random where the actions' values differ by less than this share of their mean difference: what a greedy agent lacks to keep a limit; 0: greedy"});
  }
  static constexpr auto q_fields() {
    using C = QLearnerConfig;
    return std::tuple_cat(
        LearnerConfig::learner_fields(),
        std::tuple{field("polyak", &C::polyak, {.range = {0, 1, kOpenBelow}, .doc = "target ← (1−polyak)·target + polyak·online after each update"}),
                   field("target_period", &C::target_period, {.range = {0, 1e9}, .unit = "updates", .doc = "> 0: copy the online network every so many updates instead of averaging"}),
                   band_field()});
  }
};

}  // namespace sluice
