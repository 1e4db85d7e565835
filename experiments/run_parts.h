#pragma once
// The parts of a run that the two kinds of environment share.  Private to run*.cc.

#include <memory>

#include "experiments/checkpoint.h"
#include "experiments/evaluate.h"
#include "experiments/run.h"

namespace sluice {

struct RunOutcome {
  std::int64_t trained = 0, updates = 0;
};

LearningContext learning_context(const TrainConfig& train);
/// The agent of the config; a saved one if it says `from`.
std::unique_ptr<Agent> make_or_load(const ExperimentConfig& config, const EnvSpec& spec, const LearningContext& learning);
/// The agent is to be trained: it is of a kind that learns, and not a saved one.
bool trains(const ExperimentConfig& config);

/// The YAML key `kind` of an agent or an environment.
template <class Variant>
std::string kind_of(const Variant& variant) {
  return std::visit([](const auto& kind) { return std::string(std::decay_t<decltype(kind)>::kKind); }, variant);
}

RunOutcome run_feed(const ExperimentConfig& config, const FeedConfig& feed, Worlds& worlds,
                    const RunContext& context, Checkpoint& checkpoint, ResultWriter& file);
RunOutcome run_tabular(const ExperimentConfig& config, const TabularEnvConfig& tabular,
                       const RunContext& context, Checkpoint& checkpoint, ResultWriter& file);

}  // namespace sluice
