#include "sim/tabular_optimum.h"

#include <glpk.h>

#include <memory>

#include "sim/check.h"
#include "sim/tabular_planning.h"

namespace sluice {
namespace {

struct DeleteProblem {
  void operator()(glp_prob* problem) const { glp_delete_prob(problem); }
};

constexpr double kVisited = 1e-9;  // occupancy below which a state counts as never visited

/// GLPK counts rows, columns and coefficients from 1.  Column 1 + s·A + a is ρ(s,a); row 1 + s is the flow
/// into s, row 1 + S + i the limit on cost i.
class OccupancyProgramme {
 public:
  explicit OccupancyProgramme(const TabularCmdp& cmdp) : cmdp_(cmdp), problem_(glp_create_prob()) {
    glp_set_obj_dir(problem_.get(), GLP_MAX);
    const int states = cmdp.num_states, actions = cmdp.num_actions, costs = static_cast<int>(cmdp.cost.size());
    glp_add_rows(problem_.get(), states + costs);
    for (int s = 0; s < states; ++s) glp_set_row_bnds(problem_.get(), 1 + s, GLP_FX, cmdp.initial(s), cmdp.initial(s));
    for (int i = 0; i < costs; ++i) {
      const double limit = cmdp.limits[static_cast<std::size_t>(i)];
      glp_set_row_bnds(problem_.get(), 1 + states + i, GLP_UP, limit, limit);
    }
    glp_add_cols(problem_.get(), states * actions);
    std::vector<int> row(1, 0), column(1, 0);  // their first element is not used
    std::vector<double> coefficient(1, 0.0);
    const auto add = [&](int r, int c, double value) {
      if (value == 0) return;
      row.push_back(r);
      column.push_back(c);
      coefficient.push_back(value);
    };
    for (int s = 0; s < states; ++s)
      for (int a = 0; a < actions; ++a) {
        const int c = 1 + s * actions + a;
        glp_set_col_bnds(problem_.get(), c, GLP_LO, 0, 0);
        glp_set_obj_coef(problem_.get(), c, cmdp.reward(s, a));
        const Eigen::MatrixXd& p = cmdp.transition[static_cast<std::size_t>(a)];
        for (int next = 0; next < states; ++next) add(1 + next, c, (next == s ? 1 : 0) - cmdp.discount * p(s, next));
        for (int i = 0; i < costs; ++i) add(1 + states + i, c, cmdp.cost[static_cast<std::size_t>(i)](s, a));
      }
    glp_load_matrix(problem_.get(), static_cast<int>(row.size()) - 1, row.data(), column.data(), coefficient.data());
  }

  void solve() {
    glp_smcp parameters;
    glp_init_smcp(&parameters);
    parameters.msg_lev = GLP_MSG_OFF;
    parameters.meth = GLP_DUALP;  // dual simplex, primal if that fails
    glp_term_out(GLP_OFF);
    glp_scale_prob(problem_.get(), GLP_SF_AUTO);
    glp_adv_basis(problem_.get(), 0);
    const int failed = glp_simplex(problem_.get(), &parameters);
    const int status = glp_get_status(problem_.get());
    if (failed == 0 && (status == GLP_NOFEAS || status == GLP_INFEAS))
      throw data_error("no policy of this CMDP keeps its limits: the linear programme is infeasible");
    ENSURE(failed == 0 && status == GLP_OPT, "GLPK failed with " + std::to_string(failed) + ", status " + std::to_string(status));
  }

  double occupancy(int s, int a) const { return std::max(0.0, glp_get_col_prim(problem_.get(), 1 + s * cmdp_.num_actions + a)); }
  double multiplier(int cost) const { return std::max(0.0, glp_get_row_dual(problem_.get(), 1 + cmdp_.num_states + cost)); }

 private:
  const TabularCmdp& cmdp_;
  std::unique_ptr<glp_prob, DeleteProblem> problem_;
};

}  // namespace

CmdpOptimum solve_cmdp(const TabularCmdp& cmdp) {
  OccupancyProgramme programme(cmdp);
  programme.solve();
  CmdpOptimum optimum;
  for (int i = 0; i < static_cast<int>(cmdp.cost.size()); ++i) optimum.multiplier.push_back(programme.multiplier(i));
  optimum.policy = value_iteration(cmdp, lagrangian_reward(cmdp, optimum.multiplier)).policy;
  optimum.occupancy.resize(cmdp.num_states, cmdp.num_actions);
  for (int s = 0; s < cmdp.num_states; ++s) {
    for (int a = 0; a < cmdp.num_actions; ++a) optimum.occupancy(s, a) = programme.occupancy(s, a);
    const double visits = optimum.occupancy.row(s).sum();
    if (visits > kVisited) optimum.policy.row(s) = optimum.occupancy.row(s) / visits;
  }
  const PolicyValue value = evaluate_policy(cmdp, optimum.policy);
  optimum.reward = value.reward;
  optimum.cost = value.cost;
  return optimum;
}

}  // namespace sluice
