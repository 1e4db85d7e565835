#include "analysis/report_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "analysis/tables.h"

namespace sluice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMaxPoints = 160;  // of a training series, after averaging neighbours

/// One line with its band over seeds: x, mean, smallest, largest.
struct Line {
  std::string label;
  std::size_t style = 0;
  bool flat = false;  // does not learn: drawn across the figure
  std::vector<std::vector<double>> rows;
};

std::vector<const Run*> runs_of(const Runs& runs, const std::string& label) {
  std::vector<const Run*> found;
  for (const Run& run : runs.runs)
    if (run.label == label) found.push_back(&run);
  return found;
}

/// (x, y) of a table, rows without a value left out; empty if there is no such column.
std::vector<std::pair<double, double>> xy(const Table& table, const std::string& x,
                                          const std::string& y, const std::string& where) {
  if (table.num_rows() == 0 || table.find(x) == nullptr || table.find(y) == nullptr) return {};
  const std::vector<double> xs = numbers(table, x, where), ys = numbers(table, y, where);
  std::vector<std::pair<double, double>> points;
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (std::isfinite(ys[i])) points.emplace_back(xs[i], ys[i]);
  return points;
}

/// Averages neighbours until at most kMaxPoints are left.
std::vector<std::pair<double, double>> thin(const std::vector<std::pair<double, double>>& points) {
  const std::size_t width = (points.size() + kMaxPoints - 1) / kMaxPoints;
  if (width <= 1) return points;
  std::vector<std::pair<double, double>> result;
  for (std::size_t begin = 0; begin < points.size(); begin += width) {
    const std::size_t end = std::min(begin + width, points.size());
    std::pair<double, double> sum{0, 0};
    for (std::size_t i = begin; i < end; ++i)
      sum.first += points[i].first, sum.second += points[i].second;
    const auto n = static_cast<double>(end - begin);
    result.emplace_back(sum.first / n, sum.second / n);
  }
  return result;
}

/// Seeds side by side, the i-th points together: their decisions agree up to a batch.
std::vector<std::vector<double>> over_seeds(
    const std::vector<std::vector<std::pair<double, double>>>& seeds) {
  std::size_t length = std::numeric_limits<std::size_t>::max();
  for (const auto& seed : seeds) length = std::min(length, seed.size());
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < length && !seeds.empty(); ++i) {
    double x = 0, sum = 0, lo = seeds[0][i].second, hi = lo;
    for (const auto& seed : seeds) {
      x += seed[i].first;
      sum += seed[i].second;
      lo = std::min(lo, seed[i].second);
      hi = std::max(hi, seed[i].second);
    }
    const auto n = static_cast<double>(seeds.size());
    rows.push_back({x / n, sum / n, lo, hi});
  }
  return rows;
}

Line training_line(const std::vector<const Run*>& runs, const std::string& column,
                   std::size_t style, const std::string& label) {
  std::vector<std::vector<std::pair<double, double>>> seeds;
  for (const Run* run : runs) {
    auto points = thin(xy(run->training, "decisions", column, run->path + " /training"));
    if (!points.empty()) seeds.push_back(std::move(points));
  }
  return {label, style, false, over_seeds(seeds)};
}

std::string csv_of(const std::vector<Line>& lines, const std::string& header) {
  std::string csv = header + "\n";
  for (const Line& line : lines)
    for (const auto& row : line.rows) {
      csv += escape_csv(line.label);
      for (const double value : row)
        csv += std::isnan(value) ? "," : fmt::format(",{:.10g}", value);
      csv += "\n";
    }
  return csv;
}

