#pragma once
// Training that survives a kill.  Everything that training has made so far goes into a checkpoint every
// few minutes and when a signal asks to stop; a session made from the same config and loaded from it goes
// on bit-identically.

#include <functional>
#include <string>

#include "experiments/checkpoint.h"
#include "experiments/diagnostics.h"
#include "experiments/evaluate.h"
#include "experiments/train.h"

namespace sluice {

class TrainingSession {
 public:
  TrainingSession(Environment& environment, Agent& agent, const std::vector<std::string>& cost_names,
                  std::string label, Checkpoint& checkpoint)
      : log(cost_names), curve(cost_names), environment_(environment), agent_(agent),
        label_(std::move(label)), checkpoint_(checkpoint) {}

  TrainState state;
  TrainingLog log;        // /training
  EvaluationLog curve;    // evaluations along the way
  DiagnosticsLog diagnostics;  // /diagnostics
  /// Adds what the run itself can say of the learner to a row of /diagnostics; may be empty.
  std::function<std::vector<Diagnostic>()> more_diagnostics;
  std::function<void(const TransitionBatch&)> seen;  // TrainOptions::seen; may be empty
  /// What else the run has to keep; may be empty.
  std::function<void(StateArchive&)> more;

  void load(const StateBlobs& blobs);
  /// Trains to the end; `evaluate` is called with the decisions so far (TrainOptions::evaluate).
  void train(const ExperimentConfig& config, const std::function<void(std::int64_t)>& evaluate);
  /// Runs `work`, which may train, evaluate and end by a signal (UserError, 75): then saves, and says how
  /// to go on.
  void guard(const std::function<void()>& work);

 private:
  void transfer(StateArchive& archive);
  void save();

  Environment& environment_;
  Agent& agent_;
  std::string label_;
  Checkpoint& checkpoint_;
};

}  // namespace sluice
