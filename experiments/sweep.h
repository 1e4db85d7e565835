#pragma once
// Many runs from one file: cases × axes × samples × seeds.
//
//   base: {include: quickstart_base.yaml}       # any run document
//   cases:                                      # overlays; each makes one arm of the comparison
//     - {label: never, agent: {kind: never}}
//   axes:                                       # every combination
//     agent.kind: [dqn, sl_mgac]
//     agent.num_groups: {values: [1, 5], when: {agent.kind: sl_mgac}}    # only where that holds
//   samples: {count: 20, seed: 7, axes: {agent.learning_rate: {log_uniform: [1.0e-5, 1.0e-3]}}}   # drawn
//   zip: {seed: [1, 2], evaluate.seed: [1001, 1002]}   # these change together
//   seeds: [1, 2, 3]                            # short for the axis `seed`
//   scales:                                     # sweep documents laid over this one by --scale NAME
//     smoke: {base: {train: {decisions: 20000}}, seeds: [1]}
//
// Every run is read and checked before the first one starts.  A run's file is named after its label,
// what changed, and the hash of its configuration: a changed sweep never takes an older run's result
// for its own.

#include <string>
#include <utility>
#include <vector>

#include "experiments/experiment_config.h"

namespace sluice {

struct PlannedRun {
  std::string name;         // label, changed axes, seed: unique in the sweep
  std::string hash;         // of the resolved configuration and of what its input files hold (run_inputs.h)
  ExperimentConfig config;
  std::vector<std::pair<std::string, std::string>> settings;  // path → value: axes, samples, zip, seeds
  std::string file() const { return name + "-" + hash.substr(0, 8) + ".h5"; }  // in the sweep's folder
};

struct SweepPlan {
  std::string path;  // of the sweep file
  std::string hash;  // of all runs
  std::vector<PlannedRun> runs;
  std::vector<std::string> notes;  // what may be a slip
};

/// More is a slip: a list too many, or a number with too many zeros.
inline constexpr std::size_t kMaxRuns = 100000;

/// Reads a sweep; `sets` apply to every run's document.  `scale`: empty, or one of its scales; a sweep
/// that has scales needs one.
SweepPlan plan_sweep(const std::string& path, const std::vector<std::string>& sets, const std::string& scale = "",
                     std::size_t max_runs = kMaxRuns);

/// Keeps the runs whose number in the plan is i mod n, from "i/n".  Throws usage_error.
struct Shard {
  int index = 0, count = 1;
  static Shard parse(const std::string& text);
};
std::vector<PlannedRun> runs_of(const SweepPlan& plan, const Shard& shard);

}  // namespace sluice
