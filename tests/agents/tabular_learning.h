#pragma once
// Agents on a tabular problem, and what they learned, for comparison with what is exact.

#include <algorithm>
#include <vector>

#include "agents/agents.h"
#include "sim/tabular_cmdp.h"
#include "sim/tabular_environment.h"

namespace sluice {

/// Observations of all states, one after the other: one-hot.
inline std::vector<float> all_states(int num_states) {
  const auto count = static_cast<std::size_t>(num_states);
  std::vector<float> states(count * count, 0.0f);
  for (std::size_t s = 0; s < count; ++s) states[s * (count + 1)] = 1;
  return states;
}

inline Eigen::MatrixXd by_state(const std::vector<float>& values, const TabularCmdp& cmdp) {
  Eigen::MatrixXd table(cmdp.num_states, cmdp.num_actions);
  for (Eigen::Index s = 0; s < cmdp.num_states; ++s)
    for (Eigen::Index a = 0; a < cmdp.num_actions; ++a) table(s, a) = static_cast<double>(values[static_cast<std::size_t>(cmdp.num_actions * s + a)]);
  return table;
}

/// Of users of a group.
inline Eigen::MatrixXd policy_of(Agent& agent, const TabularCmdp& cmdp, std::uint8_t group = 0) {
  std::vector<float> probability(static_cast<std::size_t>(cmdp.num_states * cmdp.num_actions));
  agent.probabilities(all_states(cmdp.num_states), std::vector<std::uint8_t>(static_cast<std::size_t>(cmdp.num_states), group), probability);
  return by_state(probability, cmdp);
}

/// Q at the agent's own prices; empty if it has none.
inline Eigen::MatrixXd q_of(Agent& agent, const TabularCmdp& cmdp) {
  std::vector<float> q(static_cast<std::size_t>(cmdp.num_states * cmdp.num_actions));
  return agent.action_values(all_states(cmdp.num_states), {}, q) ? by_state(q, cmdp) : Eigen::MatrixXd();
}

struct Learned {
  Eigen::MatrixXd last;
  Eigen::MatrixXd average;  // over the second half of training, once a day
  Eigen::MatrixXd q;        // of the last; empty if the agent has none
  std::vector<double> multipliers;
  std::vector<Eigen::MatrixXd> of_group = {};  // the last, of each group
};

/// From decisions of `behaviour` [S, A] alone, as from a log: what offline learners are for.
inline Learned learn_from(const Eigen::MatrixXd& behaviour, const TabularCmdp& cmdp, const AgentConfig& config, std::uint64_t seed,
                          const LearningContext& learning, int rounds) {
  const auto env = make_tabular_environment(cmdp, {}, Seed(seed));
  const auto agent = make_agent(config, env->spec(), Seed(seed), learning);
  agent->begin_day(0, env->group_keys());
  Rng rng = Seed(seed).stream(Purpose::kTest, 1);
  std::vector<Decision> decisions;
  for (int round = 0; round < rounds; ++round) {
    const RequestBatch& requests = env->recv();
    agent->observe(env->transitions());
    decisions.resize(requests.size());
    const auto width = static_cast<std::size_t>(cmdp.num_states);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const float* const row = requests.observation.data() + i * width;
      const auto state = static_cast<Eigen::Index>(std::find(row, row + width, 1.0f) - row);
      const double u = static_cast<double>(rng() >> 11) * 0x1.0p-53;
      Eigen::Index action = 0;
      for (double sum = behaviour(state, 0); u >= sum && action + 1 < cmdp.num_actions; sum += behaviour(state, action)) ++action;
      decisions[i] = {.action = static_cast<std::uint8_t>(action), .propensity = static_cast<float>(behaviour(state, action))};
    }
    env->send(decisions);
    agent->update();
  }
  return {policy_of(*agent, cmdp), {}, q_of(*agent, cmdp), agent->multipliers()};
}

/// `rounds` batches of decisions, an update after each.
inline Learned learn(const TabularCmdp& cmdp, const TabularEnvConfig& environment, const AgentConfig& config, std::uint64_t seed,
                     const LearningContext& learning, int rounds, int num_groups = 1) {
  const auto env = make_tabular_environment(cmdp, environment, Seed(seed));
  const auto agent = make_agent(config, env->spec(), Seed(seed), learning);
  std::vector<Decision> decisions;
  std::vector<Eigen::MatrixXd> policies;
  int day = -1;
  for (int round = 0; round < rounds; ++round) {
    const RequestBatch& requests = env->recv();
    agent->observe(env->transitions());
    if (env->day() > day) {
      if (day >= 0) agent->update_multipliers(env->take_cost_values());
      day = env->day();
      agent->begin_day(day, env->group_keys());
      if (round > rounds / 2) policies.push_back(policy_of(*agent, cmdp));
    }
    decisions.resize(requests.size());
    agent->act(requests, Mode::kExplore, decisions);
    env->send(decisions);
    agent->update();
  }
  Learned learned{policy_of(*agent, cmdp), average_policy(cmdp, policies), q_of(*agent, cmdp), agent->multipliers()};
  for (int group = 0; group < num_groups; ++group) learned.of_group.push_back(policy_of(*agent, cmdp, static_cast<std::uint8_t>(group)));
  return learned;
}

}  // namespace sluice
