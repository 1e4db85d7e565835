#pragma once
// One self-contained HTML file of a comparison: tables, figures as inline SVG, the configurations,
// versions and caveats.  It loads nothing from anywhere.

#include <string>
#include <vector>

#include "analysis/compare.h"
#include "analysis/figure.h"

namespace sluice {

struct ReportFigure {
  Figure figure;
  std::string svg;  // render_figure
};

struct ReportContents {
  std::string title;
  std::string command;  // as typed
  const Runs& runs;
  const Comparison& comparison;
  std::vector<ReportFigure> figures;
};

std::string report_html(const ReportContents& contents);

}  // namespace sluice
