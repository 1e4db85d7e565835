// Figures of the frozen evaluation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "analysis/lines.h"
#include "analysis/report_figures.h"
#include "analysis/tables.h"

namespace sluice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<KeyEntry> key_of(const Comparison& comparison) {
  std::vector<KeyEntry> key;
  for (const AgentSummary& agent : comparison.agents)
    key.push_back({agent.label, look_of(comparison, agent.label)});
  return key;
}

/// A point of the plane and its bars.
struct Outcome {
  std::string label;
  Look look;
  double usage, usage_lo, usage_hi, watch, watch_lo, watch_hi;
};

std::vector<Outcome> outcomes_of(const Comparison& comparison) {
  const AgentSummary& reference = *comparison.find(comparison.reference);
  const double base_watch = reference.metrics[0].value.value;
  const double base_usage = reference.metrics[1].value.value;
  const auto bound = [](double base, double lift, double otherwise) {
    return std::isnan(lift) ? otherwise : base * (1 + lift);
  };
  std::vector<Outcome> outcomes;
  for (const AgentSummary& agent : comparison.agents) {
    const MetricSummary &watch = agent.metrics[0], &usage = agent.metrics[1];
    const double x = usage.value.value, y = watch.value.value;
    outcomes.push_back({agent.label, look_of(comparison, agent.label), x,
                        bound(base_usage, usage.lift.lo, x), bound(base_usage, usage.lift.hi, x), y,
                        bound(base_watch, watch.lift.lo, y), bound(base_watch, watch.lift.hi, y)});
  }
  return outcomes;
}

/// The app-usage limit: cost_time is minus app usage, so value ≤ limit means usage ≥ −limit.
double usage_limit(const Comparison& comparison) {
  std::vector<double> limits;
  for (const AgentSummary& agent : comparison.agents)
    for (const ConstraintSummary& constraint : agent.constraints)
      if (constraint.name == "cost_time") limits.push_back(-constraint.limit);
  return mean(limits);
}

/// The Pareto front as a staircase: agents that no other beats in both, by falling app usage.
std::vector<std::vector<double>> front_of(std::vector<Outcome> outcomes, double left) {
  std::sort(outcomes.begin(), outcomes.end(), [](const Outcome& a, const Outcome& b) { return a.usage > b.usage; });
  std::vector<std::vector<double>> stairs;
  double best = -std::numeric_limits<double>::infinity();
  for (const Outcome& o : outcomes) {
    if (o.watch <= best) continue;
    if (!stairs.empty()) stairs.push_back({o.usage, best});
    best = o.watch;
    stairs.push_back({o.usage, best});
  }
  stairs.push_back({left, best});
  return stairs;
}

