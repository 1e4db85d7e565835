#pragma once
// The training loop: act with exploration, observe completed steps, update at a fixed rate per
// decision, move the multipliers once a simulated day.

#include <functional>
#include <string>
#include <vector>

#include "agents/agent.h"
#include "experiments/experiment_config.h"
#include "sim/table.h"

namespace sluice {

/// Columns of /training, filled as updates are logged.
class TrainingLog {
 public:
  explicit TrainingLog(std::vector<std::string> cost_names) : cost_names_(std::move(cost_names)) {}
  void add(std::int64_t update, std::int64_t decisions, const UpdateLog& log,
           std::vector<double> multipliers);
  Table table() const;
  void transfer(StateArchive& archive);

 private:
  struct Row {
    std::int64_t update, decisions;
    UpdateLog log;
    std::vector<double> multipliers;
  };
  std::vector<std::string> cost_names_;
  std::vector<Row> rows_;
};

struct TrainOptions {
  std::int64_t decisions = 0;   // in all
  std::int64_t decisions_per_update = 0;
  std::int64_t every_decisions = 0;  // calls `evaluate` so often, but not at the end; 0: never
  int log_every_updates = 1;
  std::function<void(std::int64_t)> evaluate = {};  // with the decisions so far
  std::function<void(std::int64_t)> pause = {};     // before each batch, when everything can be saved
  std::int64_t diagnose_every_updates = 0;          // calls `diagnose` so often, while a batch waits; 0: never
  std::function<void(std::int64_t updates, std::int64_t decisions)> diagnose = {};
  std::function<void(const TransitionBatch&)> seen = {};  // all transitions that the agent observes
};

/// Where the loop is.
struct TrainState {
  std::int64_t decisions = 0, updates = 0;
  std::int64_t next_update = 0, next_evaluation = 0;  // decisions at which they are due
  std::int64_t next_diagnosis = 0;                    // updates at which it is due
  int day = -1;                                       // last day the agent was told of
  bool horizon_reached = false;                       // before all decisions were made
};

/// Goes on from `state` to the end.  When `evaluate` or `pause` throws, state, log, environment and
/// agent are as they were before the batch: saved and loaded, they go on as if nothing had happened.
void train(Environment& environment, Agent& agent, const TrainOptions& options, TrainState& state,
           TrainingLog& log);

}  // namespace sluice
