// A run on a tabular CMDP: train, with exact evaluation of the policy.

#include "experiments/cmdp_file.h"
#include "experiments/progress.h"
#include "experiments/run_parts.h"
#include "experiments/training_session.h"
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

// What the best policy that keeps the limits achieves.
void write_optimum(const TabularCmdp& cmdp, ResultWriter& file) {
  CmdpOptimum optimum;
  try {
    optimum = solve_cmdp(cmdp);
  } catch (const UserError& error) {
    note(std::string("warning: no /optimum: ") + error.what());
    return;
  }
  file.write_array("/optimum/return", list_of({optimum.reward}, "J_R of the best policy that keeps the limits (linear programme)"));
  file.write_array("/optimum/cost", list_of(optimum.cost, "its J_C"));
  file.write_array("/optimum/multiplier", list_of(optimum.multiplier, "lambda*: what a unit of each limit is worth there"));
  file.write_array("/optimum/probability", by_state_and_action(optimum.policy, "P(action | state); in states that it never visits greedy for R - sum lambda* C"));
  file.write_array("/optimum/occupancy", by_state_and_action(optimum.occupancy, "expected discounted visits"));
}

}  // namespace

RunOutcome run_tabular(const ExperimentConfig& config, const TabularEnvConfig& tabular,
                       const RunContext& context, Checkpoint& checkpoint, ResultWriter& file) {
  const TabularCmdp cmdp = read_cmdp(tabular.file);
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
    session.more = [&](StateArchive& archive) { transfer_policies(archive, cmdp, iterates); };
    if (context.resume && checkpoint.exists()) session.load(checkpoint.load());
    session.guard([&] {
      session.train(config, [&](std::int64_t decisions) { evaluate(decisions, session.curve); });
    });
    outcome = {.trained = session.state.decisions, .updates = session.state.updates};
    log = session.curve;
    file.write_table("/training", session.log.table());
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
  write_optimum(cmdp, file);
  file.write_table("/constraints", log.constraints());
  file.write_table("/evaluations", log.evaluations());
  AgentState state;
  agent->save(state);
  file.write_agent(state);
  return outcome;
}

}  // namespace sluice
