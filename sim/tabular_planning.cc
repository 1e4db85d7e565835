#include "sim/tabular_planning.h"

#include <cmath>
#include <functional>

#include "sim/check.h"

namespace sluice {
namespace {

/// `back_up`: Q(s, ·) → V(s).
OptimalValue iterate(const TabularCmdp& cmdp, const Eigen::MatrixXd& reward, double tolerance,
                     const std::function<double(const Eigen::RowVectorXd&)>& back_up) {
  ENSURE(reward.rows() == cmdp.num_states && reward.cols() == cmdp.num_actions, "reward shape");
  OptimalValue result;
  result.value = Eigen::VectorXd::Zero(cmdp.num_states);
  for (double change = 0;; ) {
    result.action_value = reward;
    for (int a = 0; a < cmdp.num_actions; ++a)
      result.action_value.col(a) += cmdp.discount * cmdp.transition[static_cast<std::size_t>(a)] * result.value;
    change = 0;
    for (Eigen::Index s = 0; s < cmdp.num_states; ++s) {
      const double better = back_up(result.action_value.row(s));
      change = std::max(change, std::abs(better - result.value(s)));
      result.value(s) = better;
    }
    ++result.iterations;
    // Rounding sets a floor: values of 1e6 cannot be known to 1e-10.
    const double floor = 1e-14 * result.value.cwiseAbs().maxCoeff();
    if (change * cmdp.discount / (1 - cmdp.discount) <= std::max(tolerance, floor)) return result;
  }
}

}  // namespace

Eigen::MatrixXd lagrangian_reward(const TabularCmdp& cmdp, const std::vector<double>& multipliers) {
  ENSURE(multipliers.size() == cmdp.cost.size(), "one multiplier per cost");
  Eigen::MatrixXd reward = cmdp.reward;
  for (std::size_t i = 0; i < multipliers.size(); ++i) reward -= multipliers[i] * cmdp.cost[i];
  return reward;
}

OptimalValue value_iteration(const TabularCmdp& cmdp, const Eigen::MatrixXd& reward, double tolerance) {
  OptimalValue result = iterate(cmdp, reward, tolerance, [](const Eigen::RowVectorXd& q) { return q.maxCoeff(); });
  result.policy = Eigen::MatrixXd::Zero(cmdp.num_states, cmdp.num_actions);
  for (Eigen::Index s = 0; s < cmdp.num_states; ++s) {
    Eigen::Index best = 0;
    result.action_value.row(s).maxCoeff(&best);  // the first of equals
    result.policy(s, best) = 1;
  }
  return result;
}

OptimalValue soft_value_iteration(const TabularCmdp& cmdp, const Eigen::MatrixXd& reward, double temperature, double tolerance) {
  ENSURE(temperature > 0, "the temperature must be positive");
  OptimalValue result = iterate(cmdp, reward, tolerance, [temperature](const Eigen::RowVectorXd& q) {
    const double top = q.maxCoeff();  // ln Σ exp without overflow
    return top + temperature * std::log(((q.array() - top) / temperature).exp().sum());
  });
  result.policy.resize(cmdp.num_states, cmdp.num_actions);
  for (Eigen::Index s = 0; s < cmdp.num_states; ++s) {
    const Eigen::RowVectorXd& q = result.action_value.row(s);
    result.policy.row(s) = ((q.array() - q.maxCoeff()) / temperature).exp();
    result.policy.row(s) /= result.policy.row(s).sum();
  }
  return result;
}

}  // namespace sluice
