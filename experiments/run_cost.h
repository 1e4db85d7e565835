#pragma once
// What a run will take: estimates for plans, for the time left, and for how many runs fit into memory.

#include "experiments/experiment_config.h"

namespace sluice {

struct RunCost {
  double burn_in_decisions = 0, training_decisions = 0, evaluated_decisions = 0, updates = 0;
  double supplied_decisions = 0;  // what the training world's users and days hold
  double seconds = 0;             // on one core
  double bytes = 0;               // at its peak
};

/// From the numbers of decisions and measured rates (`sluice bench`); right within a factor of about two.
RunCost estimate_cost(const ExperimentConfig& config);

}  // namespace sluice
