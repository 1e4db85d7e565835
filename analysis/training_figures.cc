// Figures of training.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

#include "analysis/lines.h"
#include "analysis/report_figures.h"
#include "analysis/tables.h"

namespace sluice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kMillion = 1e6;
constexpr std::size_t kMaxPoints = 120;  // of a line, after averaging neighbours

Points thin(const Points& points) {
  const std::size_t width = (points.size() + kMaxPoints - 1) / kMaxPoints;
  if (width <= 1) return points;
  Points result;
  for (std::size_t begin = 0; begin < points.size(); begin += width) {
    const std::size_t end = std::min(begin + width, points.size());
    double x = 0, y = 0;
    for (std::size_t i = begin; i < end; ++i) x += points[i].first, y += points[i].second;
    const auto n = static_cast<double>(end - begin);
    result.emplace_back(x / n, y / n);
  }
  return result;
}

Line training_line(const Runs& runs, const std::string& agent, Table Run::*table, const std::string& column, Look look,
                   const std::string& label) {
  std::vector<Points> seeds;
  for (const Run* run : runs_of(runs, agent)) {
    Points points = thin(xy(run->*table, "decisions", column, run->path));
    if (!points.empty()) seeds.push_back(std::move(points));
  }
  return {label, look, over_seeds(seeds)};
}

std::string decisions_axis(const std::vector<Line>& lines) {
  double last = 0;
  for (const Line& line : lines)
    for (const auto& row : line.rows) last = std::max(last, row[0]);
  return fmt::format(
      "set xlabel 'training decisions (millions)'\nset xrange [0:{:.8g}]\nset xtics {:.8g}\n",
      last / kMillion, round_step(last / kMillion, 5));
}

/// How many users the evaluations during training had: an attribute, else the config's own line.
double curve_users(const Run& run) {
  const auto found = run.attributes.find("curve_users");
  if (found != run.attributes.end())
    if (const auto* users = std::get_if<std::int64_t>(&found->second))
      return static_cast<double>(*users);
  const std::string key = "curve_users:";
  const std::size_t at = run.config.find(key);
  return at == std::string::npos ? kNan
                                 : std::strtod(run.config.c_str() + at + key.size(), nullptr);
}

/// Mean live watch per user-day of the first `bound` users of a frozen evaluation.
double watch_of_first_users(const Run& run, double bound) {
  const std::string where = run.path + " /episodes";
  const std::vector<double> ids = numbers(run.episodes, "user_id", where);
  const std::vector<double> watch = numbers(run.episodes, "live_watch_s", where);
  std::set<double> users;
  double sum = 0;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (!(ids[i] >= bound)) {
      sum += watch[i];
      users.insert(ids[i]);
    }
  return users.empty() ? kNan : sum / (static_cast<double>(users.size()) * run.eval_days);
}

/// Mean return of a run that never trained.
double level(const Run& run, double bound, bool tabular) {
  return tabular ? run.exact_return : watch_of_first_users(run, bound);
}

}  // namespace

