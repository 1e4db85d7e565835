#include "sim/example_cmdps.h"

#include <algorithm>
#include <cmath>

#include "sim/distributions.h"
#include "sim/rng.h"
#include "sim/tabular_planning.h"

namespace sluice {

TabularCmdp golden_cmdp() {
  constexpr int kStates = 15, kActions = 2;
  const double watch[3] = {5, 15, 40};
  const double short_video[3] = {60, 50, 45};
  TabularCmdp cmdp;
  cmdp.num_states = kStates;
  cmdp.num_actions = kActions;
  cmdp.discount = 0.98;
  cmdp.transition.assign(kActions, Eigen::MatrixXd::Zero(kStates, kStates));
  cmdp.reward = Eigen::MatrixXd::Zero(kStates, kActions);
  cmdp.cost = {Eigen::MatrixXd::Zero(kStates, kActions)};
  cmdp.initial = Eigen::VectorXd::Zero(kStates);
  cmdp.initial(0) = 0.5;
  cmdp.initial(5) = 0.3;
  cmdp.initial(10) = 0.2;
  cmdp.cost_names = {"cost_short_video"};
  for (int g = 0; g < 3; ++g)
    for (int f = 0; f < 5; ++f)
      for (int a = 0; a < kActions; ++a) {
        const int s = 5 * g + f;
        const double stay = 0.93 - 0.035 * f - 0.05 * a * (1.2 - 0.4 * g);
        Eigen::MatrixXd& p = cmdp.transition[static_cast<std::size_t>(a)];
        if (a == 1) {
          p(s, 5 * g + std::min(f + 1, 4)) += stay;
        } else {
          p(s, 5 * g + std::max(f - 1, 0)) += 0.6 * stay;
          p(s, s) += 0.4 * stay;
        }
        cmdp.reward(s, a) = a * watch[g] * std::pow(0.75, f);
        cmdp.cost[0](s, a) = -short_video[g] * (1 - 0.08 * f - 0.10 * a);
      }
  Eigen::MatrixXd never = Eigen::MatrixXd::Zero(kStates, kActions);
  never.col(0).setOnes();
  cmdp.limits = {0.93 * evaluate_policy(cmdp, never).cost[0]};
  return cmdp;
}

TabularCmdp random_cmdp(const RandomCmdpConfig& options) {
  Rng rng = Seed(options.seed).stream(Purpose::kCmdp, static_cast<std::uint64_t>(options.num_states));
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
