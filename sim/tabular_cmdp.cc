#include "sim/tabular_cmdp.h"

#include <cmath>

#include "sim/check.h"

namespace sluice {
namespace {

constexpr double kTolerance = 1e-9;  // of sums of probabilities

std::string at(const char* name, Eigen::Index row, Eigen::Index column) {
  return std::string(name) + "[" + std::to_string(row) + ", " + std::to_string(column) + "]";
}

void require(bool holds, const std::string& message) {
  if (!holds) throw data_error("tabular CMDP: " + message);
}

void check_matrix(const Eigen::MatrixXd& matrix, const char* name, int rows, int columns) {
  require(matrix.rows() == rows && matrix.cols() == columns,
          std::string(name) + " is " + std::to_string(matrix.rows()) + " × " +
              std::to_string(matrix.cols()) + ", expected " + std::to_string(rows) + " × " +
              std::to_string(columns));
  for (Eigen::Index i = 0; i < matrix.rows(); ++i)
    for (Eigen::Index j = 0; j < matrix.cols(); ++j)
      require(std::isfinite(matrix(i, j)), at(name, i, j) + " is not finite");
}

// P_π(s, s') = Σ_a π(a|s) P_a(s, s')
Eigen::MatrixXd transition_under(const TabularCmdp& cmdp, const Eigen::MatrixXd& policy) {
  Eigen::MatrixXd transition = Eigen::MatrixXd::Zero(cmdp.num_states, cmdp.num_states);
  for (int a = 0; a < cmdp.num_actions; ++a)
    transition += policy.col(a).asDiagonal() * cmdp.transition[static_cast<std::size_t>(a)];
  return transition;
}

// Q(s, a) = payoff(s, a) + γ Σ_s' P_a(s, s') V(s')
Eigen::MatrixXd action_value(const TabularCmdp& cmdp, const Eigen::MatrixXd& payoff,
                             const Eigen::VectorXd& value) {
  Eigen::MatrixXd result = payoff;
  for (int a = 0; a < cmdp.num_actions; ++a)
    result.col(a) += cmdp.discount * cmdp.transition[static_cast<std::size_t>(a)] * value;
  return result;
}

}  // namespace

void TabularCmdp::validate() const {
  require(num_states > 0, "there is no state");
  require(num_actions > 0 && num_actions < 256, "the number of actions is " +
                                                    std::to_string(num_actions) +
                                                    ", expected 1 to 255");
  require(discount > 0 && discount < 1,
          "gamma is " + std::to_string(discount) + ", expected a number in (0, 1)");
  require(static_cast<int>(transition.size()) == num_actions, "P does not cover every action");
  for (int a = 0; a < num_actions; ++a) {
    const Eigen::MatrixXd& p = transition[static_cast<std::size_t>(a)];
    check_matrix(p, "P", num_states, num_states);
    for (Eigen::Index s = 0; s < p.rows(); ++s) {
      const std::string row = "P[" + std::to_string(s) + ", " + std::to_string(a) + ", ";
      for (Eigen::Index next = 0; next < p.cols(); ++next)
        require(p(s, next) >= 0, row + std::to_string(next) + "] is negative");
      require(p.row(s).sum() <= 1 + kTolerance,
              row + ":] sums to " + std::to_string(p.row(s).sum()) + ", more than 1");
    }
  }
  check_matrix(reward, "R", num_states, num_actions);
  require(cost.size() == limits.size() && cost.size() == cost_names.size(),
          "C, limits and cost_names differ in length");
  for (std::size_t i = 0; i < cost.size(); ++i) {
    check_matrix(cost[i], "C", num_states, num_actions);
    require(std::isfinite(limits[i]), "limits[" + std::to_string(i) + "] is not finite");
    require(!cost_names[i].empty(), "cost_names[" + std::to_string(i) + "] is empty");
  }
  check_matrix(initial, "mu", num_states, 1);
  for (Eigen::Index s = 0; s < initial.size(); ++s)
    require(initial(s) >= 0, "mu[" + std::to_string(s) + "] is negative");
  require(std::abs(initial.sum() - 1) <= kTolerance,
          "mu sums to " + std::to_string(initial.sum()) + ", expected 1");
}

PolicyValue evaluate_policy(const TabularCmdp& cmdp, const Eigen::MatrixXd& policy) {
  ENSURE(policy.rows() == cmdp.num_states && policy.cols() == cmdp.num_actions, "policy shape");
  const Eigen::MatrixXd system = Eigen::MatrixXd::Identity(cmdp.num_states, cmdp.num_states) -
                                 cmdp.discount * transition_under(cmdp, policy);
  const Eigen::PartialPivLU<Eigen::MatrixXd> solver(system);
  const auto value_of = [&](const Eigen::MatrixXd& payoff) -> Eigen::VectorXd {
    return solver.solve(policy.cwiseProduct(payoff).rowwise().sum());
  };
  PolicyValue result;
  result.reward_value = value_of(cmdp.reward);
  result.reward_action_value = action_value(cmdp, cmdp.reward, result.reward_value);
  result.reward = cmdp.initial.dot(result.reward_value);
  for (const Eigen::MatrixXd& cost : cmdp.cost) {
    result.cost_value.push_back(value_of(cost));
    result.cost_action_value.push_back(action_value(cmdp, cost, result.cost_value.back()));
    result.cost.push_back(cmdp.initial.dot(result.cost_value.back()));
  }
  result.occupancy = system.transpose().partialPivLu().solve(cmdp.initial);
  return result;
}

Eigen::MatrixXd average_policy(const TabularCmdp& cmdp,
                               const std::vector<Eigen::MatrixXd>& policies) {
  ENSURE(!policies.empty(), "no policy to average");
  Eigen::MatrixXd occupancy = Eigen::MatrixXd::Zero(cmdp.num_states, cmdp.num_actions);
  Eigen::MatrixXd mean = occupancy;
  for (const Eigen::MatrixXd& policy : policies) {
    occupancy += evaluate_policy(cmdp, policy).occupancy.asDiagonal() * policy;
    mean += policy / static_cast<double>(policies.size());
  }
  for (Eigen::Index s = 0; s < occupancy.rows(); ++s) {
    const double total = occupancy.row(s).sum();
    if (total > 1e-12)
      occupancy.row(s) /= total;
    else
      occupancy.row(s) = mean.row(s);  // never visited: any choice has the same values
  }
  return occupancy;
}

}  // namespace sluice
