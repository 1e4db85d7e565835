// A run on a tabular CMDP: train, with exact evaluation of the policy.

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "experiments/cmdp_file.h"
#include "experiments/critic_error.h"
#include "experiments/progress.h"
#include "experiments/run_parts.h"
#include "experiments/training_session.h"
#include "sim/example_cmdps.h"
#include "sim/tabular_environment.h"
#include "sim/tabular_optimum.h"

namespace sluice {
namespace {

void transfer_policies(StateArchive& archive, const TabularCmdp& cmdp, std::vector<Eigen::MatrixXd>& policies) {
  const auto size = static_cast<std::size_t>(cmdp.num_states * cmdp.num_actions);
  std::vector<double> flat;
  for (const Eigen::MatrixXd& policy : policies) flat.insert(flat.end(), policy.data(), policy.data() + policy.size());
  archive.values("policies", flat);
  if (!archive.is_loading()) return;
  policies.clear();
  for (std::size_t start = 0; start < flat.size(); start += size)
    policies.emplace_back(Eigen::Map<const Eigen::MatrixXd>(flat.data() + start, cmdp.num_states, cmdp.num_actions));
}

NamedArray by_state_and_action(const Eigen::MatrixXd& values, const std::string& text) {
  NamedArray array{.shape = {values.rows(), values.cols()}, .description = text};
  for (Eigen::Index s = 0; s < values.rows(); ++s)
    for (Eigen::Index a = 0; a < values.cols(); ++a) array.values.push_back(values(s, a));
  return array;
}

NamedArray list_of(std::vector<double> values, const std::string& text) {
  const auto size = static_cast<std::int64_t>(values.size());
  return {.shape = {size}, .values = std::move(values), .description = text};
}

TabularCmdp make_cmdp(const TabularEnvConfig& config) {
  TabularCmdp cmdp = config.source == CmdpSource::kGolden   ? golden_cmdp()
                     : config.source == CmdpSource::kRandom ? random_cmdp(config.random)
                                                            : read_cmdp(config.file);
  cmdp.reward *= config.reward_scale;
  return cmdp;
}

// What the best policy that keeps the limits achieves.
std::optional<CmdpOptimum> write_optimum(const TabularCmdp& cmdp, ResultWriter& file) {
  CmdpOptimum optimum;
  try {
    optimum = solve_cmdp(cmdp);
  } catch (const UserError& error) {
    note(std::string("warning: no /optimum: ") + error.what());
    return std::nullopt;
  }
  file.write_array("/optimum/return", list_of({optimum.reward}, "J_R of the best policy that keeps the limits (linear programme)"));
  file.write_array("/optimum/cost", list_of(optimum.cost, "its J_C"));
  file.write_array("/optimum/multiplier", list_of(optimum.multiplier, "lambda*: what a unit of each limit is worth there"));
  file.write_array("/optimum/probability", by_state_and_action(optimum.policy, "P(action | state); in states that it never visits greedy for R - sum lambda* C"));
  file.write_array("/optimum/occupancy", by_state_and_action(optimum.occupancy, "expected discounted visits"));
  return optimum;
}

// How good a policy is where a return alone says little, since a small violation can buy much of it.
void write_score(const TabularCmdp& cmdp, const CmdpOptimum& optimum, const PolicyValue& value, const std::string& which, ResultWriter& file) {
  double penalised = value.reward, violation = 0;
  for (std::size_t i = 0; i < cmdp.limits.size(); ++i) {
    const double excess = std::max(0.0, value.cost[i] - cmdp.limits[i]);
    penalised -= optimum.multiplier[i] * excess;
    violation = std::max(violation, excess == 0 ? 0 : excess / std::abs(cmdp.limits[i]));
  }
  const double share = optimum.reward > 0 ? penalised / optimum.reward : std::numeric_limits<double>::quiet_NaN();
  file.write_array("/score/" + which, list_of({share}, "(J_R − Σ_i λ*_i·excess_i)/J* of the " + which + " policy; NaN unless J* > 0"));
  file.write_array("/score/violation_" + which, list_of({violation}, "largest excess of its costs, as a share of |limit|"));
}

}  // namespace

RunOutcome run_tabular(const ExperimentConfig& config, const TabularEnvConfig& tabular,
                       const RunContext& context, Checkpoint& checkpoint, ResultWriter& file) {
  const TabularCmdp cmdp = make_cmdp(tabular);
  const auto environment = make_tabular_environment(cmdp, tabular, Seed{config.seed});
  const std::unique_ptr<Agent> agent =
      make_or_load(config, environment->spec(), learning_context(config.train));
  EvaluationLog log(cmdp.cost_names);
  RunOutcome outcome;
  const auto num_states = static_cast<std::size_t>(cmdp.num_states);
  const auto num_actions = static_cast<std::size_t>(cmdp.num_actions);
  std::vector<float> states(num_states * num_states);
  for (std::size_t s = 0; s < num_states; ++s) states[s * num_states + s] = 1;

  const auto policy_of = [&] {
    std::vector<float> probability(num_states * num_actions);
    agent->probabilities(states, {}, probability);
    Eigen::MatrixXd policy(cmdp.num_states, cmdp.num_actions);
    for (std::size_t s = 0; s < num_states; ++s)
      for (std::size_t a = 0; a < num_actions; ++a)
        policy(static_cast<Eigen::Index>(s), static_cast<Eigen::Index>(a)) =
            static_cast<double>(probability[s * num_actions + a]);
    return policy;
  };
  std::vector<Eigen::MatrixXd> iterates;  // of the second half of training
  std::vector<std::int64_t> visits(num_states * num_actions, 0);
  const auto evaluate = [&](std::int64_t decisions, EvaluationLog& to) {
    const Eigen::MatrixXd policy = policy_of();
    if (2 * decisions >= config.train.decisions) iterates.push_back(policy);
    const PolicyValue value = evaluate_policy(cmdp, policy);
    to.add_exact(decisions, value.reward, value.cost);
    to.add_constraints(decisions, value.cost, environment->spec().limits, agent->multipliers());
    return value;
  };
  if (trains(config)) {
    TrainingSession session(*environment, *agent, cmdp.cost_names, agent_label(config), checkpoint);
    session.more = [&](StateArchive& archive) {
      transfer_policies(archive, cmdp, iterates);
      archive.fixed("visits", visits);
    };
    session.seen = [&](const TransitionBatch& t) {
      for (std::size_t i = 0; i < t.size(); ++i) {
        const float* const row = t.observation.data() + i * num_states;  // one-hot
        const auto state = static_cast<std::size_t>(std::max_element(row, row + num_states) - row);
        ++visits[state * num_actions + t.action[i]];
      }
    };
    session.more_diagnostics = [&]() -> std::vector<Diagnostic> {
      const Eigen::MatrixXd policy = policy_of();
      const std::optional<CriticError> error = critic_error(cmdp, *agent, states, policy);
      return error ? critic_diagnostics(*error, policy) : std::vector<Diagnostic>{};
    };
    if (context.resume && checkpoint.exists()) session.load(checkpoint.load());
    session.guard([&] {
      session.train(config, [&](std::int64_t decisions) { evaluate(decisions, session.curve); });
    });
    outcome = {.trained = session.state.decisions, .updates = session.state.updates};
    log = session.curve;
    file.write_table("/training", session.log.table());
    if (!session.diagnostics.empty()) file.write_table("/diagnostics", session.diagnostics.table());
  }
  const PolicyValue value = evaluate(outcome.trained, log);
  if (iterates.empty()) iterates.push_back(policy_of());  // a rule, or a saved agent: one iterate
  file.write_array("/policy/probability", by_state_and_action(policy_of(), "P(action | state), last iterate"));
  const Eigen::MatrixXd average = average_policy(cmdp, iterates);
  file.write_array("/policy/probability_average", by_state_and_action(average, "P(action | state) with the mean occupancy of the second half's evaluated iterates"));
  const PolicyValue average_value = evaluate_policy(cmdp, average);
  file.write_array("/exact/return", list_of({value.reward}, "J_R of the last iterate"));
  file.write_array("/exact/cost", list_of(value.cost, "J_C of the last iterate"));
  file.write_array("/exact/return_average", list_of({average_value.reward}, "J_R of probability_average"));
  file.write_array("/exact/cost_average", list_of(average_value.cost, "J_C of probability_average"));
  if (const std::optional<CmdpOptimum> optimum = write_optimum(cmdp, file)) {
    write_score(cmdp, *optimum, value, "last", file);
    write_score(cmdp, *optimum, average_value, "average", file);
  }
  if (const std::optional<CriticError> error = critic_error(cmdp, *agent, states, policy_of())) {
    file.write_table("/critic", critic_table(*error, policy_of(), visits));
    file.write_array("/score/q_rmse", list_of({visited_q_rmse(*error, policy_of(), visits)}, "occupancy-weighted RMSE of Q over pairs with at least 200 visits, as a share of the exact Q's range"));
  }
  file.write_table("/constraints", log.constraints());
  file.write_table("/evaluations", log.evaluations());
  AgentState state;
  agent->save(state);
  file.write_agent(state);
  return outcome;
}

}  // namespace sluice
