#pragma once
// SL-MGAC: supervised-learning-enhanced multi-group actor-critic (Kuaishou, KDD 2025).
//
//   φ(x)                     extractor: dense features, id embeddings, target attention (nets.h)
//   h = MLP_{g(u)}(LN(φ(x))) a network per user group g, in the critic's residual and in the actor
//   Q(s,a) = R̂(s,a) + Q̃(s,a)    reward prediction (RPN) + residual (QRN)
//   r^λ = reward − Σ_i λ_i·cost_i                                     formed at update time
//   L_critic = ℓ(Q(s,a) − [r^λ/scale + discount·Σ_a' π(a'|s') Q'(s',a')]) + α_SL·L_supervised
//   L_actor  = −E_s[Σ_a π(a|s)·Qn(s,a)] − c_H·E_s[H(π(·|s))],   Qn = sg((Q − mean_a Q)/gap)
//
// The RPN predicts the live watch time y of injected requests by distribution discretisation
// (discretization.h): entering at all, the bucket, the position in the bucket;
//   ŷ = p_enter·Σ_m p_m·(b_m + δ̂_m·(b_{m+1} − b_m)),
// and R̂(s,1) is the part of r^λ that is affine in ŷ (EnvSpec::reward_affine, cost_affine).  Where no
// watch time is observed (tabular) it predicts the reward and each cost per action by squared error.
//
// Each piece has a switch whose neutral value removes it alone.

#include <array>
#include <memory>
#include <tuple>
#include <vector>

#include "agents/agent.h"
#include "agents/agent_info.h"
#include "agents/bellman.h"
#include "agents/discretization.h"
#include "agents/learning.h"
#include "agents/multipliers.h"
#include "agents/user_groups.h"
#include "sim/config.h"

