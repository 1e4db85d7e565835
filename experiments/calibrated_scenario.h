#pragma once
// From a fitted log to a scenario, and to a table for people.
//
// A log's marginals are by exposure: heavy users weigh more, sessions end watches early.  A scenario's
// parameters are by user and before that, so a marginal cannot be written down as a parameter.  What is
// written is the default, which reproduces the published marginals in simulation, moved by as much as
// the log's marginal differs from the published one (first order); a marginal that is the parameter
// itself is written as it is.

#include <string>
#include <vector>

#include "experiments/log_fit.h"
#include "users/behavioural_config.h"

namespace sluice {

/// One fitted figure.
struct FitRow {
  std::string name, unit;
  Estimate fitted;
  double published = 0;  // NaN: none
  int decimals = 3;
  std::string remark;  // "kept": the log does not tell, the published figure stands
};
std::vector<FitRow> fit_rows(const LogFit& fit);

/// Figures by hour or weekday.
struct ProfileRow {
  std::string name;
  std::vector<double> fitted, errors, published;  // NaN: not known
  int decimals = 2;
};
std::vector<ProfileRow> fit_profiles(const LogFit& fit);
/// Numbers with a blank between; "-" for NaN.
std::string join_numbers(const std::vector<double>& values, int decimals);

/// What the log does not tell, and what is kept in its place; other warnings.
std::vector<std::string> fit_remarks(const KuairandLog& log, const LogFit& fit);

/// The default users with what was fitted.
BehaviouralUsersConfig calibrated_users(const LogFit& fit);

/// The scenario: keys of calibrated_users() that were fitted, each with a comment; the table; the remarks.
std::string scenario_yaml(const KuairandLog& log, const LogFit& fit);

}  // namespace sluice
