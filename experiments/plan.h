#pragma once
// The planner: policy iteration by regression on the true latent state.
//
// Objective, per user-day: J = live watch − Σ_i price_i · cost_i  (s).  One round, for the policy π at hand:
//
//   1. Carried values v_g,w: habit and satisfaction (w) that a day leaves are worth what a little more of
//      them brings over `carry_days` under π, by a paired difference per user, averaged within groups.
//   2. In a running world under π, every request of randomly chosen windows is continued twice to midnight
//      on the same luck, with and without an injection (Environment::branch), π from then on:
//        D = J(1) − J(0) + Σ_w v_g,w · (carried_w(1) − carried_w(0)).
//   3. Control variate: the luck of live watches, y of an injection against E[y], is most of D's noise.  Its
//      mean is 0 up to a factor κ near 1 (what a page uses up of the budget before the stream's slot):
//        D ← D − β·Z,  Z = the pair's difference in Σ (y − κ E[y]),  κ = Σy / ΣE[y],  β = cov(D, Z)/var(Z).
//      Step 1 does likewise.
//   4. Ridge regression of D on the planner's features, one per group; π injects where it is positive.
//      From the second round on the coefficients are averages over the rounds.
//
// What it leaves out: effects of a day other than through habit and satisfaction; what the features do not
// show.  So its value is a lower bound on the optimum's.

#include <string>
#include <vector>

#include "agents/oracles.h"
#include "experiments/worlds.h"
#include "sim/table.h"

namespace sluice {

struct PlanRound {
  std::int64_t pairs = 0;
  double objective_s = 0;       // J per user-day of the policy that the round started from
  double injection_rate = 0;    // its injections per request
  double explained = 0;         // share of the variance of D (after step 3) that the regression explains
  std::vector<double> habit_value_s, satisfaction_value_s;  // v_g,w per unit, by group
};

struct Plan {
  PlannerTable table;
  std::vector<PlanRound> rounds;
  std::int64_t decisions = 0;  // simulated
  Table rounds_table() const;
};

/// Throws data_error when the user model tells nothing that is hidden or the supply listens to viewers.
Plan make_plan(Worlds& worlds, const FeedConfig& config, const PlannerConfig& planner, std::uint64_t seed, const std::string& label);

}  // namespace sluice