Panel plane(const std::string& title, const std::vector<Outcome>& outcomes, double limit,
            const std::string& prefix) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double lo_x = kInfinity, hi_x = -kInfinity, lo_y = kInfinity, hi_y = -kInfinity;
  Panel panel;
  panel.title = title;
  std::string bars, points;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Outcome& o = outcomes[i];
    lo_x = std::min(lo_x, o.usage_lo), hi_x = std::max(hi_x, o.usage_hi);
    lo_y = std::min(lo_y, o.watch_lo), hi_y = std::max(hi_y, o.watch_hi);
    const std::string name = fmt::format("{}{}", prefix, i);
    panel.plot +=
        data_block(name, {{o.usage, o.usage_lo, o.usage_hi, o.watch, o.watch_lo, o.watch_hi}});
    bars += fmt::format(
        "${0} using 2:4:($3-$2):(0) with vectors heads size screen 0.005,90 lc rgb '{1}' lw 1.4, "
        "${0} using 1:5:(0):($6-$5) with vectors heads size screen 0.005,90 lc rgb '{1}' lw 1.4, ",
        name, series_color(o.look.style));
    points += fmt::format("{}${} using 1:4 with points {} ps 1.2 lw 1.5",
                          points.empty() ? "" : ", ", name, series_style(o.look.style));
  }
  const bool shows_limit = !std::isnan(limit);
  if (shows_limit) lo_x = std::min(lo_x, limit), hi_x = std::max(hi_x, limit);
  const double room_x = std::max(0.08 * (hi_x - lo_x), 1e-6 * std::abs(hi_x));
  const double room_y = std::max(0.08 * (hi_y - lo_y), 1e-6 * std::abs(hi_y));
  const double left = lo_x - room_x, right = hi_x + room_x;
  panel.plot += data_block(prefix + "front", front_of(outcomes, left));
  panel.plot += fmt::format("plot ${}front using 1:2 with lines lc rgb '#909090' lw 1.2, ", prefix) + bars + points + "\n";
  panel.setup = fmt::format(
      "set xlabel 'app usage (s per user-day)'\nset ylabel 'live watch (s per user-day)'\n"
      "set xrange [{:.8g}:{:.8g}]\nset yrange [{:.8g}:{:.8g}]\nset xtics {:.8g}\n",
      left, right, lo_y - room_y, hi_y + 2 * room_y, round_step(right - left, 4));
  if (shows_limit) {
    // The words stand on the side that has room.
    const bool room_on_right = right - limit > limit - left;
    panel.setup += fmt::format(
        "set object 1 rectangle from graph 0, graph 0 to first {0:.8g}, graph 1 behind fc rgb "
        "'#f0f0f0' fs solid noborder\n"
        "set arrow 1 from first {0:.8g}, graph 0 to first {0:.8g}, graph 1 nohead lc rgb '#000000' "
        "dt 2 lw 1.4 front\n"
        "set label 1 {1} at first {0:.8g}, graph 0.955 {2} offset {3},0 front tc rgb '#222222'\n",
        limit, quoted(room_on_right ? "limit held →" : "← limit violated"),
        room_on_right ? "left" : "right", room_on_right ? "0.6" : "-0.6");
  }
  return panel;
}

}  // namespace

std::optional<Figure> watch_against_usage(const Comparison& comparison) {
  if (comparison.tabular) return std::nullopt;
  const std::vector<Outcome> all = outcomes_of(comparison);
  const AgentSummary& reference = *comparison.find(comparison.reference);
  // `never` and `always` lie far out: a second panel shows those near the reference.
  constexpr double kNearWatch = 0.2, kNearUsage = 0.02;
  std::vector<Outcome> near;
  for (const Outcome& o : all)
    if (std::abs(o.watch / reference.metrics[0].value.value - 1) < kNearWatch &&
        std::abs(o.usage / reference.metrics[1].value.value - 1) < kNearUsage)
      near.push_back(o);
  const double limit = usage_limit(comparison);
  std::vector<Panel> panels = {plane("all agents", all, limit, "all")};
  if (near.size() > 1 && near.size() < all.size())
    panels.push_back(plane("near " + comparison.reference, near, limit, "near"));
  Figure figure = panel_figure(panels, comparison, key_of(comparison), 300);
  figure.name = "watch_against_usage";
  figure.title = "Live watch against app usage";
  figure.caption = fmt::format(
      "Bars: 95 % interval of the paired difference from {} (which has none): users and training "
      "seeds "
      "resampled. Grey line: the front of agents that no other beats in both.",
      comparison.reference);
  if (!std::isnan(limit))
    figure.caption += " Dashed: the app-usage limit (cost_time), mean over seeds; grey: violated.";
  figure.csv =
      "agent,app_usage_s,app_usage_lo,app_usage_hi,live_watch_s,live_watch_lo,live_watch_hi\n";
  for (const Outcome& o : all)
    figure.csv +=
        fmt::format("{},{:.10g},{:.10g},{:.10g},{:.10g},{:.10g},{:.10g}\n", escape_csv(o.label),
                    o.usage, o.usage_lo, o.usage_hi, o.watch, o.watch_lo, o.watch_hi);
  return figure;
}

