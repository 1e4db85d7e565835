#pragma once
// QR-DQN (Dabney, Rowland, Bellemare & Munos 2018): Q's distribution as N quantiles at τ_i = (i + ½)/N,
//
//   L = Σ_i Σ_j w_j·ρ_τi(y_j − θ_i),   ρ_τ(u) = |τ − 1[u < 0]|·huber_κ(u)/κ
//   y_j = r^λ/scale + discount·θ'_j(s', a'),  w_j = π(a'|s')/N
//
// and Q(s,a) = mean_i θ_i: the quantiles' mean is no longer the mean of the data if κ is large beside their spread.

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/learner_config.h"

namespace sluice {

struct QrDqnConfig : QLearnerConfig {
  static constexpr AgentInfo kInfo = {.kind = "qr_dqn", .family = "value-based", .description = "DQN on quantiles of the return",
                                      .source = "Dabney et al. 2018", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  bool double_q = true;
  int num_quantiles = 51;
  double huber_corner = 1;

  static constexpr auto fields() {
    using C = QrDqnConfig;
    return std::tuple_cat(
        QLearnerConfig::q_fields(),
        std::tuple{field("double_q", &C::double_q, {.doc = "the online network chooses the action whose target value is used"}),
                   field("num_quantiles", &C::num_quantiles, {.range = {1, 256}, .doc = "N; memory and time grow with its square", .source = "51 in Acme, 200 in the paper"}),
                   field("huber_corner", &C::huber_corner, {.range = {0, 1e6}, .unit = "of reward_scale", .doc = "κ; 0: the quantile loss itself", .source = "Dabney et al. 2018"})});
  }
};

std::unique_ptr<Agent> make(const QrDqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
