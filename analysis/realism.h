#pragma once
// The realism report: what `sluice fidelity` measured, as figures and tables in one self-contained HTML
// file.  It is handed tables by name (experiments/fidelity_tables.cc makes them):
//   rows                               marginal, unit, simulated, data, distance, kind, bound, promised, verdict
//   short_watch, user_exposures, live_watch, live_user_watch, stream_minutes, gaps
//                                      x, simulated, data: distribution functions
//   hours, live_hours, thinned_d1      by hour; by rows per user

#include <map>
#include <string>
#include <vector>

#include "analysis/figure.h"
#include "sim/table.h"

namespace sluice {

struct RealismOptions {
  std::string out;      // a directory; made if missing
  std::string command;  // as typed
  bool force = false;   // replace an existing report
};

/// Before the simulation: throws if the report exists (65) or gnuplot is missing (74).
void check_realism_report(const RealismOptions& options);
/// Writes DIR/fidelity.html, and beside it each figure (SVG, PDF, PNG, CSV, script) and rows.csv.
int realism_report(const std::map<std::string, Table>& tables, const RealismOptions& options);

std::vector<Figure> realism_figures(const std::map<std::string, Table>& tables);

}  // namespace sluice
