#pragma once
// A finite constrained Markov decision process, and the exact value of a policy in it.
//
//   P_a(s, s')  probability of s' after action a in s; a row may sum to less than 1, and the missing
//               mass is termination
//   J_R(π) = E_μ,π Σ_t γ^t R(s_t, a_t)          maximise …
//   J_i(π) = E_μ,π Σ_t γ^t C_i(s_t, a_t) ≤ d_i  … under limits.  A floor J ≥ b is entered as C := −C,
//               limit −b.

#include <Eigen/Dense>
#include <string>
#include <vector>

namespace sluice {

struct TabularCmdp {
  int num_states = 0;
  int num_actions = 0;
  double discount = 0;                      // γ in (0, 1)
  std::vector<Eigen::MatrixXd> transition;  // num_actions × [S, S]
  Eigen::MatrixXd reward;                   // [S, A]
  std::vector<Eigen::MatrixXd> cost;        // costs × [S, A]
  Eigen::VectorXd initial;                  // μ [S], sums to 1
  std::vector<double> limits;               // d, one per cost
  std::vector<std::string> cost_names;

  /// Throws data_error naming the entry that is wrong.
  void validate() const;
};

/// Everything linear in the occupancy of a policy, by solving (I − γ P_π) v = r_π.
struct PolicyValue {
  double reward = 0;                   // J_R
  std::vector<double> cost;            // J_i
  Eigen::VectorXd reward_value;        // V_R [S]
  Eigen::MatrixXd reward_action_value; // Q_R [S, A]
  std::vector<Eigen::VectorXd> cost_value;         // V_i [S]
  std::vector<Eigen::MatrixXd> cost_action_value;  // Q_i [S, A]
  Eigen::VectorXd occupancy;           // Σ_t γ^t P(s_t = s) [S]
};

/// policy [S, A], rows sum to 1.
PolicyValue evaluate_policy(const TabularCmdp& cmdp, const Eigen::MatrixXd& policy);

/// The policy whose discounted occupancy is the mean of the given policies': it has their mean return
/// and mean costs, which the mean of their probabilities has not.
Eigen::MatrixXd average_policy(const TabularCmdp& cmdp, const std::vector<Eigen::MatrixXd>& policies);

}  // namespace sluice
