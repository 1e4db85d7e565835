#pragma once
// The true value of a policy at given requests, by rollouts:
//
//   Q(s,a) = E[ Σ_t Γ_t (reward_t − Σ_i λ_i cost_i,t) | s, a, then π ],   V(s) = Σ_a π(a|s) Q(s,a),
//   Γ_t = product of the discount factors of the steps before t (agents/bellman.h).
//
// The world is branched at its waiting batch (Environment::branch): for each request and action many
// copies, the first decision given, the policy from then on.  Copies of one request share their luck
// between actions, so the advantage Q(s,1) − Q(s,0) is a paired difference.  The supply's future is
// common to the copies of a path and differs between paths; means over paths are independent, and
// standard errors and intervals come from them (Student, paths − 1 degrees of freedom).
//
// Returns of the feed are skewed: with few rollouts a path intervals cover less than they say (on the golden
// CMDP, 12 paths: 93 % of 95 with 10 rollouts, 95 % with 40).
//
// The policy must depend on observation and group only: what an agent remembers of a user (`interval`)
// begins anew in a branch.

#include <functional>
#include <memory>

#include "agents/agent.h"
#include "agents/bellman.h"

namespace sluice {

struct MonteCarloOptions {
  int paths = 32;               // at least 2
  int rollouts_per_path = 8;    // per request and action
  DiscountConfig discount;      // an environment that dictates γ overrides it
  std::vector<double> multipliers;  // λ per cost; empty: all 0
  double tail = 1e-4;           // a rollout ends when Γ falls below; < 1
  double max_days = 30;         // or after these days
};

struct Estimate {
  double mean = 0, standard_error = 0;
};

struct RequestValue {
  std::vector<Estimate> q;   // [action]
  Estimate v, advantage;     // advantage: Q(s,1) − Q(s,0)
};

struct MonteCarloResult {
  std::vector<RequestValue> requests;  // as rows
  std::int64_t decisions = 0;          // simulated
  std::int64_t unfinished = 0;         // rollouts that the horizon cut before Γ < tail
};

/// Makes the policy for a world of copies.
using PolicyMaker = std::function<std::unique_ptr<Agent>(const EnvSpec&)>;

/// Values at `rows` of the batch that waits in `environment`.  `seed`: of the luck to come.
MonteCarloResult monte_carlo(const Environment& environment, const std::vector<std::size_t>& rows,
                             const PolicyMaker& make_policy, const MonteCarloOptions& options, Seed seed);

/// Mean and standard error of independent numbers, at least 2.
Estimate estimate(std::span<const double> values);

}  // namespace sluice
