#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/lines.h"
#include "analysis/matched.h"
#include "analysis/tables.h"

namespace sluice {
namespace {

constexpr int kColumns = 4, kPanelWidth = 150, kPanelHeight = 130;          // px, inside the axes
constexpr int kLeft = 78, kBottom = 62, kTop = 30, kGap = 14, kBetween = 34;  // px around and between

struct Range {
  double lo = 1e300, hi = -1e300;
  void add(double value) { lo = std::min(lo, value), hi = std::max(hi, value); }
  void widen(double share) {
    const double room = std::max(share * (hi - lo), 1e-6 * std::abs(hi));
    lo -= room, hi += room;
  }
};

// "sac: 512 s"
std::string title_of(const MatchedFamily& family) {
  return std::isnan(family.live_watch.value) ? family.name : fmt::format("{}: {:.0f} s", family.name, family.live_watch.value);
}

}  // namespace

Figure front_figure(const Matched& matched) {
  const bool is_usage = is_app_usage(matched);
  const double sign = is_usage ? -1 : 1;
  Range x, y;
  const MatchedFamily* reference = nullptr;
  for (const MatchedFamily& family : matched.families) {
    if (family.name == matched.reference) reference = &family;
    if (family.points.size() < 2) continue;  // `always` and the like lie far out
    for (const FrontPoint& point : family.points) x.add(sign * point.cost), y.add(point.live_watch);
  }
  for (const FrontPoint& point : reference->points) x.add(sign * point.cost), y.add(point.live_watch);
  x.add(sign * matched.value);
  x.widen(0.06), y.widen(0.08);
  y.lo = 0;
  const auto rows_of = [&](const MatchedFamily& family, bool with_never) {
    std::vector<std::vector<double>> rows;
    for (const FrontPoint& point : family.points) rows.push_back({sign * point.cost, point.live_watch});
    if (with_never && matched.never) rows.push_back({sign * matched.never->cost, matched.never->live_watch});
    return rows;
  };

  Figure figure;
  figure.name = "fronts";
  figure.title = "Live watch against " + (is_usage ? std::string("app usage") : matched.cost);
  std::vector<const MatchedFamily*> shown;
  for (const MatchedFamily& family : matched.families)
    if (&family != reference) shown.push_back(&family);
  if (shown.empty()) shown.push_back(reference);
  const int n = static_cast<int>(shown.size()), columns = std::min(kColumns, n), rows = (n + columns - 1) / columns;
  figure.width = kLeft + columns * (kPanelWidth + kGap);
  figure.height = kTop + rows * (kPanelHeight + kBetween) + kBottom - kBetween;
  const double w = figure.width, h = figure.height;
  figure.script = data_block("reference", rows_of(*reference, true));
  figure.script += data_block("never", matched.never ? std::vector<std::vector<double>>{{sign * matched.never->cost, matched.never->live_watch}}
                                                     : std::vector<std::vector<double>>{{std::nan(""), std::nan("")}});
  figure.script += fmt::format(
      "set multiplot\nunset key\nset xrange [{:.8g}:{:.8g}]\nset yrange [{:.8g}:{:.8g}]\n"
      "set xtics {:.8g} offset 0,0.2\nset ytics {:.8g}\n",
      x.lo, x.hi, y.lo, y.hi, round_step(x.hi - x.lo, 3), round_step(y.hi - y.lo, 4));
  for (int i = 0; i < n; ++i) {
    const int column = i % columns, row = i / columns;
    const double left = kLeft + column * (kPanelWidth + kGap), top = kTop + row * (kPanelHeight + kBetween);
    const MatchedFamily& family = *shown[static_cast<std::size_t>(i)];
    const bool is_lowest = i + columns >= n;
    figure.script += fmt::format(
        "set lmargin at screen {:.4f}; set rmargin at screen {:.4f}; set tmargin at screen {:.4f}; set bmargin at screen {:.4f}\n"
        "set title {} offset 0,-0.7\nset format x '{}'\nset format y '{}'\n",
        left / w, (left + kPanelWidth) / w, 1 - top / h, 1 - (top + kPanelHeight) / h, quoted(title_of(family)), is_lowest ? "%g" : "",
        column == 0 ? "%g" : "");
    // What the limit forbids is shaded.
    figure.script += fmt::format("set object 1 rectangle from {}, graph 0 to {}, graph 1 fc rgb '#e8e8e8' fs solid noborder behind\n",
                                 is_usage ? "graph 0" : fmt::format("first {:.8g}", matched.value),
                                 is_usage ? fmt::format("first {:.8g}", -matched.value) : std::string("graph 1"));
    figure.script += fmt::format(
        "set arrow 1 from first {0:.8g}, graph 0 to first {0:.8g}, graph 1 nohead lc rgb '#000000' dt 3 lw 1.2 back\n",
        sign * matched.value);
    figure.script += data_block(fmt::format("line{}", i), rows_of(family, true));
    figure.script += data_block(fmt::format("points{}", i), rows_of(family, false));
    figure.script += fmt::format(
        "plot $reference using 1:2 with lines lc rgb '#909090' lw 1.6 dt 1, $line{0} using 1:2 with lines lc rgb '{1}' lw 1.6, "
        "$points{0} using 1:2 with points lc rgb '{1}' pt 7 ps 0.7, $never using 1:2 with points lc rgb '#000000' pt 6 ps 0.8\n",
        i, series_color(0));
  }
  // The axes' names, once for all.
  figure.script += fmt::format(
      "set label 11 {} at screen {:.4f}, screen {:.4f} center\n"
      "set label 12 'live watch (s per user-day)' at screen {:.4f}, screen 0.5 center rotate by 90\n"
      "unset title; unset arrow; unset object; unset border; unset tics; set lmargin at screen 0; set rmargin at screen 0.001\n"
      "set tmargin at screen 0.001; set bmargin at screen 0\nplot NaN notitle\nunset multiplot\n",
      quoted((is_usage ? "app usage (s per user-day)" : matched.cost + " (per user-day)") + "; grey line: " + matched.reference + "; shaded: beyond the limit" + (matched.never ? "; circle: never" : "")), (kLeft + 0.5 * (w - kLeft)) / w, 16 / h,
      16 / w);
  figure.caption = fmt::format(
      "Blue: an agent's policies and its front, means over seeds; grey: that of {}. Dotted: the limit under which they are compared; shaded: "
      "beyond it. Above: live watch within it (s per user-day), each front read on its own seeds.",
      matched.reference);
  figure.csv = "family,label,cost,live_watch_s\n";
  if (matched.never) figure.csv += fmt::format("never,{},{:.10g},{:.10g}\n", escape_csv(matched.never->label), matched.never->cost, matched.never->live_watch);
  for (const MatchedFamily& family : matched.families)
    for (const FrontPoint& point : family.points)
      figure.csv += fmt::format("{},{},{:.10g},{:.10g}\n", escape_csv(family.name), escape_csv(point.label), point.cost,
                                point.live_watch);
  return figure;
}

}  // namespace sluice
