#include "sim/tabular_optimum.h"

#include <doctest/doctest.h>

#include <cmath>

#include "sim/check.h"
#include "sim/tabular_planning.h"
#include "tests/golden_cmdp.h"
#include "sim/example_cmdps.h"

namespace sluice {
namespace {

double largest(const Eigen::MatrixXd& m) { return m.cwiseAbs().maxCoeff(); }

// max_π J_R − Σ λ_i (J_i − d_i): an upper bound on the optimum for every λ ≥ 0.
double dual(const TabularCmdp& cmdp, const std::vector<double>& multiplier) {
  double value = cmdp.initial.dot(value_iteration(cmdp, lagrangian_reward(cmdp, multiplier)).value);
  for (std::size_t i = 0; i < multiplier.size(); ++i) value += multiplier[i] * cmdp.limits[i];
  return value;
}

}  // namespace

TEST_CASE("optimum: the golden example has its known return, multiplier and policy") {
  const TabularCmdp cmdp = golden_cmdp();
  const CmdpOptimum optimum = solve_cmdp(cmdp);
  CHECK(optimum.reward == doctest::Approx(GoldenCmdp::kOptimum).epsilon(1e-7));
  CHECK(optimum.cost[0] == doctest::Approx(-GoldenCmdp::kFloor).epsilon(1e-9));
  CHECK(optimum.multiplier[0] == doctest::Approx(GoldenCmdp::kMultiplier).epsilon(1e-9));
  CHECK(optimum.policy(10, 1) == doctest::Approx(1));
  CHECK(optimum.policy(5, 1) == doctest::Approx(0.0662).epsilon(1e-3));
  int randomised = 0;
  for (Eigen::Index s = 0; s < 15; ++s) randomised += optimum.policy(s, 0) > 1e-9 && optimum.policy(s, 1) > 1e-9 ? 1 : 0;
  CHECK(randomised == 1);
}

TEST_CASE("optimum: in random problems occupancies flow, limits hold, and the dual has the same value") {
  for (int seed = 1; seed <= 24; ++seed) {
    CAPTURE(seed);
    const RandomCmdpConfig options = {.seed = static_cast<std::uint64_t>(seed), .num_states = 15 + seed, .num_actions = 2 + seed % 3, .num_costs = 1 + seed % 2, .discount = seed % 2 == 0 ? 0.9 : 0.98};
    const TabularCmdp cmdp = random_cmdp(options);
    cmdp.validate();
    const CmdpOptimum optimum = solve_cmdp(cmdp);
    Eigen::VectorXd flow = optimum.occupancy.rowwise().sum() - cmdp.initial;
    for (int a = 0; a < cmdp.num_actions; ++a) flow -= cmdp.discount * cmdp.transition[static_cast<std::size_t>(a)].transpose() * optimum.occupancy.col(a);
    CHECK(largest(flow) < 1e-8);  // GLPK keeps its rows to 1e-7 of their size
    CHECK(optimum.occupancy.cwiseProduct(cmdp.reward).sum() == doctest::Approx(optimum.reward).epsilon(1e-8));
    const PolicyValue exact = evaluate_policy(cmdp, optimum.policy);
    CHECK(largest(exact.occupancy - optimum.occupancy.rowwise().sum()) < 1e-7);
    const double scale = std::abs(optimum.reward);
    bool binds = false;
    for (std::size_t i = 0; i < cmdp.cost.size(); ++i) {
      CHECK(optimum.cost[i] <= cmdp.limits[i] + 1e-7);
      CHECK(optimum.multiplier[i] >= 0);
      CHECK(optimum.multiplier[i] * (cmdp.limits[i] - optimum.cost[i]) < 1e-6 * scale);  // complementary slackness
      binds = binds || optimum.multiplier[i] > 1e-6;
    }
    CHECK(binds);
    CHECK(dual(cmdp, optimum.multiplier) == doctest::Approx(optimum.reward).epsilon(1e-7));
    for (const double factor : {0.0, 0.5, 2.0}) {  // away from λ* the bound is no better
      std::vector<double> other = optimum.multiplier;
      for (double& x : other) x *= factor;
      CHECK(dual(cmdp, other) >= optimum.reward - 1e-7 * scale);
    }
  }
}

TEST_CASE("optimum: limits that do not bind cost nothing, and limits that nobody can keep are refused") {
  TabularCmdp cmdp = random_cmdp({.seed = 3});
  const OptimalValue free = value_iteration(cmdp, cmdp.reward);
  cmdp.limits[0] = 1e6;
  const CmdpOptimum optimum = solve_cmdp(cmdp);
  CHECK(optimum.multiplier[0] == 0);
  CHECK(optimum.reward == doctest::Approx(cmdp.initial.dot(free.value)).epsilon(1e-9));
  cmdp.limits[0] = -1e6;
  CHECK_THROWS_WITH_AS(solve_cmdp(cmdp), doctest::Contains("infeasible"), UserError);
  cmdp.cost.clear();
  cmdp.limits.clear();
  cmdp.cost_names.clear();
  CHECK(solve_cmdp(cmdp).reward == doctest::Approx(cmdp.initial.dot(free.value)).epsilon(1e-9));
}

TEST_CASE("value iteration: no policy does better in any state, and its policy attains the values") {
  const TabularCmdp cmdp = random_cmdp({.seed = 5, .num_actions = 3});
  const OptimalValue best = value_iteration(cmdp, cmdp.reward);
  const PolicyValue attained = evaluate_policy(cmdp, best.policy);
  CHECK(largest(attained.reward_value - best.value) < 1e-9);
  CHECK(largest(attained.reward_action_value - best.action_value) < 1e-9);
  CHECK((best.action_value.rowwise().maxCoeff() - best.value).cwiseAbs().maxCoeff() < 1e-9);
  for (int a = 0; a < 3; ++a) {
    Eigen::MatrixXd other = Eigen::MatrixXd::Zero(cmdp.num_states, 3);
    other.col(a).setOnes();
    CHECK((evaluate_policy(cmdp, other).reward_value - best.value).maxCoeff() < 1e-9);
  }
}

TEST_CASE("soft value iteration: its values are those of its policy with the entropy bonus, and it hardens as T falls") {
  TabularCmdp cmdp = random_cmdp({.seed = 6, .num_actions = 3});
  const OptimalValue hard = value_iteration(cmdp, cmdp.reward);
  for (const double temperature : {2.0, 0.1}) {
    const OptimalValue soft = soft_value_iteration(cmdp, cmdp.reward, temperature);
    TabularCmdp with_bonus = cmdp;
    for (Eigen::Index s = 0; s < cmdp.num_states; ++s)
      with_bonus.reward.row(s).array() -= temperature * (soft.policy.row(s).array() * soft.policy.row(s).array().max(1e-300).log()).sum();
    CHECK(largest(evaluate_policy(with_bonus, soft.policy).reward_value - soft.value) < 1e-8);
    // At most ln A of entropy a step, over 1/(1 − γ) steps.
    CHECK((soft.value - hard.value).minCoeff() >= -1e-9);
    CHECK((soft.value - hard.value).maxCoeff() <= temperature * std::log(3) / (1 - cmdp.discount) + 1e-9);
  }
  CHECK(largest(soft_value_iteration(cmdp, cmdp.reward, 1e-4).value - hard.value) < 3e-3);
}

}  // namespace sluice
