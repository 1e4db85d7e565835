#include "analysis/figure.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "sim/check.h"

namespace sluice {
namespace {

// Black comes last: it is the reference line's and the axes' colour.
constexpr std::array<const char*, 8> kColors = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                "#E69F00", "#56B4E9", "#7F7F7F", "#000000"};
constexpr std::array<int, 4> kDashes = {2, 4, 5, 3};
constexpr std::array<int, 8> kPoints = {7, 5, 9, 13, 11, 6, 4, 8};

// What all figures share.  Text is plain: an agent's name may hold underscores.
constexpr const char* kPreamble = R"(
set encoding utf8
set style fill solid 1 noborder
set border 3 lc rgb '#444444' lw 1
set tics nomirror out scale 0.6 textcolor rgb '#222222'
set grid lc rgb '#dddddd' lt 1 lw 0.6
set xtics offset 0,0.2
set xlabel offset 0,0.3
set key outside right top vertical Left reverse samplen 2.4 spacing 1.15
)";

std::string shell_quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'')
      result += "'\\''";
    else
      result += c;
  }
  result += '\'';
  return result;
}

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_all(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw io_error(path + ": cannot write (disk full, or not writable?)");
}

std::string terminals(const Figure& figure, const std::string& stem) {
  const int w = figure.width, h = figure.height;
  std::string script;
  const auto draw = [&](const std::string& terminal, const char* extension) {
    script += fmt::format("reset\nset terminal {} noenhanced\nset output {}\n{}{}\nunset output\n",
                          terminal, quoted(stem + extension), kPreamble, figure.script);
  };
  draw(fmt::format("svg size {},{} dynamic font 'Arial,12' name '{}' background '#ffffff'", w, h,
                   figure.name),
       ".svg");
  draw(fmt::format("pdfcairo size {:.3f}in,{:.3f}in font 'Arial,8.5' fontscale 1.0 linewidth 1.0",
                   w / 96.0, h / 96.0),
       ".pdf");
  draw(fmt::format("pngcairo size {},{} font 'Arial,9' fontscale 2.0 linewidth 2.0 pointscale 2.0 "
                   "background '#ffffff'",
                   2 * w, 2 * h),
       ".png");
  return script;
}

}  // namespace

void check_gnuplot() {
  if (std::system("gnuplot --version > /dev/null 2>&1") != 0)
    throw io_error("gnuplot does not start; figures need it: apt-get install gnuplot-nox");
}

std::string render_figure(const Figure& figure, const std::string& directory) {
  const std::string stem = directory + "/" + figure.name, log = stem + ".log";
  const std::string script = terminals(figure, stem);
  write_all(stem + ".gp", kPreamble + figure.script);
  write_all(stem + ".csv", figure.csv);
  std::FILE* pipe = popen(("gnuplot - 2> " + shell_quoted(log)).c_str(), "w");
  if (pipe == nullptr) throw io_error("gnuplot does not start: apt-get install gnuplot-nox");
  const bool sent = std::fwrite(script.data(), 1, script.size(), pipe) == script.size();
  const bool drawn = pclose(pipe) == 0;
  std::string svg = read_all(stem + ".svg");
  if (!sent || !drawn || svg.find("</svg>") == std::string::npos)
    throw io_error(fmt::format("gnuplot could not draw {}: {}", stem, read_all(log)));
  std::remove(log.c_str());
  const std::size_t begin = svg.find("<svg");
  return svg.substr(begin == std::string::npos ? 0 : begin);
}

std::string series_color(std::size_t i) { return kColors[i % kColors.size()]; }

std::string series_style(std::size_t i, Stroke stroke) {
  // A ninth series repeats a colour with another point and dash.
  const std::size_t shift = i / kColors.size();
  const int dash = stroke == Stroke::kSolid ? 1 : kDashes[(i + shift) % kDashes.size()];
  return fmt::format("lc rgb '{}' pt {} dt {}", series_color(i),
                     kPoints[(i + 3 * shift) % kPoints.size()], dash);
}

std::string data_block(const std::string& name, const std::vector<std::vector<double>>& rows) {
  std::string text = "$" + name + " << EOD\n";
  for (const auto& row : rows) {
    for (const double value : row)
      text += std::isnan(value) ? "NaN " : fmt::format("{:.8g} ", value);
    text += "\n";
  }
  return text + "EOD\n";
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += c;
    result += c;
  }
  result += '\'';
  return result;
}

}  // namespace sluice
