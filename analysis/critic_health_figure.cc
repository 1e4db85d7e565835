// The figure of critics' health over training.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "analysis/lines.h"
#include "analysis/report_figures.h"
#include "analysis/tables.h"

namespace sluice {

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
