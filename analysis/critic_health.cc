#include "analysis/critic_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>

#include "analysis/lines.h"
#include "analysis/report_figures.h"

namespace sluice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Mean of /diagnostics or of /training, the root mean square of the latter, its standard deviation.
enum class From { kDiagnostics, kTraining, kTrainingRms, kTrainingDeviation };
struct HealthColumn {
  const char* column;
  const char* title;
  const char* unit;
  From from;
};
constexpr HealthColumn kColumns[] = {
    {"td_error_rms", "TD error\nrms, s", "s", From::kTrainingRms},
    {"q_std", "Q over rows\nsd, s", "s", From::kTraining},
    {"q_bias", "Q − true Q\nmean, s", "s", From::kDiagnostics},
    {"q_rmse", "\nrms, s", "s", From::kDiagnostics},
    {"advantage_rmse", "advantage's error\nrms, s", "s", From::kDiagnostics},
    {"seem_normalised", "SEEM\n/‖A‖", "1", From::kDiagnostics},
    {"injection_rate", "injection\nrate", "1", From::kTraining},
    {"injection_rate_unrest", "its unrest\nsd over updates", "1", From::kTrainingDeviation}};

const std::vector<double>* reals(const Table& table, const std::string& name) {
  const Column* const column = table.find(name);
  return column == nullptr ? nullptr : std::get_if<std::vector<double>>(&column->data);
}

// The finite numbers of the second half of the rows.
std::vector<double> second_half(const Table& table, const std::string& name) {
  std::vector<double> found;
  if (const auto* values = reals(table, name))
    std::copy_if(values->begin() + static_cast<std::ptrdiff_t>(values->size() / 2), values->end(), std::back_inserter(found), [](double x) { return std::isfinite(x); });
  return found;
}

double mean_or_none(const std::vector<double>& values) { return values.empty() ? kNan : mean(values); }

double of_run(const Run& run, const HealthColumn& wanted) {
  switch (wanted.from) {
    case From::kDiagnostics: return mean_or_none(second_half(run.diagnostics, wanted.column));
    case From::kTraining: return mean_or_none(second_half(run.training, wanted.column));
    case From::kTrainingDeviation: return standard_deviation(second_half(run.training, "injection_rate"));
    case From::kTrainingRms: break;
  }
  std::vector<double> values = second_half(run.training, wanted.column);
  for (double& value : values) value *= value;
  return std::sqrt(mean_or_none(values));
}

bool any_finite(const Table& table, const std::string& name) {
  const auto* values = reals(table, name);
  return values != nullptr && std::any_of(values->begin(), values->end(), [](double x) { return std::isfinite(x); });
}

bool diverged(const Run& run) {
  const auto* q = reals(run.training, "q_abs_max");
  if (q == nullptr) return false;
  const bool has_no_q = !any_finite(run.training, "q_abs_max") && !any_finite(run.training, "td_loss") && any_finite(run.training, "actor_loss");  // an imitator
  return !has_no_q && std::any_of(q->begin(), q->end(), [](double value) { return !(value < kDivergedQ); });
}

std::string short_number(double value) {
  if (!std::isfinite(value)) return "–";
  const double size = std::abs(value);
  std::string text = size >= 1e5 ? fmt::format("{:.1e}", value) : fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  if (text[0] == '-') text.replace(0, 1, "−");
  return text;
}

}  // namespace

Estimate t_interval(const std::vector<double>& values) {
  if (values.empty()) return unknown_estimate();
  const double middle = mean(values);
  if (values.size() < 2) return {middle, kNan, kNan};
  const auto n = static_cast<double>(values.size());
  const double half = boost::math::quantile(boost::math::students_t(n - 1), 0.975) * standard_deviation(values) / std::sqrt(n);
  return {middle, middle - half, middle + half};
}

std::vector<CriticHealth> critic_health(const Runs& runs) {
  std::vector<CriticHealth> found;
  for (const std::string& label : runs.labels()) {
    CriticHealth health{.label = label, .numbers = {}};
    for (const HealthColumn& column : kColumns) health.numbers.push_back({.name = column.column, .title = column.title, .unit = column.unit, .runs = {}});
    for (const Run* run : runs_of(runs, label)) {
      if (run->diagnostics.num_rows() == 0) continue;
      ++health.num_runs;
      health.num_diverged += diverged(*run);
      for (std::size_t i = 0; i < health.numbers.size(); ++i) {
        const double value = of_run(*run, kColumns[i]);
        if (std::isfinite(value)) health.numbers[i].runs.push_back(value);
      }
    }
    if (health.num_runs == 0) continue;
    for (HealthNumber& number : health.numbers) number.mean = t_interval(number.runs);
    found.push_back(std::move(health));
  }
  return found;
}

