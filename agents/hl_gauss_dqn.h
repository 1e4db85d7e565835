#pragma once
// DQN that classifies instead of regressing (Farebrother et al. 2024, "Stop Regressing", after Imani & White 2018):
//
//   Q(s,a) = Σ_i p_i·c_i,  p = softmax(network) over N bins with centres c_i
//   target: the scalar y = r^λ/scale + discount·Q'(s',a') as a normal distribution of deviation σ = ratio·(bin width),
//           its mass in each bin, cut to the bins and normalised
//   L = −Σ_i m_i·ln p_i
//
// Bins cover [value_low, value_high] as C51's atoms do.

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/learner_config.h"

namespace sluice {

struct HlGaussDqnConfig : QLearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "hl_gauss_dqn", .family = "value-based", .description = "DQN by cross-entropy to a blurred target",
                                      .source = "Farebrother et al. 2024", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  bool double_q = true;
  int num_bins = 51;
  double sigma_ratio = 0.75;
  double value_low = 0, value_high = 0;

  static constexpr auto fields() {
    using C = HlGaussDqnConfig;
    return std::tuple_cat(
        QLearnerConfig::q_fields(),
        std::tuple{field("double_q", &C::double_q, {.doc = "the online network chooses the action whose target value is used"}),
                   field("num_bins", &C::num_bins, {.range = {2, 1001}, .doc = "N", .source = "Farebrother et al. 2024"}),
                   field("sigma_ratio", &C::sigma_ratio, {.range = {0, 100, kOpenBelow}, .unit = "bin widths", .doc = "deviation of the blurred target", .source = "Farebrother et al. 2024"}),
                   field("value_low", &C::value_low, {.unit = "of reward_scale", .doc = "left end of the bins; equal to value_high: both from the rewards of the warm-up"}),
                   field("value_high", &C::value_high, {.unit = "of reward_scale", .doc = "right end of the bins"})});
  }
};

std::unique_ptr<Agent> make(const HlGaussDqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
