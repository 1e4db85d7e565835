#pragma once
// Discrete soft actor-critic (Christodoulou 2019) with what keeps it sound on a binary action.
//
// Libraries aim at an entropy of .89 to .98·ln 2 there, which forces the rarer action to .31 to .42: a coin flip.  Here
// the aimed-at entropy falls from `entropy_start` to `entropy_end` (shares of ln A).  The mean of the critics replaces
// their minimum, whose pessimism starves exploration, and Q may be clipped near its target (Zhou et al. 2024,
// arXiv 2209.10081; their penalty on the change of entropy is left out: transitions do not carry the entropy at which
// they were decided).  The naive form is a configuration: aggregation: min, entropy_start = entropy_end: .98,
// layer_norm: none, q_clip: 0 (experiments/configs/sac_naive.yaml).

#include <array>
#include <memory>
#include <tuple>

#include "agents/actor_critic_config.h"
#include "agents/agent.h"

namespace sluice {

enum class Aggregation { kMean, kMin };
constexpr std::array<const char*, 2> enum_names(Aggregation) { return {"mean", "min"}; }

/// The weight α of entropy, in units of reward_scale.
struct TemperatureConfig {
  double initial = 0.1;
  double learning_rate = 1e-3;
  double entropy_start = 0.6;
  double entropy_end = 0.1;
  double entropy_decay = 300;

  /// H̄ as a share of ln A.
  double target(std::uint64_t update) const;

  static constexpr auto fields() {
    using C = TemperatureConfig;
    return std::tuple{
        field("initial", &C::initial, {.range = {0, 1e6, kOpenBelow}, .unit = "of reward_scale", .doc = "α at the start"}),
        field("learning_rate", &C::learning_rate, {.range = {0, 1}, .doc = "Adam step size of ln α; 0: α is fixed"}),
        field("entropy_start", &C::entropy_start, {.range = {0, 1}, .unit = "of ln A", .doc = "entropy aimed at, at first"}),
        field("entropy_end", &C::entropy_end, {.range = {0, 1}, .unit = "of ln A", .doc = "entropy aimed at, in the end"}),
        field("entropy_decay", &C::entropy_decay, {.range = {0, 1e9, kOpenBelow}, .unit = "updates", .doc = "in which the difference of the two falls to 1/e"})};
  }
};

struct SacConfig : ActorCriticConfig {
  static constexpr AgentInfo kInfo = {.kind = "sac", .family = "actor-critic", .description = "discrete soft actor-critic with a falling entropy target",
                                      .source = "Christodoulou 2019; Zhou et al. 2024", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  Aggregation aggregation = Aggregation::kMean;
  double q_clip = 0;
  TemperatureConfig temperature = {};

  static constexpr auto fields() {
    using C = SacConfig;
    return std::tuple_cat(ActorCriticConfig::actor_critic_fields(),
                          std::tuple{field("aggregation", &C::aggregation, {.doc = "of the critics, in target and actor", .source = "Zhou et al. 2024"}),
                                     field("q_clip", &C::q_clip, {.range = {0, 1e6}, .unit = "of reward_scale", .doc = "Q may leave its target network by this before its loss stops falling, so it moves by polyak·q_clip per update at most; 0: no clip", .source = "our choice: Zhou et al. 2024 use .5, of rewards near 1"}),
                                     field("temperature", &C::temperature, {.doc = "the weight of entropy"})});
  }
};

std::unique_ptr<Agent> make(const SacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