std::optional<TextTable> critic_health_table(const std::vector<CriticHealth>& agents) {
  if (agents.empty()) return std::nullopt;
  TextTable table{.title = "Health of critic and policy in the second half of training",
                  .headers = {"agent"},
                  .rows = {},
                  .caption = fmt::format("Mean over seeds ± half the 95 % interval by Student's t. True Q: rollouts of copies of the world. "
                                         "SEEM/‖A‖ near 1: errors feed themselves. Diverged: |Q| beyond {:.0e} s, or no number, at any time.",
                                         kDivergedQ),
                  .num_left = 1};
  for (const HealthNumber& number : agents.front().numbers) table.headers.push_back(number.title);
  table.headers.push_back("diverged\nof seeds");
  for (const CriticHealth& agent : agents) {
    std::vector<std::string> row = {agent.label};
    for (const HealthNumber& number : agent.numbers) {
      const double half = (number.mean.hi - number.mean.lo) / 2;
      row.push_back(short_number(number.mean.value) + (std::isfinite(half) ? " ±" + short_number(half) : ""));
    }
    row.push_back(fmt::format("{} of {}", agent.num_diverged, agent.num_runs));
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::optional<Figure> critic_health_figure(const Runs& runs, const Comparison& comparison) {
  constexpr std::pair<const char*, const char*> kPanels[] = {{"td_error_rms", "TD error, rms (s)"},
                                                             {"q_variance", "variance of Q over rows (s²)"},
                                                             {"q_rmse", "Q − true Q, rms (s)"},
                                                             {"seem_normalised", "SEEM/‖A‖"},
                                                             {"ntk_ratio_1e4", "k(x, x + λv)/k(x, x), λ = 10⁴"},
                                                             {"injection_rate", "injection rate"}};
  std::vector<Panel> panels;
  std::set<std::string> used;
  std::string csv = "agent,column,decisions,mean,smallest_seed,largest_seed\n";
  for (const auto& [column, title] : kPanels) {
    std::vector<Line> lines;
    double lo = std::numeric_limits<double>::infinity(), hi = -lo, last = 0;
    for (const AgentSummary& agent : comparison.agents) {
      std::vector<Points> seeds;
      for (const Run* run : runs_of(runs, agent.label)) {
        Points points = xy(run->diagnostics, "decisions", column, run->path + " /diagnostics");
        if (!points.empty()) seeds.push_back(std::move(points));
      }
      Line line{agent.label, look_of(comparison, agent.label), over_seeds(seeds)};
      if (line.rows.empty()) continue;
      for (const auto& row : line.rows) {
        lo = std::min(lo, row[2]), hi = std::max(hi, row[3]), last = std::max(last, row[0]);
        csv += fmt::format("{},{},{:.10g},{:.10g},{:.10g},{:.10g}\n", escape_csv(agent.label), column, row[0], row[1], row[2], row[3]);
      }
      used.insert(agent.label);
      lines.push_back(std::move(line));
    }
    if (lines.empty()) continue;
    const std::string axis = fmt::format("set xlabel 'training decisions (millions)'\nset xrange [0:{:.8g}]\nset xtics {:.8g}\n", last / 1e6, round_step(last / 1e6, 5));
    const bool log_scale = lo > 0 && hi > 20 * lo;
    panels.push_back({title, axis + "set ylabel ''\n" + (log_scale ? std::string("set logscale y\nset format y '%.0e'\n") : y_range(lines)),
                      plot_lines(lines, fmt::format("h{}_", panels.size()), {.x_scale = 1e6, .markers = Markers::kSome})});
  }
  if (panels.empty()) return std::nullopt;
  std::vector<KeyEntry> key;
  for (const AgentSummary& agent : comparison.agents)
    if (used.count(agent.label) > 0) key.push_back({agent.label, look_of(comparison, agent.label)});
  Figure figure = panel_figure(panels, comparison, key);
  figure.name = "critic_health";
  figure.title = "Health of critic and policy";
  figure.caption =
      "From /diagnostics. Line: mean over seeds; band: smallest to largest seed. True Q by rollouts of copies of the world, their own noise taken out. "
      "SEEM (Yue et al. 2023) near 1: errors of the critic feed themselves. k: neural tangent kernel of the critic along a random direction.";
  figure.csv = csv;
  return figure;
}

}  // namespace sluice
