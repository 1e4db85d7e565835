#pragma once
// What a run reads beside its configuration: a saved agent (`agent.from`), a CMDP (`environment.file`),
// a trace of streams (`environment.supply.file`).  A run is identified by its configuration and by what
// these files hold, so that a changed file is another run.

#include <map>
#include <string>
#include <vector>

#include "experiments/experiment_config.h"

namespace sluice {

/// Paths as the configuration gives them; relative ones are of the working directory.
std::vector<std::string> input_files(const ExperimentConfig& config);

class RunInputs {
 public:
  /// Hash over the contents of the run's input files; empty: it has none.
  /// Throws data_error (65) if one cannot be read.
  std::string hash_of(const ExperimentConfig& config);

 private:
  std::map<std::string, std::string> known_;  // path → hash of its bytes: runs of a sweep share files
};

/// What a run's file is named after: config_hash of the resolved YAML and of `inputs`.
std::string run_hash(const std::string& yaml, const std::string& inputs);

}  // namespace sluice