/// Data blocks and the plot command of lines with bands.  x is shown in millions.
std::string plot_lines(const std::vector<Line>& lines, const std::string& prefix, bool with_key,
                       bool points) {
  std::string blocks, bands, strokes;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    const std::string name = fmt::format("{}{}", prefix, i);
    blocks += data_block(name, line.rows);
    const bool has_band = std::any_of(line.rows.begin(), line.rows.end(),
                                      [](const auto& row) { return row[3] > row[2]; });
    if (has_band && !line.flat)
      bands += fmt::format(
          "${} using ($1/1e6):3:4 with filledcurves fs transparent solid 0.18 noborder "
          "lc rgb '{}' notitle, ",
          name, series_color(line.style));
    const bool dotted = points && !line.flat;
    strokes +=
        fmt::format("${} using ($1/1e6):2 with {} {} lw {}{} {}, ", name,
                    dotted ? "linespoints" : "lines", series_style(line.style), line.flat ? 1.6 : 2,
                    dotted ? " ps 0.6" : "", with_key ? "title " + quoted(line.label) : "notitle");
  }
  std::string plot = bands + strokes;
  plot.resize(plot.size() - 2);
  return blocks + "plot " + plot + "\n";
}

/// Mean live watch per user-day of the users of the learning curve (user_id < curve_users).
double watch_of_first_users(const Run& run) {
  const auto found = run.attributes.find("curve_users");
  double bound = std::numeric_limits<double>::infinity();
  if (found != run.attributes.end())
    if (const auto* users = std::get_if<std::int64_t>(&found->second))
      bound = static_cast<double>(*users);
  const std::string where = run.path + " /episodes";
  const std::vector<double> ids = numbers(run.episodes, "user_id", where);
  const std::vector<double> watch = numbers(run.episodes, "live_watch_s", where);
  std::set<double> users;
  double sum = 0;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < bound) {
      sum += watch[i];
      users.insert(ids[i]);
    }
  return sum / (static_cast<double>(users.size()) * run.eval_days);
}

/// The smallest and largest of the lines' values with 8 % room, for axes that must not start at 0.
std::string y_range(const std::vector<Line>& lines) {
  double lo = std::numeric_limits<double>::infinity(), hi = -lo;
  for (const Line& line : lines)
    for (const auto& row : line.rows) {
      if (std::isfinite(row[2])) lo = std::min(lo, row[2]);
      if (std::isfinite(row[3])) hi = std::max(hi, row[3]);
    }
  if (!(lo <= hi)) return "";
  const double room = hi > lo ? 0.08 * (hi - lo) : std::max(1e-9, 0.05 * std::abs(hi));
  return fmt::format("set yrange [{:.8g}:{:.8g}]\n", lo - room, hi + room);
}

std::size_t longest_label(const Comparison& comparison) {
  std::size_t longest = 6;
  for (const AgentSummary& agent : comparison.agents)
    longest = std::max(longest, agent.label.size());
  return longest;
}

/// Figures with several panels keep room on the right for a key of their own.
int key_width(const Comparison& comparison) {
  return 60 + 7 * static_cast<int>(longest_label(comparison));
}

/// A key without a plot, drawn in the right margin as the last panel.
std::string key_panel(const std::vector<std::pair<std::string, std::size_t>>& entries,
                      double left) {
  std::string plot;
  for (const auto& [label, style] : entries)
    plot += fmt::format("NaN with linespoints {} lw 2 ps 0.6 title {}, ", series_style(style),
                        quoted(label));
  plot.resize(plot.size() - 2);
  return fmt::format(
      "unset title; unset xlabel; unset ylabel; unset tics; unset border; unset grid; unset "
      "logscale\n"
      "unset object; unset label; unset arrow\n"
      "set lmargin at screen {0:.4f}; set rmargin at screen 0.999; set tmargin at screen 0.96; "
      "set bmargin at screen 0.04\nset xrange [0:1]; set yrange [0:1]\n"
      "set key at screen {0:.4f}, screen 0.95 left top vertical Left reverse samplen 2.4 spacing "
      "1.15\n"
      "plot {1}\n",
      left, plot);
}

struct Panel {
  std::string title;  // above the panel
  std::string setup;  // labels, ranges
  std::string plot;   // data blocks and plot command
};

