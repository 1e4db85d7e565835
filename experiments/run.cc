#include "experiments/run.h"

#include <algorithm>
#include <filesystem>

#include "experiments/provenance.h"
#include "experiments/run_inputs.h"
#include "experiments/run_parts.h"
#include "sim/config_writer.h"

namespace sluice {
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
  if (std::holds_alternative<StudentConfig>(config.agent))
    throw data_error("agent.kind: a student is not trained by `run`; make one with `sluice distill RUN.h5 --out STUDENT.h5` and use it with agent.from=STUDENT.h5");
  auto agent = make_agent(resolve_from(config.agent), spec, Seed{config.seed}, learning);
  if (const auto* from = std::get_if<FromConfig>(&config.agent))
    agent->load(ResultReader(from->from).read_agent());
  return agent;
}

bool is_done(const std::string& file, const ExperimentConfig& config) {
  if (!std::filesystem::exists(file)) return false;
  const ResultReader reader(file);
  if (reader.text("config_hash") != config_hash(to_yaml(config)))
    throw data_error(file + ": was made from another configuration; give another --out, or remove it");
  if (reader.text("inputs_hash").value_or("") != RunInputs().hash_of(config))
    throw data_error(file + ": was made when " + input_files(config).front() + " held something else; give another --out, or remove it");
  return true;
}

void run_experiment(const ExperimentConfig& config, Worlds& worlds, const RunContext& context) {
  const std::string yaml = to_yaml(config);
  Checkpoint checkpoint(context.out, yaml, context.checkpoint_minutes);
  if (checkpoint.exists() && !context.resume) {
    if (context.overwrite == Overwrite::kRefuse)
      throw data_error(checkpoint.path() + ": an interrupted run is kept there; add --resume to go on with it, or "
                       "--force to start anew");
    checkpoint.remove();
  }
  ResultWriter file(context.out, context.overwrite);
  const std::string inputs = RunInputs().hash_of(config);
  RunOutcome outcome;
  if (const auto* feed = std::get_if<FeedConfig>(&config.environment))
    outcome = run_feed(config, *feed, worlds, context, checkpoint, file);
  else
    outcome = run_tabular(config, std::get<TabularEnvConfig>(config.environment), context, checkpoint, file);
  file.write_config(yaml);
  file.set_attribute("seed", static_cast<std::int64_t>(config.seed));
  file.set_attribute("evaluate_seed", static_cast<std::int64_t>(config.evaluate.seed));
  file.set_attribute("agent", kind_of(resolve_from(config.agent)));
  file.set_attribute("agent_label", agent_label(config));
  file.set_attribute("environment", kind_of(config.environment));
  file.set_attribute("decisions", outcome.trained);
  file.set_attribute("updates", outcome.updates);
  file.set_attribute("config_hash", config_hash(yaml));
  if (!inputs.empty()) file.set_attribute("inputs_hash", inputs);
  file.set_attribute("wall_s", checkpoint.wall_s());
  file.set_attribute("resumes", checkpoint.resumes());
  write_provenance(file);
  file.commit();
  checkpoint.remove();
}

}  // namespace sluice
