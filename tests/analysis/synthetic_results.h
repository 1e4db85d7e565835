#pragma once
// Result files of invented runs, written by the real writer: what the analysis is tested and looked
// at with.  Numbers are plausible, and the true lifts are known.

#include <string>
#include <vector>

namespace sluice::testing {

struct SyntheticAgent {
  std::string label;
  double live_factor = 1;   // true lift of live watch against 1
  double usage_factor = 1;  // of app usage
  double injection = 0.4;   // share of requests
  bool learns = false;
  double seed_spread = 0;  // standard deviation of live_factor over training seeds
};

struct SyntheticOptions {
  int users = 600;
  int days = 7;
  std::vector<int> seeds = {1, 2, 3};
  bool one_evaluate_seed = false;  // else evaluate seed 1000 + seed
};

/// Seven agents like those of the main job.
std::vector<SyntheticAgent> typical_agents();

/// Writes DIRECTORY/LABEL_SEED.h5 for each agent and seed.  Returns the paths.
std::vector<std::string> write_synthetic(const std::string& directory,
                                         const std::vector<SyntheticAgent>& agents,
                                         const SyntheticOptions& options = {});

}  // namespace sluice::testing