/// Panels in a grid with equal margins in pixels, and one key for all on the right.
Figure panel_figure(const std::vector<Panel>& panels, int columns, const Comparison& comparison,
                    const std::vector<std::pair<std::string, std::size_t>>& key) {
  Figure figure;
  const int n = static_cast<int>(panels.size());
  columns = std::min(columns, n);
  const int rows = (n + columns - 1) / columns;
  const int key_px = key.empty() ? 14 : key_width(comparison);
  constexpr int kLeft = 78, kBottom = 54, kTop = 30, kPanelHeight = 190;
  figure.width = std::max(760, columns * 300 + key_px);
  figure.height = rows * (kTop + kPanelHeight + kBottom);
  const double w = figure.width, h = figure.height;
  const double cell = (w - key_px) / columns;
  std::string script = "set multiplot\nunset key\n";
  for (int i = 0; i < n; ++i) {
    const int column = i % columns, row = i / columns;
    const double top = 1 - (row * (kTop + kPanelHeight + kBottom) + kTop) / h;
    script += fmt::format(
        "set lmargin at screen {:.4f}; set rmargin at screen {:.4f}; set tmargin at screen {:.4f}; "
        "set bmargin at screen {:.4f}\nunset logscale; set xrange [*:*]; set yrange [*:*]\n"
        "set xtics auto; set ytics auto; set format '%g'\n",
        (column * cell + kLeft) / w, ((column + 1) * cell - 14) / w, top, top - kPanelHeight / h);
    const auto& panel = panels[static_cast<std::size_t>(i)];
    script += "set title " + quoted(panel.title) + " offset 0,-0.6\n" + panel.setup + panel.plot;
  }
  if (!key.empty()) script += key_panel(key, 1 - (key_px - 6) / w);
  figure.script = script + "unset multiplot\n";
  return figure;
}

}  // namespace

std::optional<Figure> learning_curves(const Runs& runs, const Comparison& comparison) {
  const std::string column = comparison.tabular ? "return" : "live_watch_s_per_user_day";
  std::vector<Line> lines;
  double first = std::numeric_limits<double>::infinity(), last = 0;
  for (std::size_t i = 0; i < comparison.agents.size(); ++i) {
    const AgentSummary& agent = comparison.agents[i];
    if (!agent.learns) continue;
    std::vector<std::vector<std::pair<double, double>>> seeds;
    for (const Run* run : runs_of(runs, agent.label)) {
      auto points = xy(run->evaluations, "decisions", column, run->path + " /evaluations");
      if (!points.empty()) seeds.push_back(std::move(points));
    }
    Line line{agent.label, i, false, over_seeds(seeds)};
    if (line.rows.empty()) continue;
    first = std::min(first, line.rows.front()[0]);
    last = std::max(last, line.rows.back()[0]);
    lines.push_back(std::move(line));
  }
  if (lines.empty() || !(last > 0)) return std::nullopt;
  if (first == last) first = 0;  // one evaluation: a point, and the rules' lines across
  bool same_users = true;
  for (std::size_t i = 0; i < comparison.agents.size(); ++i) {
    const AgentSummary& agent = comparison.agents[i];
    if (agent.learns) continue;
    double value = agent.metrics[0].value.value;
    if (!comparison.tabular) {
      std::vector<double> values;
      for (const Run* run : runs_of(runs, agent.label)) {
        values.push_back(watch_of_first_users(*run));
        same_users = same_users && run->attributes.count("curve_users") > 0;
      }
      value = mean(values);
    }
    lines.push_back(
        {agent.label, i, true, {{first, value, value, value}, {last, value, value, value}}});
  }
  Figure figure;
  figure.name = "learning_curves";
  figure.title = "Learning curves";
  figure.caption =
      "Frozen evaluation without exploration during training; line: mean over seeds, band: "
      "smallest to "
      "largest seed; agents that do not learn are level lines.";
  if (!comparison.tabular && !same_users)
    figure.caption +=
        " The level lines are of all evaluated users, the curves of the smaller evaluation "
        "during training, so compare their shapes, and levels in the tables.";
  figure.width = 640 + key_width(comparison);
  figure.script = "set xlabel 'training decisions (millions)'\n";
  figure.script += comparison.tabular ? "set ylabel 'return J_R (discounted)'\n"
                                      : "set ylabel 'live watch (s per user-day)'\n";
  figure.script += y_range(lines);
  figure.script += fmt::format("set xrange [{:.8g}:{:.8g}]\n", first / 1e6, last / 1e6);
  figure.script += plot_lines(lines, "curve", true, true);
  figure.csv = csv_of(lines, "agent,decisions,mean,smallest_seed,largest_seed");
  return figure;
}

