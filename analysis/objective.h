#pragma once
// One number for a trade-off: the objective of a user-day at given prices,
//   J = live watch − Σ_i price_i · cost_i   (s),
// as a column `objective` of every run's /episodes.  Planners maximise it (agents/oracles.h).

#include <map>
#include <string>
#include <vector>

#include "analysis/load_runs.h"

namespace sluice {

/// Throws usage_error for a cost that the runs do not have.
void add_objective(Runs& runs, const std::map<std::string, double>& prices);

/// "COST=PRICE", as on the command line.  Throws usage_error.
std::map<std::string, double> parse_prices(const std::vector<std::string>& settings);

/// "live watch − 0.15·cost_time".
std::string objective_text(const std::map<std::string, double>& prices);

}  // namespace sluice
