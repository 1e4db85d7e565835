#pragma once
// Runs as bootstrap draws: users of an evaluate seed are drawn with replacement, the same for all runs on it.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/commands.h"
#include "analysis/load_runs.h"
#include "analysis/statistics.h"

namespace sluice {

using Draws = std::vector<double>;  // [resamples]

/// One column of one run: its mean per user, and that mean in every bootstrap replicate.
struct Sampled {
  double mean;
  Draws draws;
};
using RunColumns = std::map<std::string, Sampled>;  // by name of the column of /episodes

struct SampledRuns {
  std::map<const Run*, RunColumns> columns;
  std::vector<std::int64_t> evaluate_seeds;
  double users = 0;                // over all evaluate seeds
  std::vector<std::string> notes;  // on users left out because not all runs met them
};

/// Columns: what compare's metrics and the runs' constraints need, and `also`; of those, what all runs have.  Throws
/// data_error for runs without a user in common.
SampledRuns sample_users(const Runs& runs, const StatisticsOptions& options, const std::vector<std::string>& also = {});

/// The mean of several, replicate by replicate.
Sampled average(const std::vector<const Sampled*>& parts);

/// The mean of the reference's runs; learners' runs are resampled, if there are several.
Sampled partner_of(const std::vector<const Sampled*>& runs, bool learns, Rng rng);

/// A run beside the reference under the same evaluate seed.
struct Pair {
  Sampled difference, base;
};
struct Lift {
  Estimate value;             // Σ differences / |Σ bases|
  double standard_error = 0;  // of the draws
};
/// Learners: the pairs are resampled too (training seeds).
Lift lift_of(const std::vector<Pair>& pairs, bool learns, Rng rng);

/// --reference, else the first label with "tuned" in it, else the first with "threshold", else the first.
/// Throws usage_error for a reference that is not among the labels.
std::string choose_reference(const std::vector<std::string>& labels, const StatisticsOptions& options);

}  // namespace sluice
