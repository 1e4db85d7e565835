#pragma once
// Result files → runs, with what the analysis needs of each in memory.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "experiments/result_file.h"

namespace sluice {

/// Numbers of /score: (J_R − Σ λ*·excess)/J* of the last and the average policy, their largest violations as shares of
/// |limit|, and the error of Q as a share of its range.
inline constexpr const char* kScores[] = {"last", "average", "violation_last", "violation_average", "q_rmse"};

struct Run {
  std::string path;
  std::string label;  // attribute agent_label; without it, agent
  std::string kind;   // attribute agent
  std::string environment;
  std::int64_t seed = 0;           // of training
  std::int64_t evaluate_seed = 0;  // of the world of the frozen evaluation
  double decisions = 0;            // trained on; 0: does not learn
  double eval_days = 0;            // days of the frozen evaluation; 0: no days (tabular)
  std::map<std::string, Attribute> attributes;
  std::string config;
  Table daily, daily_group, episodes, constraints, evaluations,
      training, diagnostics;                    // empty if not in the file
  double exact_return = 0, optimum_return = 0;  // tabular; NaN otherwise
  std::map<std::string, double> scores;         // /score of a tabular run, NaN where it has none

  bool learns() const { return decisions > 0; }
};

struct Runs {
  std::vector<Run> runs;  // by label in order of first appearance, then evaluate seed, seed
  std::vector<std::string> notes;  // files that were left out, and why; doubts about comparability

  std::vector<std::string> labels() const;  // in order of first appearance
};

/// One file.  Throws data_error.
Run load_run(const std::string& path);

/// Reads the given result files, and every *.h5 below the given directories.  A file named outright
/// that cannot be used is a data_error; one found in a directory is left out with a note.  Throws
/// data_error if nothing is left, and if one agent appears twice with the same seeds.
Runs load_runs(const std::vector<std::string>& inputs);

}  // namespace sluice
