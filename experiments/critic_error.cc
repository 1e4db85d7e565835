#include "experiments/critic_error.h"

#include <cmath>

namespace sluice {

std::optional<CriticError> critic_error(const TabularCmdp& cmdp, Agent& agent, const std::vector<float>& states, const Eigen::MatrixXd& policy) {
  std::vector<float> q(static_cast<std::size_t>(policy.size()));
  if (!agent.action_values(states, {}, q)) return std::nullopt;
  const PolicyValue value = evaluate_policy(cmdp, policy);
  CriticError found{.learned = Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(q.data(), policy.rows(), policy.cols()).cast<double>(),
                    .exact = value.reward_action_value,
                    .occupancy = value.occupancy};
  const std::vector<double> multipliers = agent.multipliers();
  for (std::size_t i = 0; i < cmdp.cost.size(); ++i) found.exact -= multipliers[i] * value.cost_action_value[i];
  return found;
}

std::vector<Diagnostic> critic_diagnostics(const CriticError& error, const Eigen::MatrixXd& policy) {
  const Eigen::MatrixXd difference = error.learned - error.exact;
  const Eigen::MatrixXd weight = (policy.array().colwise() * error.occupancy.array()) / error.occupancy.sum();
  return {{"q_bias", "reward", "occupancy-weighted mean of the learned Q less the exact one of the policy", (weight.array() * difference.array()).sum()},
          {"q_rmse", "reward", "root of the weighted mean square of that difference", std::sqrt((weight.array() * difference.array().square()).sum())},
          {"q_range", "reward", "largest exact Q less the least", error.exact.maxCoeff() - error.exact.minCoeff()}};
}

double visited_q_rmse(const CriticError& error, const Eigen::MatrixXd& policy, const std::vector<std::int64_t>& visits) {
  constexpr std::int64_t kLeastVisits = 200;
  double square = 0, weight = 0;
  for (Eigen::Index s = 0; s < policy.rows(); ++s)
    for (Eigen::Index a = 0; a < policy.cols(); ++a) {
      if (visits[static_cast<std::size_t>(s * policy.cols() + a)] < kLeastVisits) continue;
      const double own = error.occupancy(s) * policy(s, a), difference = error.learned(s, a) - error.exact(s, a);
      square += own * difference * difference;
      weight += own;
    }
  return std::sqrt(square / weight) / (error.exact.maxCoeff() - error.exact.minCoeff());
}

Table critic_table(const CriticError& error, const Eigen::MatrixXd& policy, const std::vector<std::int64_t>& visits) {
  std::vector<std::int64_t> state, action;
  std::vector<double> learned, exact, occupancy;
  for (Eigen::Index s = 0; s < policy.rows(); ++s)
    for (Eigen::Index a = 0; a < policy.cols(); ++a) {
      state.push_back(s);
      action.push_back(a);
      learned.push_back(error.learned(s, a));
      exact.push_back(error.exact(s, a));
      occupancy.push_back(error.occupancy(s) * policy(s, a));
    }
  return {.columns = {{"state", "1", "number of the state", state},
                      {"action", "1", "number of the action", action},
                      {"visits", "1", "transitions of training from here", visits},
                      {"occupancy", "1", "expected discounted visits under the last iterate", occupancy},
                      {"q", "reward", "learned Q at the last multipliers", learned},
                      {"q_exact", "reward", "exact Q of the last iterate at the same multipliers", exact}}};
}

}  // namespace sluice