std::optional<Figure> watch_against_usage(const Comparison& comparison) {
  if (comparison.tabular) return std::nullopt;
  const AgentSummary& reference = *comparison.find(comparison.reference);
  const double base_watch = reference.metrics[0].value.value,
               base_usage = reference.metrics[1].value.value;
  Figure figure;
  figure.name = "watch_against_usage";
  figure.title = "Live watch against app usage";
  figure.csv =
      "agent,app_usage_s,app_usage_lo,app_usage_hi,live_watch_s,live_watch_lo,live_watch_hi\n";
  std::string blocks, bars, points;
  double lo_x = std::numeric_limits<double>::infinity(), hi_x = -lo_x, lo_y = lo_x, hi_y = -lo_x;
  for (std::size_t i = 0; i < comparison.agents.size(); ++i) {
    const AgentSummary& agent = comparison.agents[i];
    const MetricSummary &watch = agent.metrics[0], &usage = agent.metrics[1];
    const auto bound = [](double level, double lift, double otherwise) {
      return std::isnan(lift) ? otherwise : level * (1 + lift);
    };
    const double x = usage.value.value, y = watch.value.value;
    const std::vector<double> row = {
        x, bound(base_usage, usage.lift.lo, x), bound(base_usage, usage.lift.hi, x),
        y, bound(base_watch, watch.lift.lo, y), bound(base_watch, watch.lift.hi, y)};
    lo_x = std::min(lo_x, row[1]), hi_x = std::max(hi_x, row[2]);
    lo_y = std::min(lo_y, row[4]), hi_y = std::max(hi_y, row[5]);
    const std::string name = fmt::format("agent{}", i);
    blocks += data_block(name, {row});
    bars += fmt::format(
        "${0} using 2:4:($3-$2):(0) with vectors heads size screen 0.005,90 lc rgb '{1}' lw 1.4 "
        "notitle, "
        "${0} using 1:5:(0):($6-$5) with vectors heads size screen 0.005,90 lc rgb '{1}' lw 1.4 "
        "notitle, ",
        name, series_color(i));
    points += fmt::format("${} using 1:4 with points {} ps 1.3 lw 1.5 title {}, ", name,
                          series_style(i), quoted(agent.label));
    figure.csv +=
        escape_csv(agent.label) + fmt::format(",{:.10g},{:.10g},{:.10g},{:.10g},{:.10g},{:.10g}\n",
                                              row[0], row[1], row[2], row[3], row[4], row[5]);
  }
  // cost_time is minus app usage: value ≤ limit means app usage ≥ −limit.
  double limit = kNan;
  for (const AgentSummary& agent : comparison.agents)
    for (const ConstraintSummary& constraint : agent.constraints)
      if (constraint.name == "cost_time" && std::isnan(limit)) limit = -constraint.limit;
  figure.caption = fmt::format(
      "Bars: 95 % interval of the paired difference from {} (which has none), users and training "
      "seeds "
      "resampled. Levels share the same users.",
      comparison.reference);
  if (!std::isnan(limit)) {
    lo_x = std::min(lo_x, limit), hi_x = std::max(hi_x, limit);
    figure.caption +=
        " Dashed: the app-usage limit (cost_time); agents right of it, in the white, keep it.";
  }
  const double room_x = std::max(0.07 * (hi_x - lo_x), 1e-6 * std::abs(hi_x));
  const double room_y = std::max(0.07 * (hi_y - lo_y), 1e-6 * std::abs(hi_y));
  figure.script =
      blocks +
      "set xlabel 'app usage (s per user-day)'\nset ylabel 'live watch (s per user-day)'\n";
  figure.script += fmt::format("set xrange [{:.8g}:{:.8g}]\nset yrange [{:.8g}:{:.8g}]\n",
                               lo_x - room_x, hi_x + room_x, lo_y - room_y, hi_y + 1.6 * room_y);
  if (!std::isnan(limit)) {
    const bool feasible_wide = hi_x + room_x - limit > 0.3 * (hi_x - lo_x);
    figure.script += fmt::format(
        "set object 1 rectangle from graph 0, graph 0 to first {0:.8g}, graph 1 behind fc rgb "
        "'#f2f2f2' fs solid noborder\n"
        "set arrow 1 from first {0:.8g}, graph 0 to first {0:.8g}, graph 1 nohead lc rgb '#000000' "
        "dt 2 lw 1.4 front\n"
        "set label 1 {1} at first {0:.8g}, graph 0.965 {2} offset {3},0 front tc rgb '#222222'\n",
        limit, quoted(feasible_wide ? "limit; feasible →" : "feasible right of limit"),
        feasible_wide ? "left" : "right", feasible_wide ? "0.7" : "-0.7");
  }
  std::string plot = bars + points;
  plot.resize(plot.size() - 2);
  figure.script += "plot " + plot + "\n";
  figure.width = 640 + key_width(comparison);
  figure.height = 440;
  return figure;
}