namespace sluice {

/// What the actor divides the centred Q by.  none: 1; mean_abs: mean |Q|; gap: mean over the batch of
/// max_a Q − min_a Q (two actions: |Q(s,1) − Q(s,0)|); std: standard deviation of Q over the batch.
enum class QNormalization { kNone, kMeanAbs, kGap, kStd };
constexpr std::array<const char*, 4> enum_names(QNormalization) {
  return {"none", "mean_abs", "gap", "std"};
}

/// How the RPN says how long a stream will be watched (reward_model.h).
enum class RewardHead { kBucketProportion, kTwoHot, kHlGauss, kQuantile, kMse };
constexpr std::array<const char*, 5> enum_names(RewardHead) {
  return {"bucket_proportion", "two_hot", "hl_gauss", "quantile", "mse"};
}

/// What a unit of Q is: `common`, reward_scale for everybody; `user`, reward_scale·u(s) with
///   u(s) = √((w + m)/(2m)),  w live watch of the last 21 days, m the schema's typical w,
/// so that light users' rewards weigh as much as heavy users': the rival of groups that needs no groups.
enum class RewardUnit { kCommon, kUser };
constexpr std::array<const char*, 2> enum_names(RewardUnit) { return {"common", "user"}; }

/// A second residual network Q̃₂ with weights of its own, against overestimation: the target and the actor see
/// the least of both Q's, or their mean (which does not underestimate).  Extractor and RPN are shared.
enum class TwinCritic { kNone, kMin, kMean };
constexpr std::array<const char*, 3> enum_names(TwinCritic) { return {"none", "min", "mean"}; }

struct SlMgacConfig {
  static constexpr AgentInfo kInfo = {.kind = "sl_mgac", .family = "actor-critic", .description = "supervised-learning-enhanced multi-group actor-critic on the Lagrangian reward",
                                   .source = "arXiv 2412.10381 (KDD 2025)", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  int num_groups = 5;
  Grouping grouping = Grouping::kLiveWatch;
  int match_groups = 0;
  bool group_actor = true;
  bool group_critic = true;
  int reassign_days = 7;
  std::vector<int> hidden = {128, 64};
  int embedding_size = 8;
  int attention_size = 16;
  LayerNorm layer_norm = LayerNorm::kAll;
  bool reward_prediction = true;
  bool residual = true;
  TwinCritic twin_critic = TwinCritic::kNone;
  RewardHead reward_head = RewardHead::kBucketProportion;
  int num_buckets = 20;
  BucketScheme bucket_scheme = BucketScheme::kErrorAdaptive;
  double tail_refinement = 2;
  double supervised_coefficient = 1;
  bool td_trains_rpn = false;
  bool actor_trains_extractor = false;
  QNormalization q_normalization = QNormalization::kGap;
  double entropy_coefficient = 0.02;
  double learning_rate = 3e-4;
  double actor_learning_rate = 3e-4;
  int decay_updates = 0;
  double max_gradient_norm = 10;
  TdLoss td_loss = TdLoss::kMse;
  double polyak = 0.005;
  double discount = 0.98;
  DiscountUnit discount_unit = DiscountUnit::kTime;
  double discount_session_end = 1;
  double reward_scale = 0;
  RewardUnit reward_unit = RewardUnit::kCommon;
  MultiplierConfig multiplier = {};

  static constexpr auto grouping_fields() {
    using C = SlMgacConfig;
    return std::tuple{
        field("num_groups", &C::num_groups, {.range = {1, 64}, .doc = "K user groups: no live watch, and K−1 of equal size by live watch of 21 days; 1: everyone together"}),
        field("grouping", &C::grouping, {.doc = "who is in a group: live_watch, or random: by lot, as a control"}),
        field("reassign_days", &C::reassign_days, {.range = {1, 100000}, .unit = "day", .doc = "groups are formed anew so often"})};
  }
  /// What networks of groups share.
  static constexpr auto sharing_fields() {
    using C = SlMgacConfig;
    return std::tuple{
        field("match_groups", &C::match_groups, {.range = {0, 64}, .doc = "networks are widened until each has as many parameters as so many groups would have: the parameter-matched control of num_groups: 1; 0: as `hidden` says"}),
        field("group_actor", &C::group_actor, {.doc = "the actor has layers of its own per group"}),
        field("group_critic", &C::group_critic, {.doc = "the critic has layers of its own per group"})};
  }
  static constexpr auto network_fields() {
    using C = SlMgacConfig;
    return std::tuple{
        field("hidden", &C::hidden, {.range = {1, 4096}, .doc = "widths of the hidden layers of every network"}),
        field("embedding_size", &C::embedding_size, {.range = {1, 256}, .doc = "width of an id's embedding"}),
        field("attention_size", &C::attention_size, {.range = {1, 256}, .doc = "width of keys, queries and values of target attention"}),
        field("layer_norm", &C::layer_norm, {.doc = "where layers are normalised; `input` is the paper's least reading"}),
        field("reward_prediction", &C::reward_prediction, {.doc = "Q has the predicted reward R̂ as a part (RPN)"}),
        field("residual", &C::residual, {.doc = "Q has the learned residual as a part (QRN); without it Q is R̂: supervised only"}),
        field("twin_critic", &C::twin_critic, {.doc = "a second residual network; target and actor see the least (min) or the mean of both"}),
        field("reward_head", &C::reward_head, {.doc = "how watch time is predicted: bucket_proportion (the paper's distribution discretisation), two_hot, hl_gauss, quantile, mse"}),
        field("num_buckets", &C::num_buckets, {.range = {1, 1000}, .doc = "M buckets of positive watch time; of quantile: M quantiles"}),
        field("bucket_scheme", &C::bucket_scheme, {.doc = "where the buckets' edges lie: error_adaptive (finer in the tail), equal_frequency, equal_width"}),
        field("tail_refinement", &C::tail_refinement, {.range = {0, 20}, .doc = "α of error_adaptive: the edges are quantiles at (1−e^(−αm/M))/(1−e^(−α)); 0: equal frequency"}),
        field("supervised_coefficient", &C::supervised_coefficient, {.range = {0, 1e6}, .doc = "α_SL, weight of the supervised losses"}),
        field("td_trains_rpn", &C::td_trains_rpn, {.doc = "the TD loss also moves the reward prediction"}),
        field("actor_trains_extractor", &C::actor_trains_extractor, {.doc = "the actor's loss also moves the shared extractor"}),
        field("q_normalization", &C::q_normalization, {.doc = "what the actor divides Q by"}),
        field("entropy_coefficient", &C::entropy_coefficient, {.range = {0, 100}, .doc = "weight of the entropy bonus, in units of the normalised Q"}),
        field("learning_rate", &C::learning_rate, {.range = {0, 1, kOpenBelow}, .doc = "Adam step size of extractor and critic"}),
        field("actor_learning_rate", &C::actor_learning_rate, {.range = {0, 1, kOpenBelow}, .doc = "Adam step size of the actor"}),
        field("decay_updates", &C::decay_updates, {.range = {0, 1e9}, .unit = "updates", .doc = "both step sizes are divided by 1 + updates/decay_updates; 0: constant, for a world that keeps changing"}),
        field("max_gradient_norm", &C::max_gradient_norm, {.range = {0, 1e9}, .doc = "gradients are scaled down to this norm; 0: never"}),
        field("td_loss", &C::td_loss, {.doc = "squared error, or Huber with corner 1 (in units of reward_scale); where most rewards are 0 and a few are huge, Huber learns nearer the median than the mean"}),
        field("polyak", &C::polyak, {.range = {0, 1, kOpenBelow}, .doc = "target ← (1−polyak)·target + polyak·online after each update"}),
        field("discount", &C::discount, {.range = {0, 1, kOpenAbove}, .doc = "γ, per request or per 165 s; a tabular environment dictates its own"}),
        field("discount_unit", &C::discount_unit, {.doc = "γ per request, or per 165 s of clock time"}),
        field("discount_session_end", &C::discount_session_end, {.range = {0, 1, kOpenBelow}, .doc = "extra factor on the value beyond the end of a session"}),
        field("reward_scale", &C::reward_scale, {.range = {0, 1e9}, .unit = "of reward", .doc = "Q is learned in this unit; 0: 30 s where live watch is observed (feed), 10 elsewhere (tabular)"}),
        field("reward_unit", &C::reward_unit, {.doc = "the unit is the same for all, or grows with a user's live watch of the last 21 days (feed only)"}),
        field("multiplier", &C::multiplier, {.doc = "prices of the costs"})};
  }
  static constexpr auto fields() { return std::tuple_cat(grouping_fields(), sharing_fields(), network_fields()); }
};

std::unique_ptr<Agent> make(const SlMgacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
