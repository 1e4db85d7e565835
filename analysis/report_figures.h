#pragma once
// The figures of the report, each made of runs and their comparison.  A figure whose data no run
// holds is nullopt.

#include <optional>
#include <vector>

#include "analysis/compare.h"
#include "analysis/figure.h"

namespace sluice {

/// Frozen evaluations during training: live watch (tabular: return) against decisions.
std::optional<Figure> learning_curves(const Runs& runs, const Comparison& comparison);
/// Live watch against app usage, one point per agent, with the app-usage limit.
std::optional<Figure> watch_against_usage(const Comparison& comparison);
/// Injection rate by reporting group.
std::optional<Figure> injection_by_group(const Runs& runs, const Comparison& comparison);
/// Mean Q of each MG-SD group over training, a panel per agent.
std::optional<Figure> group_q(const Runs& runs, const Comparison& comparison);
/// Losses, |Q| and multipliers over training.
std::optional<Figure> training_diagnostics(const Runs& runs, const Comparison& comparison);
/// TD error, spread of Q and its error, SEEM, NTK and the injection rate over training, from /diagnostics.
std::optional<Figure> critic_health_figure(const Runs& runs, const Comparison& comparison);
/// Live watch per user and live DAU by day of the evaluation.
std::optional<Figure> daily_series(const Runs& runs, const Comparison& comparison);

/// All that there are, in this order.
std::vector<Figure> report_figures(const Runs& runs, const Comparison& comparison);

}  // namespace sluice
