#pragma once
// Many runs from one file: cases × axes × seeds, in parallel processes.
//
//   base: {include: quickstart_base.yaml}       # any run document
//   cases:                                      # overlays; each makes one arm of the comparison
//     - {label: never, agent: {kind: never}}
//   axes: {agent.num_groups: [1, 5]}            # every combination
//   zip: {seed: [1, 2], evaluate.seed: [1001, 1002]}   # these change together
//   seeds: [1, 2, 3]                            # short for the axis `seed`
//
// Every run is read and checked before the first one starts.  Burn-ins that runs share are simulated
// once, in this process; each run is then a forked process that finds them in its memory.

#include <string>
#include <vector>

#include "experiments/experiment_config.h"

namespace sluice {

struct PlannedRun {
  std::string name;         // file name without .h5: label, changed axes, seed
  ExperimentConfig config;
};

/// Reads a sweep; `sets` apply to every run's document.
std::vector<PlannedRun> plan_sweep(const std::string& path, const std::vector<std::string>& sets);

}  // namespace sluice
