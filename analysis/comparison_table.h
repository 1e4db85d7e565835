#pragma once
// A comparison as tables: outcomes, behaviour, constraints; and all its numbers as one long CSV.

#include <string>
#include <vector>

#include "analysis/compare.h"
#include "analysis/tables.h"

namespace sluice {

/// Outcomes with lifts; behaviour (feed only); constraints (if there are any).
std::vector<TextTable> comparison_tables(const Comparison& comparison);

/// What was evaluated, and the smallest lift it can resolve; then the notes.
std::vector<std::string> closing_lines(const Comparison& comparison);

/// One row per agent and quantity, unrounded; intervals, lifts, limits in columns.
TextTable long_table(const Comparison& comparison);

/// Everything in one text; CSV is the long table.
std::string render_comparison(const Comparison& comparison, TableFormat format);

}  // namespace sluice
