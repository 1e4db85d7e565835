#pragma once
// The learned Q of a tabular problem beside the exact Q of the agent's policy, both at its multipliers λ:
//   Q^λ(s,a) = Q_R(s,a) − Σ_i λ_i Q_i(s,a)
// Means over pairs are weighted by the policy's occupancy, Σ_t γ^t P(s_t = s)·π(a|s): a pair that is never met may
// have any Q.

#include <Eigen/Dense>
#include <cstdint>
#include <optional>
#include <vector>

#include "agents/agent.h"
#include "sim/table.h"
#include "sim/tabular_cmdp.h"

namespace sluice {

struct CriticError {
  Eigen::MatrixXd learned, exact;  // [S, A]
  Eigen::VectorXd occupancy;       // Σ_t γ^t P(s_t = s)
};

/// states: the observations of all states, S × S.  policy [S, A]: the agent's.  None: the agent has no Q.
std::optional<CriticError> critic_error(const TabularCmdp& cmdp, Agent& agent, const std::vector<float>& states, const Eigen::MatrixXd& policy);

/// q_bias, q_rmse and q_range, for /diagnostics.
std::vector<Diagnostic> critic_diagnostics(const CriticError& error, const Eigen::MatrixXd& policy);

/// Root mean square of the error over pairs with at least 200 visits in training, as a share of the exact Q's range.
/// visits [S × A]
double visited_q_rmse(const CriticError& error, const Eigen::MatrixXd& policy, const std::vector<std::int64_t>& visits);

/// /critic: a row per state and action.
Table critic_table(const CriticError& error, const Eigen::MatrixXd& policy, const std::vector<std::int64_t>& visits);

}  // namespace sluice
