#pragma once
// Constrained policy optimisation (Achiam, Held, Tamar & Abbeel 2017): once per rollout, a natural-gradient step within a
// trust region that keeps the limit to first order.
//
//   max_θ gᵀx  s.t.  c + bᵀx ≤ 0, ½·xᵀHx ≤ δ    (trust_region.h),  H = Fisher + damping·I, by conjugate gradients
//   g, b = ∇ (mean w·ratio·Â + entropy_coefficient·mean H(π)),  ∇ mean w·ratio·Â_C   at θ_old
//
// Then a backtracking line search: mean KL ≤ δ, no more of any cost than the slack left to its limit, and no less gain unless
// a limit is exceeded.  Steps of full length never settle, so that values swing about a limit: with decay_updates √δ falls
// as the other learners' step sizes do.
//
// c = (J − d)/N: the limit d and the measured value J sum up N requests (on_policy.h), advantages are of one.  Undiscounted
// values of the feed meet discounted advantages there, so c is a scale that is right in size and sign, not to the digit.
// J is measured once a day; between two measurements it moves by what each step's surrogate promises, N·Δ mean w·ratio·Â_C,
// so that several steps do not use up the same slack.
//
// A step is planned for one limit, that which is exceeded most relative to itself; the others are looked at by the line search,
// and given up for this step if they leave it no length.
// Limited costs take no price: `multiplier` may only be fixed, and costs with a fixed price λ > 0 are part of the reward.
// What the trust region cannot help: a recovery that overshoots, because values are measured late, may end where an action's
// probability is so near 0 that no gradient brings it back.  On the golden CMDP (sim/example_cmdps.h), whose cost sums up 600
// seconds, it ends at never injecting.
// Without limits it is TRPO (Schulman et al. 2015).

#include <memory>
#include <tuple>

#include "agents/agent.h"
#include "agents/on_policy_config.h"

namespace sluice {

struct CpoConfig : OnPolicyConfig {
  static constexpr AgentInfo kInfo = {.kind = "cpo", .family = "constrained", .description = "trust-region steps that keep the limit; without limits TRPO",
                                      .source = "Achiam et al. 2017", .learns = true, .data = "on-policy", .limits = "trust region"};
  static constexpr const char* kKind = kInfo.kind;
  double trust = 0.01;
  double damping = 0.1;
  int conjugate_gradients = 15;
  int policy_rows = 4096;

  static constexpr auto fields() {
    using C = CpoConfig;
    return std::tuple_cat(
        OnPolicyConfig::rollout_fields(),
        std::tuple{field("trust", &C::trust, {.range = {0, 100, kOpenBelow}, .unit = "nat", .doc = "δ: mean KL of a step at most", .source = "Achiam et al. 2017; OmniSafe"}),
                   field("damping", &C::damping, {.range = {0, 100}, .doc = "added to the diagonal of the Fisher matrix", .source = "OmniSafe"}),
                   field("conjugate_gradients", &C::conjugate_gradients, {.range = {1, 1000}, .doc = "iterations that invert it", .source = "OmniSafe"}),
                   field("policy_rows", &C::policy_rows, {.range = {1, 1e8}, .doc = "decisions of a rollout that its policy step looks at"})});
  }
};

std::unique_ptr<Agent> make(const CpoConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
