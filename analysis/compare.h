#pragma once
// Agents side by side, from their frozen evaluations.
//
// Runs with one evaluate seed met the same users, supply and luck (common random numbers), so
// agents are compared user by user.  An evaluate seed is a stratum.
//
// Value of a metric: Σ over users / (users × days), the mean over an agent's runs.  Its interval: 95 %
//   percentile bootstrap of users, all of a user's days together, within each stratum.  It says how
//   well these users stand for others; it does not cover training luck.
// Lift against the reference: mean over runs of the paired difference to the reference under the same
//   evaluate seed, divided by the reference's mean.  Its interval: two-level bootstrap.  Users are
//   resampled as above, the same users for both agents; then, if either agent learns, the runs
//   (training seeds) with replacement, their spread widened by √(n/(n−1)).  With few seeds the
//   percentile method is still a little short (about 90 % at n = 3); with one seed training luck is
//   not covered, and the table marks it.  No interval covers another draw of the supply.
// Tabular runs are evaluated exactly: there the only spread is that of runs.
//
// Reference: --reference LABEL, else the first label with "tuned" in it, else the first with
// "threshold", else the first.

#include <string>
#include <vector>

#include "analysis/commands.h"
#include "analysis/critic_health.h"
#include "analysis/load_runs.h"
#include "analysis/statistics.h"

namespace sluice {

struct MetricInfo {
  const char* name;         // in CSV files
  const char* title;        // in tables
  const char* unit;         // of the value as shown
  double scale;             // shown = scale × stored
  const char* numerator;    // column of /episodes
  const char* denominator;  // column of /episodes; "" = users × days
  bool has_lift;
  const char* lift_base = "";  // column that lifts are a share of; "" = the numerator
};
/// Metrics of feed runs; of tabular runs: the return.
const std::vector<MetricInfo>& feed_metrics();
const std::vector<MetricInfo>& tabular_metrics();

struct MetricSummary {
  Estimate value = unknown_estimate();
  Estimate lift = unknown_estimate();  // a fraction; unknown for the reference itself
  double lift_standard_error = 0;      // of the bootstrap draws; 0 if unknown
};

struct ConstraintSummary {
  std::string name, reference;
  Estimate value = unknown_estimate();
  double limit = 0;       // mean over runs
  double violation = 0;   // mean over runs of max(0, value − limit) / |limit|
  double multiplier = 0;  // mean over runs
  int num_violated = 0, num_runs = 0;
};

struct AgentSummary {
  std::string label, kind;
  bool learns = false;
  int num_runs = 0;
  double decisions = 0;  // trained on, mean over runs
  std::vector<MetricSummary> metrics;  // in the order of Comparison::metrics
  std::vector<ConstraintSummary> constraints;
};

struct Comparison {
  std::string reference;
  bool tabular = false;
  std::vector<MetricInfo> metrics;  // the last one is the objective if the runs have it (analysis/objective.h)
  std::string objective;            // what it is; empty: none
  std::vector<AgentSummary> agents;
  std::vector<CriticHealth> health;  // of those that logged /diagnostics
  std::vector<std::int64_t> evaluate_seeds;
  double users = 0;            // evaluated, over all evaluate seeds
  double days = 0;             // of each evaluation
  double detectable_lift = 0;  // of live watch, 80 % power, 5 %: median over agents; NaN if unknown
  double detectable_nearest = 0, detectable_farthest = 0;  // over agents
  double optimum = 0;  // tabular: the best feasible return; NaN if unknown
  std::vector<std::string> notes;

  const AgentSummary* find(const std::string& label) const;
};

/// Throws usage_error for an unknown reference, data_error for runs that cannot be compared.
Comparison compare(const Runs& runs, const StatisticsOptions& options);

}  // namespace sluice
