#include "analysis/realism.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "analysis/tables.h"
#include "sim/check.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStyle = R"(
body { font: 15px/1.5 Arial, Helvetica, sans-serif; color: #222; max-width: 1180px; margin: 2em auto; padding: 0 1.2em; }
h1 { font-size: 1.6em; margin-bottom: 0.2em; } h2 { font-size: 1.2em; margin-top: 2em; border-bottom: 1px solid #ccc; }
h3 { font-size: 1em; margin: 0 0 0.3em; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 1.6em 2em; }
figure { margin: 0; } figure svg { width: 100%; height: auto; display: block; }
.caption { font-size: 13px; color: #444; margin: 0.3em 0 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; border-bottom: 1.5px solid #444; border-top: 1.5px solid #444; }
th, td { padding: 3px 9px; text-align: right; white-space: nowrap; } th { border-bottom: 1.5px solid #444; }
.left { text-align: left; white-space: pre; } tbody tr:nth-child(even) { background: #f6f6f6; }
pre { background: #f6f6f6; padding: 0.7em 1em; overflow-x: auto; font-size: 12.5px; }
@media print { body { max-width: none; font-size: 11px; margin: 0; } .grid { grid-template-columns: 1fr 1fr; } figure, table { break-inside: avoid; } }
)";

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw io_error(path.string() + ": cannot write (disk full, or not writable?)");
}

std::string number(double x) {
  if (std::isnan(x)) return "";
  const double size = std::abs(x);
  return fmt::format("{:.{}f}", x, size < 0.995 ? 3 : size < 100 ? 2 : 0);
}

std::string distance_text(double distance, const std::string& kind) {
  if (kind == "relative") return fmt::format("{:+.1f} %", 100 * distance);
  return kind == "absolute" ? fmt::format("{:+.3f}", distance) : fmt::format("{:.4f}", distance);
}

TextTable shown_rows(const Table& rows, bool promised) {
  TextTable table{.title = "", .headers = {"marginal", "unit", "simulated", "data", "distance", "kind", "bound", "verdict"},
                  .rows = {}, .caption = "", .num_left = 2};
  for (std::size_t i = 0; i < rows.num_rows(); ++i) {
    if ((rows.get<std::int64_t>("promised")[i] == 1) != promised) continue;
    const std::string& kind = rows.get<std::string>("kind")[i];
    const double bound = rows.get<double>("bound")[i];
    table.rows.push_back({rows.get<std::string>("marginal")[i], rows.get<std::string>("unit")[i],
                          number(rows.get<double>("simulated")[i]), number(rows.get<double>("data")[i]),
                          distance_text(rows.get<double>("distance")[i], kind), kind,
                          kind == "relative" ? fmt::format("{:.0f} %", 100 * bound) : fmt::format("{:.2f}", bound),
                          rows.get<std::string>("verdict")[i]});
  }
  return table;
}

}  // namespace

void check_realism_report(const RealismOptions& options) {
  const fs::path page = fs::path(options.out) / "fidelity.html";
  std::error_code error;
  if (fs::exists(page, error) && !options.force)
    throw data_error(page.string() + ": the report exists; name another directory, or add --force");
  check_gnuplot();
}

int realism_report(const std::map<std::string, Table>& tables, const RealismOptions& options) {
  const fs::path directory = options.out;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw io_error(fmt::format("{}: cannot make the directory: {}", directory.string(), error.message()));
  std::string figures;
  for (const Figure& figure : realism_figures(tables)) {
    figures += fmt::format("<figure>\n<h3>{}</h3>\n{}\n<figcaption class=\"caption\">{}", escape_html(figure.title),
                           render_figure(figure, directory.string()), escape_html(figure.caption));
    for (const char* extension : {"csv", "pdf", "png", "svg", "gp"})
      figures += fmt::format(" <a href=\"{0}.{1}\">{1}</a>", figure.name, extension);
    figures += "</figcaption>\n</figure>\n";
  }
  const Table& rows = tables.at("rows");
  const TextTable promised = shown_rows(rows, true), others = shown_rows(rows, false);
  TextTable all = promised;
  all.rows.insert(all.rows.end(), others.rows.begin(), others.rows.end());
  write_file(directory / "rows.csv", render(all, TableFormat::kCsv));
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<title>Realism of the simulator</title>\n<style>{}</style>\n</head>\n<body>\n<h1>Realism of the simulator</h1>\n<pre>{}</pre>\n",
      kStyle, escape_html(options.command));
  html += "<h2>What is promised</h2>\n<div class=\"wide\">" + render_html(promised) + "</div>\n";
  html += "<h2>Figures</h2>\n<div class=\"grid\">\n" + figures + "</div>\n";
  html += "<h2>Other published figures</h2>\n<p class=\"caption\">Nothing is promised here; beyond 15 % a row is called off.</p>\n"
          "<div class=\"wide\">" + render_html(others) + "</div>\n<p class=\"caption\">All rows: <a href=\"rows.csv\">rows.csv</a></p>\n";
  write_file(directory / "fidelity.html", html + "</body>\n</html>\n");
  fmt::print("{}\n", (directory / "fidelity.html").string());
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace sluice