// Seeds evaluate on different users, whose levels differ far more than training luck does.  Where
// the reference is a rule, each seed's curve is therefore divided by the reference's value on the
// same users and multiplied by its mean value: the band shows luck in training.
std::optional<Figure> learning_curves(const Runs& runs, const Comparison& comparison) {
  const bool tabular = comparison.tabular;
  const std::string column = tabular ? "return" : "live_watch_s_per_user_day";
  double bound = kNan;
  for (const Run& run : runs.runs)
    if (run.learns() && !tabular) bound = curve_users(run);

  std::map<std::int64_t, double>
      base;  // evaluate seed → the reference's value on the curve's users
  double base_mean = 0;
  if (!tabular && !comparison.find(comparison.reference)->learns) {
    for (const Run* run : runs_of(runs, comparison.reference))
      base[run->evaluate_seed] = level(*run, bound, tabular);
    for (const auto& [seed, value] : base) base_mean += value / static_cast<double>(base.size());
  }
  const auto adjust = [&](std::int64_t seed) {
    const auto found = base.find(seed);
    return found == base.end() || !(found->second > 0) ? 1.0 : base_mean / found->second;
  };

  std::vector<Line> curves;
  double last = 0;
  for (const AgentSummary& agent : comparison.agents) {
    std::vector<Points> seeds;
    for (const Run* run : runs_of(runs, agent.label)) {
      if (!run->learns()) continue;
      Points points = xy(run->evaluations, "decisions", column, run->path + " /evaluations");
      for (auto& [x, y] : points) y *= adjust(run->evaluate_seed);
      if (!points.empty()) seeds.push_back(std::move(points));
    }
    Line line{agent.label, look_of(comparison, agent.label), over_seeds(seeds)};
    if (line.rows.empty()) continue;
    last = std::max(last, line.rows.back()[0]);
    curves.push_back(std::move(line));
  }
  if (curves.empty() || !(last > 0)) return std::nullopt;

  double lo = std::numeric_limits<double>::infinity(), hi = -lo;
  for (const Line& line : curves)
    for (const auto& row : line.rows) lo = std::min(lo, row[2]), hi = std::max(hi, row[3]);
  std::vector<Line> rules;
  std::string outside;
  for (const AgentSummary& agent : comparison.agents) {
    if (agent.learns) continue;
    std::vector<double> values;
    for (const Run* run : runs_of(runs, agent.label))
      values.push_back(level(*run, bound, tabular) * adjust(run->evaluate_seed));
    const double value = mean(values), reach = std::max(hi - lo, 0.15 * std::abs(hi));
    if (value < lo - reach || value > hi + reach)
      outside += fmt::format("{}{} ({:.3g})", outside.empty() ? "" : ", ", agent.label, value);
    else
      rules.push_back({agent.label,
                       look_of(comparison, agent.label),
                       {{0, value, value, value}, {last, value, value, value}}});
  }
  std::vector<Line> all = rules;
  all.insert(all.end(), curves.begin(), curves.end());

  Figure figure;
  figure.name = "learning_curves";
  figure.title = "Learning curves";
  figure.caption =
      "Frozen evaluations without exploration during training. Line: mean over seeds; band: "
      "smallest to "
      "largest seed. Agents that do not learn: level dashed lines.";
  if (!base.empty())
    figure.caption += fmt::format(
        " Each seed is scaled by {} on the same users, so that bands show luck in training, not "
        "other "
        "users.",
        comparison.reference);
  if (!tabular && std::isnan(bound))
    figure.caption +=
        " The files do not say how many users the curves had: levels of curves and of "
        "level lines may be of different users.";
  if (!outside.empty()) figure.caption += " Outside the axes: " + outside + ".";
  figure.width = 640 + key_width(comparison);
  figure.script = decisions_axis(curves);
  figure.script += tabular ? "set ylabel 'return J_R (discounted)'\n"
                           : "set ylabel 'live watch (s per user-day)'\n";
  figure.script += y_range(all);
  figure.script += plot_lines(all, "curve", {.x_scale = kMillion, .with_key = true});
  figure.csv = csv_of(all, "agent,decisions,mean,smallest_seed,largest_seed");
  return figure;
}

std::optional<Figure> group_q(const Runs& runs, const Comparison& comparison) {
  std::vector<Panel> panels;
  std::vector<Line> all;
  std::vector<KeyEntry> key;
  for (const AgentSummary& agent : comparison.agents) {
    std::vector<Line> lines;
    for (std::size_t k = 0;; ++k) {
      const std::string group = fmt::format("group {}", k);
      Line line = training_line(runs, agent.label, &Run::training, fmt::format("group_q_mean_{}", k),
                                {k, Stroke::kSolid}, group);
      if (line.rows.empty()) break;
      if (key.size() <= k) key.push_back({group, line.look});
      lines.push_back(line);
      line.label = agent.label + " " + group;
      all.push_back(std::move(line));
    }
    if (lines.empty()) continue;
    panels.push_back({agent.label, decisions_axis(lines) + "set ylabel 'mean Q (reward units)'\n" + y_range(lines),
                      plot_lines(lines, fmt::format("q{}_", panels.size()),
                                 {.x_scale = kMillion, .markers = Markers::kSome})});
  }
  if (panels.empty()) return std::nullopt;
  Figure figure = panel_figure(panels, comparison, key, 230);
  figure.name = "group_q";
  figure.title = "Mean Q by MG-SD group";
  figure.caption =
      "Q of the taken actions in a batch, per group of the agent, in the unit its file gives; "
      "neighbours "
      "averaged. Line: mean over seeds; band: smallest to largest seed.";
  figure.csv = csv_of(all, "agent_and_group,decisions,q_mean,smallest_seed,largest_seed");
  return figure;
}

