#include "analysis/critic_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <iterator>
#include <limits>

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
    for (const Run& run : runs.runs) {
      if (run.label != label || run.diagnostics.num_rows() == 0) continue;
      ++health.num_runs;
      health.num_diverged += diverged(run);
      for (std::size_t i = 0; i < health.numbers.size(); ++i) {
        const double value = of_run(run, kColumns[i]);
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

}  // namespace sluice
