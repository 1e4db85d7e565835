#pragma once
// Figures by gnuplot through a pipe: one script, three files (SVG, PDF, PNG), and beside them the
// script and the numbers as CSV.

#include <string>
#include <vector>

namespace sluice {

struct Figure {
  std::string name;     // of its files
  std::string title;    // a heading above it, not drawn
  std::string caption;  // what it shows and what the bands and bars are
  int width = 760;      // px of the SVG; the PDF is width / 96 in
  int height = 400;
  std::string script;  // gnuplot, without terminal and output
  std::string csv;
};

/// Throws io_error if gnuplot cannot be started.
void check_gnuplot();

/// Writes DIRECTORY/NAME.{svg,pdf,png,csv,gp} and returns the SVG for inlining in HTML.
std::string render_figure(const Figure& figure, const std::string& directory);

/// Colour (Okabe & Ito's palette, told apart by colour-blind readers), point and dash of series i,
/// e.g. "lc rgb '#0072B2' pt 7 dt 1".
enum class Stroke { kSolid, kDashed };
std::string series_style(std::size_t i, Stroke stroke = Stroke::kSolid);
std::string series_color(std::size_t i);

/// A named data block of a script: rows of numbers, NaN allowed.
std::string data_block(const std::string& name, const std::vector<std::vector<double>>& rows);

/// A text in single quotes for a script.
std::string quoted(const std::string& text);

}  // namespace sluice
