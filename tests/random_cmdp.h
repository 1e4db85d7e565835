#pragma once
// Random constrained MDPs, each with a limit that binds: between the cost of the unconstrained optimum and the least
// cost that any policy can have.

#include <algorithm>

#include "sim/distributions.h"
#include "sim/rng.h"
#include "sim/tabular_cmdp.h"
#include "sim/tabular_planning.h"

namespace sluice {

struct RandomCmdpOptions {
  int num_states = 20, num_actions = 2, num_costs = 1;
  double discount = 0.95;
  int successors = 4;        // per state and action, with probabilities of a flat Dirichlet distribution
  double termination = 0.1;  // per step
  double tightness = 0.5;    // of the limits: 0 the unconstrained optimum's cost, 1 the least possible
};

/// Rewards are a heavy-tailed watch time for action > 0, costs uniform in [−1, 1], more for action > 0.
inline TabularCmdp random_cmdp(std::uint64_t seed, const RandomCmdpOptions& options) {
  Rng rng = Seed(seed).stream(Purpose::kTest, static_cast<std::uint64_t>(options.num_states));
  TabularCmdp cmdp;
  cmdp.num_states = options.num_states;
  cmdp.num_actions = options.num_actions;
  cmdp.discount = options.discount;
  cmdp.transition.assign(static_cast<std::size_t>(options.num_actions), Eigen::MatrixXd::Zero(options.num_states, options.num_states));
  cmdp.reward = Eigen::MatrixXd::Zero(options.num_states, options.num_actions);
  cmdp.initial = Eigen::VectorXd::Zero(options.num_states);
  const auto u = [&] { return static_cast<double>(uniform(rng)); };
  for (int s = 0; s < options.num_states; ++s) {
    cmdp.initial(s) = u();
    for (int a = 0; a < options.num_actions; ++a) {
      double total = 0;
      std::vector<std::pair<int, double>> next;
      for (int k = 0; k < options.successors; ++k) {
        next.emplace_back(std::min(options.num_states - 1, static_cast<int>(u() * options.num_states)), -std::log(u()));
        total += next.back().second;
      }
      for (const auto& [to, weight] : next) cmdp.transition[static_cast<std::size_t>(a)](s, to) += (1 - options.termination) * weight / total;
      cmdp.reward(s, a) = a == 0 ? 0 : std::exp(1.5 * (u() + u() + u() - 1.5));
    }
  }
  cmdp.initial /= cmdp.initial.sum();
  for (int i = 0; i < options.num_costs; ++i) {
    Eigen::MatrixXd cost(options.num_states, options.num_actions);
    for (int s = 0; s < options.num_states; ++s)
      for (int a = 0; a < options.num_actions; ++a) cost(s, a) = 2 * u() - 1 + (a > 0 ? 0.5 : 0);
    cmdp.cost.push_back(cost);
    cmdp.cost_names.push_back("cost_" + std::to_string(i));
  }
  const PolicyValue free = evaluate_policy(cmdp, value_iteration(cmdp, cmdp.reward).policy);
  // Of several costs, the policy that lowers their sum most: all limits can be kept at once.
  Eigen::MatrixXd all = Eigen::MatrixXd::Zero(options.num_states, options.num_actions);
  for (const Eigen::MatrixXd& cost : cmdp.cost) all -= cost;
  const PolicyValue least = evaluate_policy(cmdp, value_iteration(cmdp, all).policy);
  for (std::size_t i = 0; i < cmdp.cost.size(); ++i)
    cmdp.limits.push_back(free.cost[i] + options.tightness * (least.cost[i] - free.cost[i]));
  return cmdp;
}

}  // namespace sluice
