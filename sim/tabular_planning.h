#pragma once
// Optimal values of a finite Markov decision process without constraints, by value iteration.
//
//   hard   V(s) = max_a Q(s,a)                              Q(s,a) = r(s,a) + γ Σ_s' P_a(s,s') V(s')
//   soft   V(s) = T·ln Σ_a exp(Q(s,a)/T)                    π(a|s) ∝ exp(Q(s,a)/T): the optimum of
//                                                           E Σ γ^t [r + T·H(π(·|s))]   (maximum entropy)
//   r = R − Σ_i λ_i C_i, the Lagrangian reward; without multipliers R alone.

#include <Eigen/Dense>
#include <vector>

#include "sim/tabular_cmdp.h"

namespace sluice {

struct OptimalValue {
  Eigen::VectorXd value;         // V [S]
  Eigen::MatrixXd action_value;  // Q [S, A]
  Eigen::MatrixXd policy;        // [S, A]; hard: greedy, ties to the lowest action
  int iterations = 0;
};

/// R − Σ_i λ_i C_i  [S, A].
Eigen::MatrixXd lagrangian_reward(const TabularCmdp& cmdp, const std::vector<double>& multipliers);

/// Stops when ‖V_{k+1} − V_k‖∞·γ/(1−γ) ≤ tolerance, so that V is within `tolerance` of the optimum.
OptimalValue value_iteration(const TabularCmdp& cmdp, const Eigen::MatrixXd& reward, double tolerance = 1e-10);

/// As above; temperature T > 0.
OptimalValue soft_value_iteration(const TabularCmdp& cmdp, const Eigen::MatrixXd& reward, double temperature,
                                  double tolerance = 1e-10);

}  // namespace sluice
