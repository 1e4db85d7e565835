#pragma once
// One run, from a configuration to a result file: burn in, train, evaluate, write.
//
//   worlds.fork(seed) ──► train(agent) ──► every_decisions: evaluate on a small world
//                                     └──► at the end: evaluate on worlds.fork(evaluate.seed), write
//
// A world, an agent and an evaluation meet nowhere else.

#include <string>

#include "experiments/experiment_config.h"
#include "experiments/result_file.h"
#include "experiments/worlds.h"

namespace sluice {

struct RunContext {
  std::string out;                          // result file
  Overwrite overwrite = Overwrite::kRefuse;
  std::string progress_label = {};          // before the progress bar; empty: the agent's label
  bool resume = false;                      // go on from `<out>.ckpt`, if there is one
  double checkpoint_minutes = 5;            // between two checkpoints; 0: only when a signal ends the run
};

/// The label of the agent in tables: config.label, else its kind.
std::string agent_label(const ExperimentConfig& config);

/// Replaces `agent: {from: FILE}` by the configuration of the agent saved there.
AgentConfig resolve_from(const AgentConfig& agent);

/// A finished run: the file opens, is complete and was made from this very configuration.  Throws
/// data_error if it was made from another one.
bool is_done(const std::string& file, const ExperimentConfig& config);

/// Runs and commits the result file.
void run_experiment(const ExperimentConfig& config, Worlds& worlds, const RunContext& context);

}  // namespace sluice