std::optional<Figure> injection_by_group(const Runs& runs, const Comparison& comparison) {
  std::vector<Line> lines;
  double groups = 0;
  for (std::size_t i = 0; i < comparison.agents.size(); ++i) {
    std::vector<std::vector<std::pair<double, double>>> seeds;
    for (const Run* run : runs_of(runs, comparison.agents[i].label)) {
      if (run->daily_group.num_rows() == 0) continue;
      const std::string where = run->path + " /daily_group";
      const std::vector<double> group = numbers(run->daily_group, "group", where);
      const std::vector<double> injections = numbers(run->daily_group, "injections", where);
      const std::vector<double> requests = numbers(run->daily_group, "requests", where);
      std::map<double, std::pair<double, double>> sums;
      for (std::size_t r = 0; r < group.size(); ++r) {
        sums[group[r]].first += injections[r];
        sums[group[r]].second += requests[r];
      }
      std::vector<std::pair<double, double>> points;
      for (const auto& [g, sum] : sums) {
        points.emplace_back(g, sum.second > 0 ? 100 * sum.first / sum.second : kNan);
        groups = std::max(groups, g);
      }
      seeds.push_back(std::move(points));
    }
    Line line{comparison.agents[i].label, i, false, over_seeds(seeds)};
    if (!line.rows.empty()) lines.push_back(std::move(line));
  }
  if (lines.empty()) return std::nullopt;
  Figure figure;
  figure.name = "injection_by_group";
  figure.title = "Injection rate by reporting group";
  figure.caption =
      "Reporting groups are fixed at the end of burn-in: 0 had no live watch in the last 21 days, "
      "the "
      "others are equal-sized by live watch. Mean over seeds; whiskers: smallest to largest seed.";
  std::string blocks, whiskers, strokes;
  const double step = 0.5 / static_cast<double>(std::max<std::size_t>(lines.size(), 1));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string name = fmt::format("group{}", i);
    blocks += data_block(name, lines[i].rows);
    const double shift =
        step * (static_cast<double>(i) - 0.5 * static_cast<double>(lines.size() - 1));
    whiskers += fmt::format(
        "${} using ($1+{:.4f}):3:(0):($4-$3) with vectors nohead lc rgb '{}' lw 1.4 notitle, ",
        name, shift, series_color(lines[i].style));
    strokes += fmt::format("${} using ($1+{:.4f}):2 with linespoints {} lw 1.4 ps 0.9 title {}, ",
                           name, shift, series_style(lines[i].style), quoted(lines[i].label));
  }
  std::string plot = whiskers + strokes;
  plot.resize(plot.size() - 2);
  figure.script =
      blocks +
      "set xlabel 'reporting group (0: no live watch → heaviest live viewers)'\n"
      "set ylabel 'requests with a live stream (%)'\nset xtics 1\nset yrange [-2:102]\n" +
      fmt::format("set xrange [-0.45:{:.2f}]\n", groups + 0.45) + "plot " + plot + "\n";
  figure.width = 640 + key_width(comparison);
  figure.csv = csv_of(lines, "agent,group,injection_percent,smallest_seed,largest_seed");
  return figure;
}

