#pragma once
// Supervised learning and no reinforcement: SL-MGAC's reward prediction with its networks, groups and distribution
// discretisation, and γ = 0.  If reinforcement learning does not beat this, it is not needed.
//
//   inject  iff  R̂(s,1) − R̂(s,0) > τ        R̂: reward_model.h, of r^λ at the prices of `multiplier`, in seconds (of reward)
//   L = L_supervised
//
// With more actions than two: the best a ≥ 1 in place of 1.  τ is `threshold`; where the environment sets limits on costs
// that `multiplier` does not name, it is bisected while the agent learns, to about the least under which they are kept
// (threshold_search.h): for a threshold of one's own, name every limited cost, at 0 if it shall have no price.
// `multiplier` may only be fixed: a moving price and a moving threshold would be one too many.

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/discretization.h"
#include "agents/learner_config.h"
#include "agents/sl_mgac.h"

namespace sluice {

struct SupervisedGreedyConfig : LearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "supervised_greedy", .family = "supervised", .description = "SL-MGAC's reward prediction and a threshold: no reinforcement learning",
                                      .source = "γ = 0 of arXiv 2412.10381", .learns = true, .data = "off-policy", .offline = true, .limits = "threshold"};
  static constexpr const char* kKind = kInfo.kind;
  int num_groups = 5;
  int reassign_days = 7;
  RewardHead reward_head = RewardHead::kBucketProportion;
  int num_buckets = 20;
  BucketScheme bucket_scheme = BucketScheme::kErrorAdaptive;
  double tail_refinement = 2;
  double threshold = 0;
  double threshold_resolution = 1;
  int threshold_hold = 1;

  static constexpr auto fields() {
    using C = SupervisedGreedyConfig;
    return std::tuple_cat(
        LearnerConfig::network_fields(),
        std::tuple{field("num_groups", &C::num_groups, {.range = {1, 64}, .doc = "K user groups, as of sl_mgac"}),
                   field("reassign_days", &C::reassign_days, {.range = {1, 100000}, .unit = "day", .doc = "groups are formed anew so often"}),
                   field("reward_head", &C::reward_head, {.doc = "how watch time is predicted, as of sl_mgac"}),
                   field("num_buckets", &C::num_buckets, {.range = {1, 1000}, .doc = "M buckets of positive watch time; of quantile: M quantiles"}),
                   field("bucket_scheme", &C::bucket_scheme, {.doc = "where the buckets' edges lie"}),
                   field("tail_refinement", &C::tail_refinement, {.range = {0, 20}, .doc = "α of error_adaptive"}),
                   field("reward_scale", &C::reward_scale, {.range = {0, 1e9}, .unit = "of reward", .doc = "rewards are predicted in this unit; 0: 30 s where live watch is observed (feed), 10 elsewhere (tabular)"}),
                   field("threshold", &C::threshold, {.range = {-1e9, 1e9}, .unit = "of reward", .doc = "τ; added to what is bisected where there are limits"}),
                   field("threshold_resolution", &C::threshold_resolution, {.range = {0, 1e9, kOpenBelow}, .unit = "of reward", .doc = "how finely τ is bisected"}),
                   field("threshold_hold", &C::threshold_hold, {.range = {1, 100000}, .unit = "steps", .doc = "steps of the multipliers for which each τ is tried"}),
                   field("multiplier", &C::multiplier, {.doc = "prices of the costs of this request; fixed only"})});
  }
};

std::unique_ptr<Agent> make(const SupervisedGreedyConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
