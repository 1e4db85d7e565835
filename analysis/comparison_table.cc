#include "analysis/comparison_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "analysis/number_text.h"

namespace sluice {
namespace {

bool one_seed(const AgentSummary& agent, const Comparison& comparison) {
  const AgentSummary* reference = comparison.find(comparison.reference);
  return (agent.learns || reference->learns) && agent.num_runs < 2;
}

std::string limits_held(const AgentSummary& agent) {
  int violated = 0;
  for (const ConstraintSummary& constraint : agent.constraints)
    violated += constraint.value.value > constraint.limit ? 1 : 0;
  if (agent.constraints.empty()) return kNone;
  return violated == 0 ? "held" : fmt::format("{} violated", violated);
}

TextTable outcomes(const Comparison& comparison) {
  TextTable table{.title = "Outcomes of the frozen evaluation",
                  .headers = {"agent"},
                  .rows = {},
                  .caption = "",
                  .num_left = 1};
  const std::vector<MetricInfo>& infos = comparison.metrics;
  std::vector<std::size_t> shown = {0};
  if (!comparison.tabular) shown.push_back(1);
  if (!comparison.objective.empty()) shown.push_back(infos.size() - 1);
  for (const std::size_t m : shown) {
    table.headers.push_back(fmt::format("{}\n{}", infos[m].title, infos[m].unit));
    table.headers.push_back(infos[m].lift_base[0] == '\0' ? fmt::format("vs {}\n% [95 %]", comparison.reference)
                                                          : "gain, % of live\nwatch [95 %]");
  }
  table.headers.insert(table.headers.end(), {"\nlimits", "\nseeds"});
  bool any_uncovered = false;
  for (const AgentSummary& agent : comparison.agents) {
    std::vector<std::string> row = {agent.label};
    const bool is_reference = agent.label == comparison.reference;
    for (const std::size_t m : shown) {
      const bool uncovered = !is_reference && one_seed(agent, comparison);
      any_uncovered = any_uncovered || uncovered;
      row.push_back(with_half_width(agent.metrics[m].value, infos[m].scale));
      row.push_back(is_reference ? "reference" : lift_text(agent.metrics[m].lift, uncovered));
    }
    row.push_back(limits_held(agent));
    row.push_back(std::to_string(agent.num_runs));
    table.rows.push_back(std::move(row));
  }
  table.caption = comparison.tabular
                      ? "Exact evaluation; ± and [ ] show the spread of runs (bootstrap of runs)."
                      : "± half the width of the 95 % interval over users (same evaluate seed, "
                        "same users: levels "
                        "move together, so read the lifts). [ ] 95 % interval of the paired lift: "
                        "users resampled "
                        "with all their days, then training seeds.";
  if (!comparison.objective.empty())
    table.caption += " Objective: " + comparison.objective + "; gains are shares of the live watch of " + comparison.reference + ".";
  if (any_uncovered) table.caption += " † one training seed: its luck is not in the interval.";
  if (comparison.tabular && !std::isnan(comparison.optimum))
    table.caption += fmt::format(" Optimum by linear programming: {:.6g}.", comparison.optimum);
  return table;
}

TextTable behaviour(const Comparison& comparison) {
  TextTable table{.title = "What the agents do",
                  .headers = {"agent"},
                  .rows = {},
                  .caption = "",
                  .num_left = 1};
  const std::vector<MetricInfo>& infos = comparison.metrics;
  constexpr std::size_t kFirst = 2,
                        kLiveDau = 2;  // live DAU with its lift: the paper's second number
  const std::size_t end = infos.size() - (comparison.objective.empty() ? 0 : 1);
  for (std::size_t m = kFirst; m < end; ++m) {
    table.headers.push_back(fmt::format("{}\n{}", infos[m].title, infos[m].unit));
    if (m == kLiveDau)
      table.headers.push_back(fmt::format("vs {}\n% [95 %]", comparison.reference));
  }
  table.headers.push_back("trained on\ndecisions");
  for (const AgentSummary& agent : comparison.agents) {
    std::vector<std::string> row = {agent.label};
    const bool is_reference = agent.label == comparison.reference;
    for (std::size_t m = kFirst; m < end; ++m) {
      row.push_back(with_half_width(agent.metrics[m].value, infos[m].scale));
      if (m == kLiveDau)
        row.push_back(is_reference ? "reference"
                                   : lift_text(agent.metrics[m].lift, one_seed(agent, comparison)));
    }
    row.push_back(agent.learns ? short_count(agent.decisions) : kNone);
    table.rows.push_back(std::move(row));
  }
  table.caption =
      "Skipped: left within 3 s of entering. D1: active users who come back the next day.";
  return table;
}

TextTable constraint_table(const Comparison& comparison) {
  TextTable table{
      .title = "Constraints (value ≤ limit)",
      .headers = {"agent", "constraint", "value\n", "limit\n", "violation\n% of |limit|",
                  "violated\n", "multiplier\nλ", "limit from\n"},
      .rows = {},
      .caption = comparison.tabular ? "Expected discounted cost, exact."
                                    : "Values are means per user-day, idle days included; "
                                      "± as above. Violation: mean over seeds.",
      .num_left = 2};
  for (const AgentSummary& agent : comparison.agents)
    for (const ConstraintSummary& constraint : agent.constraints) {
      const double size = std::max(std::abs(constraint.limit), std::abs(constraint.value.value));
      const int digits =
          digits_for(size / 300, size);  // three to four figures: violations are small
      std::string violated = constraint.num_violated == 0 ? "no" : "yes";
      if (constraint.num_violated > 0 && constraint.num_runs > 1)
        violated += fmt::format(" ({} of {} seeds)", constraint.num_violated, constraint.num_runs);
      table.rows.push_back({agent.label, constraint.name,
                            with_half_width(constraint.value, 1, digits),
                            number(constraint.limit, digits), number(100 * constraint.violation, 2),
                            violated, agent.learns ? number(constraint.multiplier, 3) : kNone,
                            constraint.reference.empty() ? kNone : constraint.reference});
    }
  return table;
}

// The agent with the greatest objective.
std::string best(const Comparison& comparison, bool holds_limits) {
  const AgentSummary* found = nullptr;
  for (const AgentSummary& agent : comparison.agents) {
    if (holds_limits && limits_held(agent) != "held") continue;
    if (found == nullptr || agent.metrics.back().value.value > found->metrics.back().value.value) found = &agent;
  }
  return found == nullptr ? "none" : found->label;
}

}  // namespace

std::vector<TextTable> comparison_tables(const Comparison& comparison) {
  std::vector<TextTable> tables = {outcomes(comparison)};
  if (!comparison.tabular) tables.push_back(behaviour(comparison));
  TextTable constraints = constraint_table(comparison);
  if (!constraints.rows.empty()) tables.push_back(std::move(constraints));
  if (std::optional<TextTable> health = critic_health_table(comparison.health)) tables.push_back(std::move(*health));
  return tables;
}

std::vector<std::string> closing_lines(const Comparison& comparison) {
  std::vector<std::string> lines;
  if (!comparison.tabular)
    lines.push_back(
        fmt::format("Evaluated: {:.0f} users × {:.0f} days over {} evaluate seed{} ({}).",
                    comparison.users, comparison.days, comparison.evaluate_seeds.size(),
                    comparison.evaluate_seeds.size() == 1 ? "" : "s",
                    fmt::join(comparison.evaluate_seeds, ", ")));
  std::vector<std::string> trained;
  for (const AgentSummary& agent : comparison.agents)
    if (agent.learns) trained.push_back(agent.label + " " + short_count(agent.decisions));
  if (!trained.empty())
    lines.push_back(fmt::format("Decisions trained on, per seed: {}.", fmt::join(trained, ", ")));
  if (!std::isnan(comparison.detectable_lift) && !comparison.tabular) {
    std::string range;
    if (comparison.detectable_farthest > comparison.detectable_nearest * 1.005)
      range = fmt::format(
          " (median over agents; {:.2f} % for the one most like {}, {:.2f} % for the "
          "one least like it)",
          100 * comparison.detectable_nearest, comparison.reference,
          100 * comparison.detectable_farthest);
    lines.push_back(
        fmt::format("Smallest lift of live watch this evaluation can resolve (80 % power, 5 % "
                    "two-sided): {:.2f} %{}.",
                    100 * comparison.detectable_lift, range));
  }
  if (!comparison.objective.empty())
    lines.push_back(fmt::format("Greatest objective: {}; of those that hold every limit: {}.", best(comparison, false), best(comparison, true)));
  for (const std::string& note : comparison.notes) lines.push_back("Note: " + note + ".");
  return lines;
}

TextTable long_table(const Comparison& comparison) {
  TextTable table{.title = "",
                  .headers = {"agent", "kind", "quantity", "unit", "value", "lo", "hi", "lift",
                              "lift_lo", "lift_hi", "reference", "limit", "violation",
                              "seeds_violated", "seeds", "decisions"},
                  .rows = {},
                  .caption = "",
                  .num_left = 4};
  const auto exact = [](double value) {
    return std::isnan(value) ? "" : fmt::format("{:.10g}", value);
  };
  const std::vector<MetricInfo>& infos = comparison.metrics;
  for (const AgentSummary& agent : comparison.agents) {
    const std::string seeds = std::to_string(agent.num_runs);
    for (std::size_t m = 0; m < infos.size(); ++m) {
      const MetricSummary& metric = agent.metrics[m];
      const double scale = infos[m].scale;
      table.rows.push_back({agent.label, agent.kind, infos[m].name, infos[m].unit,
                            exact(scale * metric.value.value), exact(scale * metric.value.lo),
                            exact(scale * metric.value.hi), exact(metric.lift.value),
                            exact(metric.lift.lo), exact(metric.lift.hi), comparison.reference, "",
                            "", "", seeds, exact(agent.decisions)});
    }
    for (const ConstraintSummary& constraint : agent.constraints)
      table.rows.push_back(
          {agent.label, agent.kind, constraint.name, "cost", exact(constraint.value.value),
           exact(constraint.value.lo), exact(constraint.value.hi), "", "", "", constraint.reference,
           exact(constraint.limit), exact(constraint.violation),
           std::to_string(constraint.num_violated), seeds, exact(agent.decisions)});
  }
  for (const CriticHealth& agent : comparison.health)
    for (const HealthNumber& number : agent.numbers)
      table.rows.push_back({agent.label, "", number.name, number.unit, exact(number.mean.value), exact(number.mean.lo), exact(number.mean.hi), "", "", "",
                            "", "", "", "", std::to_string(number.runs.size()), ""});
  return table;
}

std::string render_comparison(const Comparison& comparison, TableFormat format) {
  if (format == TableFormat::kCsv) return render(long_table(comparison), format);
  std::string text;
  for (const TextTable& table : comparison_tables(comparison)) text += render(table, format) + "\n";
  const char* prefix = format == TableFormat::kLatex ? "% " : "";
  const char* end = format == TableFormat::kMarkdown ? "\n\n" : "\n";
  for (const std::string& line : closing_lines(comparison))
    text += format == TableFormat::kText ? wrap_text(line, 120) : prefix + line + end;
  return text;
}

}  // namespace sluice
