// A run on a tabular CMDP: train, with exact evaluation of the policy.

#include "experiments/cmdp_file.h"
#include "experiments/run_parts.h"
#include "experiments/training_session.h"
#include "sim/tabular_environment.h"

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
  const auto write_policy = [&](const char* name, const Eigen::MatrixXd& policy, const char* text) {
    NamedArray array{.shape = {cmdp.num_states, cmdp.num_actions}, .description = text};
    for (Eigen::Index s = 0; s < policy.rows(); ++s)
      for (Eigen::Index a = 0; a < policy.cols(); ++a) array.values.push_back(policy(s, a));
    file.write_array(name, array);
  };
  write_policy("/policy/probability", policy_of(), "P(action | state), last iterate");
  write_policy("/policy/probability_average", average_policy(cmdp, iterates),
               "P(action | state) with the mean occupancy of the second half's evaluated iterates");
  file.write_array("/exact/return", {.shape = {1}, .values = {value.reward}, .description = "J_R of the last iterate"});
  file.write_array("/exact/cost", {.shape = {static_cast<std::int64_t>(value.cost.size())},
                                   .values = value.cost, .description = "J_C of the last iterate"});
  file.write_table("/constraints", log.constraints());
  file.write_table("/evaluations", log.evaluations());
  AgentState state;
  agent->save(state);
  file.write_agent(state);
  return outcome;
}

}  // namespace sluice
