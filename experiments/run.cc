#include "experiments/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "experiments/cmdp_file.h"
#include "experiments/evaluate.h"
#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "experiments/provenance.h"
#include "experiments/train.h"
#include "sim/config_writer.h"
#include "sim/tabular_environment.h"

namespace sluice {
namespace {

template <class Variant>
std::string kind_of(const Variant& variant) {
  return std::visit([](const auto& kind) { return std::string(std::decay_t<decltype(kind)>::kKind); },
                    variant);
}

LearningContext learning_context(const TrainConfig& train) {
  return {.epsilon_start = train.epsilon,
          .epsilon_end = train.epsilon_end.value_or(train.epsilon),
          .epsilon_decisions = std::max<std::int64_t>(1, train.decisions / 2),
          .batch_size = train.batch_size,
          .warmup_transitions = train.warmup_transitions,
          .replay_capacity = train.replay_capacity};
}

std::unique_ptr<Agent> make_or_load(const ExperimentConfig& config, const EnvSpec& spec,
                                    const LearningContext& learning) {
  auto agent = make_agent(resolve_from(config.agent), spec, Seed{config.seed}, learning);
  if (const auto* from = std::get_if<FromConfig>(&config.agent))
    agent->load(ResultReader(from->from).read_agent());
  return agent;
}

/// Copies of a learner for evaluation: they act, and need no replay buffer.
AgentMaker frozen_copies(const ExperimentConfig& config, const Agent* learner) {
  LearningContext acting = learning_context(config.train);
  acting.replay_capacity = 1;
  if (learner == nullptr)
    return [&config, acting](const EnvSpec& spec) { return make_or_load(config, spec, acting); };
  return [&config, acting, learner](const EnvSpec& spec) {
    AgentState state;
    learner->save(state);
    auto copy = make_agent(config.agent, spec, Seed{config.seed}, acting);
    copy->load(state);
    return copy;
  };
}

bool trains(const ExperimentConfig& config) {
  return std::any_of(agent_infos().begin(), agent_infos().end(), [&](const AgentInfo& info) {
    return info.learns && info.kind == kind_of(config.agent);
  });
}

TrainOptions train_options(const ExperimentConfig& config) {
  return {.decisions = config.train.decisions,
          .decisions_per_update = config.train.decisions_per_update,
          .every_decisions = config.evaluate.every_decisions,
          .log_every_updates = config.train.log_every_updates};
}

struct RunOutcome {
  std::int64_t trained = 0, updates = 0;
};

RunOutcome run_feed(const ExperimentConfig& config, const FeedConfig& feed, Worlds& worlds,
                    const RunContext& context, ResultWriter& file) {
  RunOutcome outcome;
  const EvaluateConfig& evaluate = config.evaluate;
  const WorldKey final_key{evaluate.users, evaluate.seed};
  const WorldKey curve_key{evaluate.curve_users, evaluate.seed};
  const WorldKey train_key{num_users(feed.users), config.seed};
  const bool learns = trains(config);
  std::unique_ptr<Agent> learner;
  EvaluationLog log(feed_cost_names());
  TrainingLog training(feed_cost_names());
  const std::string label =
      context.progress_label.empty() ? agent_label(config) : context.progress_label;

  if (learns) {
    const std::unique_ptr<FeedWorld> world = worlds.fork(feed, train_key);
    world->set_limits(resolve_limits(feed, worlds.never_costs(feed, train_key, evaluate.days)));
    learner = make_or_load(config, world->spec(), learning_context(config.train));
    world->begin_phase({.days = feed.days, .transitions = Transitions::kCollect});
    Progress progress(label + ": training", config.train.decisions, "decisions");
    TrainOptions options = train_options(config);
    const auto curve_point = [&](std::int64_t decisions) {
      const FeedEvaluation point = evaluate_feed(worlds, feed, curve_key, evaluate.days,
                                                 frozen_copies(config, learner.get()));
      log.add_feed(decisions, point);
      log.add_constraints(decisions, point.costs, point.limits, learner->multipliers());
    };
    options.evaluate = curve_point;
    options.count = [&](std::int64_t decisions) {
      stop_if_interrupted();
      progress.set(decisions);
    };
    const TrainResult trained = train(*world, *learner, options, training);
    progress.done();
    if (trained.horizon_reached)
      note(fmt::format("{}: the {} days of {} users were over after {} of {} training decisions; "
                       "raise environment.days or environment.users.count",
                       label, feed.days, train_key.users, trained.decisions, config.train.decisions));
    outcome = {.trained = trained.decisions, .updates = trained.updates};
    if (trained.updates == 0)
      note(fmt::format("warning: {}: not one update in {} decisions; train.decisions must exceed "
                       "train.warmup_transitions ({}) and train.decisions_per_update ({})",
                       label, trained.decisions, config.train.warmup_transitions, config.train.decisions_per_update));
    if (evaluate.every_decisions > 0) curve_point(trained.decisions);
    file.write_table("/train_daily", world->daily());
    file.write_table("/train_episodes", world->episodes());
  }

  Progress progress(label + ": evaluating", 0, "decisions");
  AgentState final_agent;
  std::vector<double> multipliers;
  const AgentMaker copies = frozen_copies(config, learner.get());
  const AgentMaker make = [&](const EnvSpec& spec) {
    auto agent = copies(spec);
    agent->save(final_agent);
    multipliers = agent->multipliers();
    return agent;
  };
  const FeedEvaluation result =
      evaluate_feed(worlds, feed, final_key, evaluate.days, make, [&](std::int64_t decisions) {
        stop_if_interrupted();
        progress.set(decisions);
      });
  progress.done();
  if (!learns || evaluate.every_decisions == 0) log.add_feed(outcome.trained, result);
  EvaluationLog last(feed_cost_names());
  last.add_constraints(outcome.trained, result.costs, result.limits, multipliers);
  file.write_table("/daily", result.daily);
  file.write_table("/daily_group", result.daily_group);
  file.write_table("/episodes", result.episodes);
  file.write_table("/constraints", last.constraints());
  file.write_table("/evaluations", log.evaluations());
  file.write_table("/evaluation_constraints", log.constraints());
  if (learns) file.write_table("/training", training.table());
  file.set_attribute("eval_users", std::int64_t{evaluate.users});
  file.set_attribute("eval_days", std::int64_t{evaluate.days});
  file.set_attribute("observation_schema", worlds.spec(feed).schema.to_text());
  file.write_agent(final_agent);
  return outcome;
}

RunOutcome run_tabular(const ExperimentConfig& config, const TabularEnvConfig& tabular,
                       ResultWriter& file) {
  const TabularCmdp cmdp = read_cmdp(tabular.file);
  const auto environment = make_tabular_environment(cmdp, tabular, Seed{config.seed});
  const std::unique_ptr<Agent> agent =
      make_or_load(config, environment->spec(), learning_context(config.train));
  EvaluationLog log(cmdp.cost_names);
  TrainingLog training(cmdp.cost_names);
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
  const auto evaluate = [&](std::int64_t decisions) {
    const Eigen::MatrixXd policy = policy_of();
    if (2 * decisions >= config.train.decisions) iterates.push_back(policy);
    const PolicyValue value = evaluate_policy(cmdp, policy);
    log.add_exact(decisions, value.reward, value.cost);
    log.add_constraints(decisions, value.cost, environment->spec().limits, agent->multipliers());
    return value;
  };
  if (trains(config)) {
    Progress progress(agent_label(config) + ": training", config.train.decisions, "decisions");
    TrainOptions options = train_options(config);
    options.evaluate = [&](std::int64_t decisions) { evaluate(decisions); };
    options.count = [&](std::int64_t decisions) {
      stop_if_interrupted();
      progress.set(decisions);
    };
    const TrainResult trained = train(*environment, *agent, options, training);
    progress.done();
    outcome = {.trained = trained.decisions, .updates = trained.updates};
    file.write_table("/training", training.table());
  }
  const PolicyValue value = evaluate(outcome.trained);
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

}  // namespace

std::string agent_label(const ExperimentConfig& config) {
  if (!config.label.empty()) return config.label;
  return kind_of(resolve_from(config.agent));
}

AgentConfig resolve_from(const AgentConfig& agent) {
  const auto* from = std::get_if<FromConfig>(&agent);
  if (from == nullptr) return agent;
  const AgentConfig saved =
      parse_experiment(ResultReader(from->from).config(), from->from + ":/config").agent;
  if (std::holds_alternative<FromConfig>(saved))
    throw data_error(from->from + ": its agent is itself `from` another file; name that one");
  return saved;
}

void run_experiment(const ExperimentConfig& config, Worlds& worlds, const RunContext& context) {
  const auto start = std::chrono::steady_clock::now();
  ResultWriter file(context.out, context.overwrite);
  RunOutcome outcome;
  if (const auto* feed = std::get_if<FeedConfig>(&config.environment))
    outcome = run_feed(config, *feed, worlds, context, file);
  else
    outcome = run_tabular(config, std::get<TabularEnvConfig>(config.environment), file);
  const std::string yaml = to_yaml(config);
  file.write_config(yaml);
  file.set_attribute("seed", static_cast<std::int64_t>(config.seed));
  file.set_attribute("evaluate_seed", static_cast<std::int64_t>(config.evaluate.seed));
  file.set_attribute("agent", kind_of(resolve_from(config.agent)));
  file.set_attribute("agent_label", agent_label(config));
  file.set_attribute("environment", kind_of(config.environment));
  file.set_attribute("decisions", outcome.trained);
  file.set_attribute("updates", outcome.updates);
  file.set_attribute("config_hash", config_hash(yaml));
  write_provenance(file);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  file.set_attribute("wall_s", wall.count());
  file.commit();
}

}  // namespace sluice
