#pragma once
// How healthy critics and policies were in the course of training, from /diagnostics and /training: one number a run,
// then their mean over an agent's runs with a 95 % interval by Student's t (seeds are the sample).
//
// A run's number is the mean over the second half of its rows, when learning has settled (of the TD error: the root mean
// square over all logged minibatches).  The policy's unrest is the standard deviation, over the logged updates of the
// second half, of the batch's mean probability of injecting.

#include <optional>
#include <string>
#include <vector>

#include "analysis/load_runs.h"
#include "analysis/statistics.h"
#include "analysis/tables.h"

namespace sluice {

/// A critic whose |Q| passed this, in seconds of live watch, or that is not a number, has diverged: eleven days of
/// watching from here to the horizon of its discount.
inline constexpr double kDivergedQ = 1e6;

struct HealthNumber {
  std::string name;   // in CSV files
  std::string title;  // in tables; may hold one '\n'
  std::string unit;
  std::vector<double> runs;          // one per run that has it
  Estimate mean = unknown_estimate();  // NaN interval for a single run
};

struct CriticHealth {
  std::string label;
  int num_runs = 0, num_diverged = 0;
  std::vector<HealthNumber> numbers;  // the same for every agent
};

/// Agents whose runs hold /diagnostics, in the order of their first appearance.
std::vector<CriticHealth> critic_health(const Runs& runs);

/// nullopt if no run holds /diagnostics.
std::optional<TextTable> critic_health_table(const std::vector<CriticHealth>& agents);

/// Mean and its 95 % interval by Student's t; the interval is NaN for fewer than two values.
Estimate t_interval(const std::vector<double>& values);

}  // namespace sluice
