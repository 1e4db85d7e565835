#pragma once
// What the figures share: lines with a band over seeds, and panels.

#include <string>
#include <utility>
#include <vector>

#include "analysis/compare.h"
#include "analysis/figure.h"

namespace sluice {

using Points = std::vector<std::pair<double, double>>;

/// How an agent looks in every figure: learners solid from the front of the palette, rules dashed
/// from its back.
struct Look {
  std::size_t style = 0;
  Stroke stroke = Stroke::kSolid;
};
Look look_of(const Comparison& comparison, const std::string& label);

/// One line: rows of x, mean, smallest, largest over seeds.
struct Line {
  std::string label;
  Look look;
  std::vector<std::vector<double>> rows;
};

std::vector<const Run*> runs_of(const Runs& runs, const std::string& label);

/// (x, y) of a table's rows with a finite y; empty if there are no such columns.
Points xy(const Table& table, const std::string& x, const std::string& y, const std::string& where);

/// Seeds side by side, their i-th points together: x agrees up to a batch.
std::vector<std::vector<double>> over_seeds(const std::vector<Points>& seeds);

/// "agent,x,mean,smallest,largest" rows under a header of that kind.
std::string csv_of(const std::vector<Line>& lines, const std::string& header);

enum class Markers { kEveryPoint, kSome, kNone };
struct PlotOptions {
  double x_scale = 1;  // x is divided by it
  bool with_key = false;
  bool with_bands = true;
  Markers markers = Markers::kEveryPoint;
};
/// Data blocks, named PREFIX0, PREFIX1, ..., and the plot command.
std::string plot_lines(const std::vector<Line>& lines, const std::string& prefix,
                       const PlotOptions& options);

/// "set yrange" that shows all rows with 8 % room.
std::string y_range(const std::vector<Line>& lines);

/// A round step that divides `range` into at most `most` parts.
double round_step(double range, int most);

/// Space for the key at the right of a figure, px.
int key_width(const Comparison& comparison);

struct Panel {
  std::string title;  // above the panel
  std::string setup;  // labels, ranges
  std::string plot;   // data blocks and plot command
};
struct KeyEntry {
  std::string label;
  Look look;
};
/// Panels in a grid, and one key for all on the right.
Figure panel_figure(const std::vector<Panel>& panels, const Comparison& comparison,
                    const std::vector<KeyEntry>& key, int panel_height = 190);

}  // namespace sluice