std::optional<Figure> group_q(const Runs& runs, const Comparison& comparison) {
  std::vector<Panel> panels;
  std::vector<Line> all;
  std::size_t most_groups = 0;
  for (const AgentSummary& agent : comparison.agents) {
    std::vector<Line> lines;
    for (std::size_t k = 0;; ++k) {
      Line line = training_line(runs_of(runs, agent.label), fmt::format("group_q_mean_{}", k), k,
                                fmt::format("group {}", k));
      if (line.rows.empty()) break;
      lines.push_back(line);
      line.label = agent.label + ", " + line.label;
      all.push_back(std::move(line));
    }
    if (lines.empty()) continue;
    most_groups = std::max(most_groups, lines.size());
    panels.push_back(
        {agent.label,
         "set xlabel 'training decisions (millions)'\nset ylabel 'mean Q'\n" + y_range(lines),
         plot_lines(lines, fmt::format("q{}_", panels.size()), false, false)});
  }
  if (panels.empty()) return std::nullopt;
  std::vector<std::pair<std::string, std::size_t>> key;
  for (std::size_t k = 0; k < most_groups; ++k) key.emplace_back(fmt::format("group {}", k), k);
  Figure figure = panel_figure(panels, 2, comparison, key);
  figure.name = "group_q";
  figure.title = "Mean Q by MG-SD group";
  figure.caption =
      "Q of the taken actions in a batch, per group of the agent; line: mean over seeds, band: "
      "smallest to largest seed. Units: the agent's scaled reward.";
  figure.csv = csv_of(all, "agent_and_group,decisions,q_mean,smallest_seed,largest_seed");
  return figure;
}

std::optional<Figure> training_diagnostics(const Runs& runs, const Comparison& comparison) {
  std::vector<std::pair<std::string, std::string>> columns = {
      // column, panel title
      {"td_loss", "TD loss"},
      {"reward_loss", "reward prediction loss"},
      {"q_std", "std. deviation of Q"}};
  std::set<std::string> multipliers;
  for (const Run& run : runs.runs)
    for (const Column& column : run.training.columns)
      if (column.name.rfind("multiplier_", 0) == 0) multipliers.insert(column.name);
  for (const std::string& name : multipliers) columns.emplace_back(name, "λ of " + name.substr(11));

  std::vector<Panel> panels;
  std::vector<Line> all;
  std::set<std::size_t> used;
  for (const auto& [column, title] : columns) {
    std::vector<Line> lines;
    bool positive = true, any = false;
    for (std::size_t i = 0; i < comparison.agents.size(); ++i) {
      Line line = training_line(runs_of(runs, comparison.agents[i].label), column, i,
                                comparison.agents[i].label);
      if (line.rows.empty()) continue;
      for (const auto& row : line.rows) {
        positive = positive && row[2] > 0;
        any = any || row[1] != 0;
      }
      lines.push_back(std::move(line));
    }
    if (lines.empty() || !any) continue;  // a multiplier that no agent uses
    for (const Line& line : lines) {
      used.insert(line.style);
      all.push_back(line);
      all.back().label = line.label + "," + column;
    }
    const bool is_loss = column == "td_loss" || column == "reward_loss";
    const std::string scale =
        is_loss && positive ? "set logscale y; set format y '%.0e'\n" : y_range(lines);
    panels.push_back({title, "set xlabel 'training decisions (millions)'\nset ylabel ''\n" + scale,
                      plot_lines(lines, fmt::format("d{}_", panels.size()), false, false)});
  }
  if (panels.empty()) return std::nullopt;
  std::vector<std::pair<std::string, std::size_t>> key;
  for (const std::size_t i : used) key.emplace_back(comparison.agents[i].label, i);
  Figure figure = panel_figure(panels, 2, comparison, key);
  figure.name = "training";
  figure.title = "Training diagnostics";
  figure.caption =
      "Per logged update, neighbours averaged; line: mean over seeds, band: smallest to largest "
      "seed.";
  figure.csv = "agent,column,decisions,mean,smallest_seed,largest_seed\n";
  for (const Line& line : all)
    for (const auto& row : line.rows)
      figure.csv += fmt::format("{},{:.10g},{:.10g},{:.10g},{:.10g}\n", line.label, row[0], row[1],
                                row[2], row[3]);
  return figure;
}

