#pragma once
// The commands of the analysis room: the one header the command line includes from it.
// Both return the exit code and throw UserError for what the user can put right.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/realism.h"
#include "experiments/result_file.h"

namespace sluice {

/// How the statistics are computed; see analysis/compare.h for what each interval covers.
struct StatisticsOptions {
  std::optional<std::string> reference;  // agent label that lifts are against; none: see compare.h
  int resamples = 2000;                  // of the bootstrap, ≥ 100
  std::uint64_t seed = 1;                // of the bootstrap: the same files give the same table
};

/// `sluice compare FILE|DIR…`: agents × metrics, constraints, what the evaluation can resolve.
struct CompareOptions {
  std::vector<std::string> inputs;  // result files or directories (searched recursively for *.h5)
  std::string format = "text";      // text, md, csv, tex
  std::vector<std::string> prices = {};  // COST=PRICE: adds the objective of analysis/objective.h
  std::string matched = {};              // COST or COST=VALUE: families under one limit of a cost instead (analysis/matched.h)
  std::string figure = {};               // with matched: a directory for fronts.svg, .pdf, .png and .csv
  StatisticsOptions statistics = {};
};
int compare_command(const CompareOptions& options);

/// `sluice sweep collect`: in the sweep's folder, index.h5 (a link to every run; one table) and index.csv.
struct CollectOptions {
  std::string folder;
  std::vector<FinishedRun> runs;
};
int collect_command(const CollectOptions& options);

/// `sluice report FILE|DIR… --out DIR`: report.html, and beside it figures (SVG, PDF, PNG) with the
/// CSV of their numbers, and tables (CSV, Markdown, LaTeX).
struct ReportOptions {
  std::vector<std::string> inputs;
  std::string out;         // a directory; made if missing
  std::string command;     // the command line as typed, printed in the report
  std::string title = "";  // none: "sluice report"
  bool force = false;      // replace an existing report
  std::vector<std::string> prices = {};
  StatisticsOptions statistics = {};
};
int report_command(const ReportOptions& options);

}  // namespace sluice
