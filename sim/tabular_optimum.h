#pragma once
// The optimum of a finite constrained MDP, by the linear programme over occupancies
//
//   max_ρ≥0 Σ ρ(s,a) R(s,a)
//   Σ_a ρ(s',a) − γ Σ_{s,a} P_a(s,s') ρ(s,a) = μ(s')   for every s'     (flow)
//           Σ ρ(s,a) C_i(s,a) ≤ d_i                    for every cost    (its dual is λ*_i ≥ 0)
//
// ρ(s,a) = E Σ_t γ^t 1[s_t = s, a_t = a], so π*(a|s) = ρ(s,a)/Σ_a ρ(s,a).  Altman, Constrained Markov
// Decision Processes (1999), ch. 3.  Solved by GLPK.

#include <Eigen/Dense>
#include <vector>

#include "sim/tabular_cmdp.h"

namespace sluice {

struct CmdpOptimum {
  double reward = 0;               // J_R of the policy, evaluated exactly
  std::vector<double> cost;        // its J_i
  std::vector<double> multiplier;  // λ*
  Eigen::MatrixXd occupancy;       // ρ [S, A]
  /// [S, A].  In states that it never visits: greedy for R − Σ λ*_i C_i, ties to the lowest action.
  Eigen::MatrixXd policy;
};

/// Throws data_error if no policy keeps the limits.
CmdpOptimum solve_cmdp(const TabularCmdp& cmdp);

}  // namespace sluice
