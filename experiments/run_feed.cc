// A run on the feed: burn in, train, evaluate.

#include <fmt/format.h>

#include "experiments/interrupt.h"
#include "experiments/plan.h"
#include "experiments/progress.h"
#include "experiments/run_parts.h"
#include "experiments/training_session.h"

namespace sluice {
namespace {

struct FeedRun {
  const ExperimentConfig& config;
  const FeedConfig& feed;
  Worlds& worlds;
  std::string label;
  ResultWriter& file;
};

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

// The final evaluation: its tables, and the agent as it was evaluated.  `log` holds the curve so far.
void evaluate_finally(const FeedRun& run, const Agent* learner, std::int64_t trained, EvaluationLog& log) {
  const EvaluateConfig& evaluate = run.config.evaluate;
  Progress progress(run.label + ": evaluating", 0, "decisions");
  AgentState final_agent;
  std::vector<double> multipliers;
  const AgentMaker copies = frozen_copies(run.config, learner);
  const AgentMaker make = [&](const EnvSpec& spec) {
    auto agent = copies(spec);
    agent->save(final_agent);
    multipliers = agent->multipliers();
    return agent;
  };
  const FeedEvaluation result = evaluate_feed(run.worlds, run.feed, {evaluate.users, evaluate.seed}, evaluate.days, make,
                                              [&](std::int64_t decisions) { progress.set(decisions); });
  progress.done();
  if (!trains(run.config) || evaluate.every_decisions == 0) log.add_feed(trained, result);
  EvaluationLog last(feed_cost_names());
  last.add_constraints(trained, result.costs, result.limits, multipliers);
  ResultWriter& file = run.file;
  file.write_table("/daily", result.daily);
  file.write_table("/daily_group", result.daily_group);
  file.write_table("/episodes", result.episodes);
  file.write_table("/constraints", last.constraints());
  file.write_table("/evaluations", log.evaluations());
  file.write_table("/evaluation_constraints", log.constraints());
  file.set_attribute("eval_users", std::int64_t{evaluate.users});
  file.set_attribute("eval_days", std::int64_t{evaluate.days});
  file.set_attribute("observation_schema", run.worlds.spec(run.feed).schema.to_text());
  file.write_agent(final_agent);
}

void say_what_was_odd(const FeedRun& run, const TrainState& trained) {
  const TrainConfig& train = run.config.train;
  if (trained.horizon_reached)
    note(fmt::format("{}: the {} days of {} users were over after {} of {} training decisions; "
                     "raise environment.days or environment.users.count",
                     run.label, run.feed.days, num_users(run.feed.users), trained.decisions, train.decisions));
  if (trained.updates == 0)
    note(fmt::format("warning: {}: not one update in {} decisions; train.decisions must exceed "
                     "train.warmup_transitions ({}; on-policy agents: agent.rollout_transitions) and train.decisions_per_update ({})",
                     run.label, trained.decisions, train.warmup_transitions, train.decisions_per_update));
}

// Training and evaluation; `session` holds a world, a learner, and what is known of both.
RunOutcome train_and_evaluate(const FeedRun& run, FeedWorld& world, Agent& learner, TrainingSession& session) {
  const EvaluateConfig& evaluate = run.config.evaluate;
  const auto add_curve_point = [&](std::int64_t decisions, EvaluationLog& log) {
    const FeedEvaluation point = evaluate_feed(run.worlds, run.feed, {evaluate.curve_users, evaluate.seed}, evaluate.days,
                                               frozen_copies(run.config, &learner));
    log.add_feed(decisions, point);
    log.add_constraints(decisions, point.costs, point.limits, learner.multipliers());
  };
  session.train(run.config, [&](std::int64_t decisions) { add_curve_point(decisions, session.curve); });
  const TrainState& trained = session.state;
  say_what_was_odd(run, trained);
  EvaluationLog curve = session.curve;  // a checkpoint from here on is one of the end of training
  if (evaluate.every_decisions > 0) add_curve_point(trained.decisions, curve);
  evaluate_finally(run, &learner, trained.decisions, curve);
  run.file.write_table("/train_daily", world.daily());
  run.file.write_table("/train_episodes", world.episodes());
  run.file.write_table("/training", session.log.table());
  if (!session.diagnostics.empty()) run.file.write_table("/diagnostics", session.diagnostics.table());
  return {.trained = trained.decisions, .updates = trained.updates};
}

}  // namespace

RunOutcome run_feed(const ExperimentConfig& config, const FeedConfig& feed, Worlds& worlds,
                    const RunContext& context, Checkpoint& checkpoint, ResultWriter& file) {
  const FeedRun run{config, feed, worlds, context.progress_label.empty() ? agent_label(config) : context.progress_label, file};
  if (!trains(config)) {
    EvaluationLog log(feed_cost_names());
    if (const auto* planner = std::get_if<PlannerConfig>(&config.agent)) {
      const Plan plan = make_plan(worlds, feed, *planner, config.seed, run.label);
      const auto agent = make(*planner, worlds.spec(feed), Seed{config.seed});
      AgentState found;
      save(plan.table, found);
      agent->load(found);
      evaluate_finally(run, agent.get(), 0, log);
      file.write_table("/planning", plan.rounds_table());
      return {};
    }
    evaluate_finally(run, nullptr, 0, log);
    return {};
  }
  std::optional<StateBlobs> kept;
  if (context.resume && checkpoint.exists()) kept = checkpoint.load();
  const WorldKey key{num_users(feed.users), config.seed};
  const std::unique_ptr<FeedWorld> world = kept ? worlds.fresh(feed, key) : worlds.fork(feed, key);
  std::vector<double> never_costs;
  if (kept) {
    StateArchive archive = StateArchive::loading(*kept);
    archive.values("more/never_costs", never_costs);
  } else {
    never_costs = worlds.never_costs(feed, key, config.evaluate.days);
  }
  world->set_limits(resolve_limits(feed, never_costs));
  const std::unique_ptr<Agent> learner = make_or_load(config, world->spec(), learning_context(config.train));
  TrainingSession session(*world, *learner, feed_cost_names(), run.label, checkpoint);
  session.more = [&](StateArchive& archive) { archive.values("never_costs", never_costs); };
  const DiagnosticsConfig& diagnostics = config.train.diagnostics;
  if (diagnostics.true_q_requests > 0)
    session.more_diagnostics = [&] {
      const Seed seed{Seed{config.seed}.stream(Purpose::kDiagnose, static_cast<std::uint64_t>(session.state.updates))()};
      return true_q_diagnostics(*world, *learner, frozen_copies(config, learner.get()), discount_of(config.agent), diagnostics, seed);
    };
  if (kept)
    session.load(*kept);
  else
    world->begin_phase({.days = feed.days, .transitions = Transitions::kCollect});
  kept.reset();
  RunOutcome outcome;
  session.guard([&] { outcome = train_and_evaluate(run, *world, *learner, session); });
  return outcome;
}

}  // namespace sluice