std::optional<Figure> injection_by_group(const Runs& runs, const Comparison& comparison) {
  std::vector<Line> lines;
  double groups = 0;
  for (const AgentSummary& agent : comparison.agents) {
    std::vector<Points> seeds;
    for (const Run* run : runs_of(runs, agent.label)) {
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
      Points points;
      for (const auto& [g, sum] : sums) {
        points.emplace_back(g, sum.second > 0 ? 100 * sum.first / sum.second : kNan);
        groups = std::max(groups, g);
      }
      seeds.push_back(std::move(points));
    }
    Line line{agent.label, look_of(comparison, agent.label), over_seeds(seeds)};
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
  const double step = 0.5 / static_cast<double>(lines.size());  // side by side within a group
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string name = fmt::format("group{}", i);
    const Look look = lines[i].look;
    const double shift =
        step * (static_cast<double>(i) - 0.5 * static_cast<double>(lines.size() - 1));
    blocks += data_block(name, lines[i].rows);
    whiskers += fmt::format(
        "${} using ($1+{:.4f}):3:(0):($4-$3) with vectors heads size screen 0.004,90 lc rgb '{}' "
        "lw 1.4 "
        "notitle, ",
        name, shift, series_color(look.style));
    strokes += fmt::format("{}${} using ($1+{:.4f}):2 with linespoints {} lw 1.4 ps 0.9 title {}",
                           strokes.empty() ? "" : ", ", name, shift,
                           series_style(look.style, look.stroke), quoted(lines[i].label));
  }
  figure.script =
      blocks +
      "set xlabel 'reporting group (0: no live watch … highest: most live watch)'\n"
      "set ylabel 'requests with a live stream (%)'\nset xtics 1\nset yrange [-2:102]\n" +
      fmt::format("set xrange [-0.45:{:.2f}]\nplot ", groups + 0.45) + whiskers + strokes + "\n";
  figure.width = 640 + key_width(comparison);
  figure.csv = csv_of(lines, "agent,group,injection_percent,smallest_seed,largest_seed");
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
  std::vector<std::string> outside;
  std::string csv = "agent,series,day,mean,smallest_seed,largest_seed\n";
  for (const Series& series : kSeries) {
    std::vector<Line> lines, shown;
    double reference = kNan;
    for (const AgentSummary& agent : comparison.agents) {
      std::vector<Points> seeds;
      for (const Run* run : runs_of(runs, agent.label)) {
        if (run->daily.num_rows() == 0) continue;
        const std::string where = run->path + " /daily";
        Points points = xy(run->daily, "day", series.column, where);
        const std::vector<double> users = numbers(run->daily, "users", where);
        for (std::size_t d = 0; d < points.size(); ++d) {
          points[d].first += 1;
          points[d].second *= series.scale / users[d];
        }
        seeds.push_back(std::move(points));
      }
      Line line{agent.label, look_of(comparison, agent.label), over_seeds(seeds)};
      if (line.rows.empty()) continue;
      for (auto& row : line.rows) {
        csv += fmt::format("{},{},{:.0f},{:.10g},{:.10g},{:.10g}\n", escape_csv(line.label),
                           series.column, row[0], row[1], row[2], row[3]);
        row[2] = row[3] = row[1];  // bands of many agents would hide each other
      }
      if (agent.label == comparison.reference) reference = line.rows.front()[1];
      lines.push_back(std::move(line));
    }
    for (const Line& line : lines) {
      const bool far = reference > 0 && line.rows.front()[1] < 0.5 * reference;
      if (!far) shown.push_back(line);
      if (far && std::find(outside.begin(), outside.end(), line.label) == outside.end())
        outside.push_back(line.label);
    }
    if (shown.empty()) continue;
    panels.push_back(
        {series.title,
         fmt::format("set xlabel 'day of the evaluation'\nset ylabel ''\nset xtics {}\n",
                     round_step(comparison.days, 8)) +
             y_range(shown),
         plot_lines(shown, fmt::format("s{}_", panels.size()), {})});
  }
  if (panels.empty()) return std::nullopt;
  Figure figure = panel_figure(panels, comparison, key_of(comparison));
  figure.name = "daily";
  figure.title = "Day by day";
  figure.caption =
      "Frozen evaluation, mean over seeds. All agents start from the same users after burn-in.";
  for (const std::string& label : outside)
    figure.caption += fmt::format(" {} is left out of panels where it is below half of {}.", label,
                                  comparison.reference);
  figure.csv = csv;
  return figure;
}

}  // namespace sluice
