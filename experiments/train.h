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
  std::function<void(std::int64_t)> count = {};     // after each batch; may throw to stop
};

struct TrainResult {
  std::int64_t decisions = 0, updates = 0;
  bool horizon_reached = false;  // before all decisions were made
};

TrainResult train(Environment& environment, Agent& agent, const TrainOptions& options,
                  TrainingLog& log);

}  // namespace sluice
