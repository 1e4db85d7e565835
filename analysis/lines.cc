#include "analysis/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/tables.h"

namespace sluice {
namespace {

std::string title_of(bool with_key, const std::string& label) {
  return with_key ? "title " + quoted(label) : "notitle";
}

/// A key without a plot, in the right margin from `left` (screen coordinates) on.
std::string key_panel(const std::vector<KeyEntry>& entries, double left) {
  std::string plot;
  for (const KeyEntry& entry : entries)
    plot += fmt::format("{}NaN with linespoints {} lw 2 ps 0.8 title {}", plot.empty() ? "" : ", ",
                        series_style(entry.look.style, entry.look.stroke), quoted(entry.label));
  return fmt::format(
      "unset title; unset xlabel; unset ylabel; unset tics; unset border; unset grid\n"
      "unset logscale; unset object; unset label; unset arrow\n"
      "set lmargin at screen {0:.4f}; set rmargin at screen 0.999; set tmargin at screen 0.96; "
      "set bmargin at screen 0.04\nset xrange [0:1]; set yrange [0:1]\n"
      "set key at screen {0:.4f}, screen 0.95 left top vertical Left reverse samplen 2.8 "
      "spacing 1.15\nplot {1}\n",
      left, plot);
}

}  // namespace

Look look_of(const Comparison& comparison, const std::string& label) {
  std::size_t learners = 0, rules = 0;
  for (const AgentSummary& agent : comparison.agents) {
    if (agent.label == label)
      return agent.learns ? Look{learners, Stroke::kSolid}
                          : Look{rules < 8 ? 7 - rules : rules, Stroke::kDashed};
    ++(agent.learns ? learners : rules);
  }
  return {};
}

std::vector<const Run*> runs_of(const Runs& runs, const std::string& label) {
  std::vector<const Run*> found;
  for (const Run& run : runs.runs)
    if (run.label == label) found.push_back(&run);
  return found;
}

Points xy(const Table& table, const std::string& x, const std::string& y,
          const std::string& where) {
  if (table.num_rows() == 0 || table.find(x) == nullptr || table.find(y) == nullptr) return {};
  const std::vector<double> xs = numbers(table, x, where), ys = numbers(table, y, where);
  Points points;
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (std::isfinite(ys[i])) points.emplace_back(xs[i], ys[i]);
  return points;
}

std::vector<std::vector<double>> over_seeds(const std::vector<Points>& seeds) {
  std::size_t length = std::numeric_limits<std::size_t>::max();
  for (const Points& seed : seeds) length = std::min(length, seed.size());
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < length && !seeds.empty(); ++i) {
    double x = 0, sum = 0, lo = seeds[0][i].second, hi = lo;
    for (const Points& seed : seeds) {
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

std::string csv_of(const std::vector<Line>& lines, const std::string& header) {
  std::string csv = header + "\n";
  for (const Line& line : lines)
    for (const auto& row : line.rows) {
      csv += escape_csv(line.label);
      for (const double value : row) csv += fmt::format(",{:.10g}", value);
      csv += "\n";
    }
  return csv;
}

std::string plot_lines(const std::vector<Line>& lines, const std::string& prefix,
                       const PlotOptions& options) {
  std::string blocks, bands, strokes;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    const std::string name = fmt::format("{}{}", prefix, i);
    blocks += data_block(name, line.rows);
    const bool has_band = std::any_of(line.rows.begin(), line.rows.end(),
                                      [](const auto& row) { return row[3] > row[2]; });
    if (has_band && options.with_bands)
      bands += fmt::format(
          "${} using ($1/{}):3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '{}' "
          "notitle, ",
          name, options.x_scale, series_color(line.look.style));
    // A dense line carries a few markers, at other places than its neighbours'.
    std::size_t every = 1;
    if (options.markers == Markers::kSome) every = std::max<std::size_t>(1, line.rows.size() / 6);
    const std::string markers = options.markers == Markers::kNone
                                    ? std::string("lines")
                                    : fmt::format("linespoints ps 0.8 pi {}", every);
    strokes +=
        fmt::format("{}${} using ($1/{}):2 with {} {} lw 2 {}", strokes.empty() ? "" : ", ", name,
                    options.x_scale, markers, series_style(line.look.style, line.look.stroke),
                    title_of(options.with_key, line.label));
  }
  return blocks + "plot " + bands + strokes + "\n";
}

std::string y_range(const std::vector<Line>& lines) {
  double lo = std::numeric_limits<double>::infinity(), hi = -lo;
  for (const Line& line : lines)
    for (const auto& row : line.rows) {
      lo = std::min(lo, row[2]);
      hi = std::max(hi, row[3]);
    }
  if (!(lo <= hi)) return "";
  const double room = hi > lo ? 0.08 * (hi - lo) : std::max(1e-9, 0.05 * std::abs(hi));
  return fmt::format("set yrange [{:.8g}:{:.8g}]\n", lo - room, hi + room);
}

double round_step(double range, int most) {
  if (!(range > 0)) return 1;
  const double power = std::pow(10, std::floor(std::log10(range / most)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (range / (factor * power) <= most) return factor * power;
  return 10 * power;
}

int key_width(const Comparison& comparison) {
  std::size_t longest = 8;
  for (const AgentSummary& agent : comparison.agents)
    longest = std::max(longest, agent.label.size());
  return 84 + 8 * static_cast<int>(longest);
}

Figure panel_figure(const std::vector<Panel>& panels, const Comparison& comparison,
                    const std::vector<KeyEntry>& key, int panel_height) {
  constexpr int kLeft = 80, kBottom = 68, kTop = 30, kGap = 16;  // px around a panel
  const int n = static_cast<int>(panels.size()), columns = std::min(2, n);
  const int rows = (n + columns - 1) / columns, key_px = key_width(comparison);
  Figure figure;
  figure.width = std::max(760, columns * 320 + key_px);
  figure.height = rows * (kTop + panel_height + kBottom);
  const double w = figure.width, h = figure.height, cell = (w - key_px) / columns;
  figure.script = "set multiplot\nunset key\n";
  for (int i = 0; i < n; ++i) {
    const int column = i % columns, row = i / columns;
    const double top = 1 - (row * (kTop + panel_height + kBottom) + kTop) / h;
    const Panel& panel = panels[static_cast<std::size_t>(i)];
    figure.script += fmt::format(
        "set lmargin at screen {:.4f}; set rmargin at screen {:.4f}; set tmargin at screen {:.4f}; "
        "set bmargin at screen {:.4f}\nunset logscale; set xrange [*:*]; set yrange [*:*]\n"
        "set xtics auto offset 0,0.2; set ytics auto; set format '%g'; unset object; unset label; "
        "unset arrow\n"
        "set title {} offset 0,-0.6\n",
        (column * cell + kLeft) / w, ((column + 1) * cell - kGap) / w, top, top - panel_height / h,
        quoted(panel.title));
    figure.script += panel.setup + panel.plot;
  }
  figure.script += key_panel(key, 1 - (key_px - 8) / w) + "unset multiplot\n";
  return figure;
}

}  // namespace sluice