std::optional<Figure> daily_series(const Runs& runs, const Comparison& comparison) {
  if (comparison.tabular || comparison.days < 2) return std::nullopt;
  struct Series {
    const char* column;
    const char* title;
    double scale;
  };
  constexpr Series kSeries[] = {{"live_watch_s", "live watch (s per user)", 1},
                                {"live_dau", "live DAU (% of users)", 100},
                                {"app_usage_s", "app usage (s per user)", 1},
                                {"dau", "DAU (% of users)", 100}};
  std::vector<Panel> panels;
  Figure figure;
  std::string csv = "agent,series,day,mean,smallest_seed,largest_seed\n";
  for (const Series& series : kSeries) {
    std::vector<Line> lines;
    for (std::size_t i = 0; i < comparison.agents.size(); ++i) {
      std::vector<std::vector<std::pair<double, double>>> seeds;
      for (const Run* run : runs_of(runs, comparison.agents[i].label)) {
        if (run->daily.num_rows() == 0) continue;
        const std::string where = run->path + " /daily";
        auto points = xy(run->daily, "day", series.column, where);
        const std::vector<double> users = numbers(run->daily, "users", where);
        for (std::size_t d = 0; d < points.size(); ++d) {
          points[d].first = (points[d].first + 1) * 1e6;  // plot_lines divides by a million
          points[d].second *= series.scale / users[d];
        }
        seeds.push_back(std::move(points));
      }
      Line line{comparison.agents[i].label, i, false, over_seeds(seeds)};
      if (line.rows.empty()) continue;
      for (const auto& row : line.rows)
        csv += escape_csv(line.label) + fmt::format(",{},{:.0f},{:.10g},{:.10g},{:.10g}\n",
                                                    series.column, row[0] / 1e6, row[1], row[2],
                                                    row[3]);
      for (auto& row : line.rows)
        row[2] = row[3] = row[1];  // bands of many agents would hide each other
      lines.push_back(std::move(line));
    }
    if (lines.empty()) continue;
    panels.push_back(
        {series.title,
         std::string("set xlabel 'day of the evaluation'\nset ylabel ''\n") +
             fmt::format("set xtics {}\n", std::max(1, static_cast<int>(comparison.days / 7))) +
             y_range(lines),
         plot_lines(lines, fmt::format("s{}_", panels.size()), false, true)});
  }
  if (panels.empty()) return std::nullopt;
  std::vector<std::pair<std::string, std::size_t>> key;
  for (std::size_t i = 0; i < comparison.agents.size(); ++i)
    key.emplace_back(comparison.agents[i].label, i);
  figure = panel_figure(panels, 2, comparison, key);
  figure.name = "daily";
  figure.title = "Day by day";
  figure.caption =
      "Frozen evaluation, mean over seeds. All agents start from the same users after burn-in.";
  figure.csv = csv;
  return figure;
}

std::vector<Figure> report_figures(const Runs& runs, const Comparison& comparison) {
  std::vector<Figure> figures;
  const auto keep = [&](std::optional<Figure> figure) {
    if (figure) figures.push_back(std::move(*figure));
  };
  keep(watch_against_usage(comparison));
  keep(learning_curves(runs, comparison));
  keep(injection_by_group(runs, comparison));
  keep(daily_series(runs, comparison));
  keep(group_q(runs, comparison));
  keep(training_diagnostics(runs, comparison));
  return figures;
}

}  // namespace sluice