namespace {

struct PanelColumn {
  std::string column, title;
  bool may_be_log = false;  // a logarithmic axis where all is positive and spread over more than a factor of 20
};

/// Columns of a table of every run over the decisions trained on, a panel each.
std::optional<Figure> panels_over_training(const Runs& runs, const Comparison& comparison, Table Run::*table, const std::vector<PanelColumn>& columns) {
  std::vector<Panel> panels;
  std::set<std::string> used;
  std::string csv = "agent,column,decisions,mean,smallest_seed,largest_seed\n";
  for (const auto& [column, title, may_be_log] : columns) {
    std::vector<Line> lines;
    double lo = std::numeric_limits<double>::infinity(), hi = -lo;
    for (const AgentSummary& agent : comparison.agents) {
      Line line = training_line(runs, agent.label, table, column, look_of(comparison, agent.label), agent.label);
      if (line.rows.empty()) continue;
      for (const auto& row : line.rows) {
        lo = std::min(lo, row[2]), hi = std::max(hi, row[3]);
        csv += fmt::format("{},{},{:.10g},{:.10g},{:.10g},{:.10g}\n", escape_csv(agent.label), column, row[0], row[1], row[2], row[3]);
      }
      lines.push_back(std::move(line));
    }
    const bool is_multiplier = column.rfind("multiplier_", 0) == 0;
    if (lines.empty() || (is_multiplier && lo == hi)) continue;  // a fixed λ stands in the tables
    for (const Line& line : lines) used.insert(line.label);
    const bool log_scale = may_be_log && lo > 0 && hi > 20 * lo;
    panels.push_back({title, decisions_axis(lines) + "set ylabel ''\n" + (log_scale ? std::string("set logscale y\nset format y '%.0e'\n") : y_range(lines)),
                      plot_lines(lines, fmt::format("d{}_", panels.size()), {.x_scale = kMillion, .markers = Markers::kSome})});
  }
  if (panels.empty()) return std::nullopt;
  std::vector<KeyEntry> key;
  for (const AgentSummary& agent : comparison.agents)
    if (used.count(agent.label) > 0) key.push_back({agent.label, look_of(comparison, agent.label)});
  Figure figure = panel_figure(panels, comparison, key);
  figure.csv = csv;
  return figure;
}

}  // namespace

std::optional<Figure> training_diagnostics(const Runs& runs, const Comparison& comparison) {
  std::vector<PanelColumn> columns = {{"td_loss", "TD loss", true},
                                      {"reward_loss", "reward prediction loss", true},
                                      {"q_std", "standard deviation of Q"},
                                      {"injection_rate", "injection rate of the batch"}};
  std::set<std::string> multipliers;
  for (const Run& run : runs.runs)
    for (const Column& column : run.training.columns)
      if (column.name.rfind("multiplier_", 0) == 0) multipliers.insert(column.name);
  for (const std::string& name : multipliers) columns.push_back({name, "λ of " + name.substr(11)});
  std::optional<Figure> figure = panels_over_training(runs, comparison, &Run::training, columns);
  if (!figure) return figure;
  figure->name = "training";
  figure->title = "Training diagnostics";
  figure->caption =
      "Per logged update, neighbours averaged. Line: mean over seeds; band: smallest to largest seed. Losses are in each agent's own "
      "units. Multipliers that never move are in the table only.";
  return figure;
}

std::optional<Figure> critic_health_figure(const Runs& runs, const Comparison& comparison) {
  std::optional<Figure> figure = panels_over_training(runs, comparison, &Run::diagnostics,
                                                      {{"td_error_rms", "TD error, rms (s)", true},
                                                       {"q_variance", "variance of Q over rows (s²)", true},
                                                       {"q_rmse", "Q − true Q, rms (s)"},
                                                       {"seem_normalised", "SEEM/‖A‖", true},
                                                       {"ntk_ratio_1e4", "k(x, x + λv)/k(x, x), λ = 10⁴", true},
                                                       {"injection_rate", "injection rate"}});
  if (!figure) return figure;
  figure->name = "critic_health";
  figure->title = "Health of critic and policy";
  figure->caption =
      "From /diagnostics. Line: mean over seeds; band: smallest to largest seed. True Q by rollouts of copies of the world, their own noise taken "
      "out. SEEM (Yue et al. 2023) near 1: errors of the critic feed themselves. k: neural tangent kernel of the critic along a random direction.";
  return figure;
}

std::vector<Figure> report_figures(const Runs& runs, const Comparison& comparison) {
  std::vector<Figure> figures;
  std::vector<std::optional<Figure>> all = {watch_against_usage(comparison),
                                            learning_curves(runs, comparison),
                                            injection_by_group(runs, comparison),
                                            daily_series(runs, comparison),
                                            group_q(runs, comparison),
                                            training_diagnostics(runs, comparison),
                                            critic_health_figure(runs, comparison)};
  for (std::optional<Figure>& figure : all)
    if (figure) figures.push_back(std::move(*figure));
  return figures;
}

}  // namespace sluice
