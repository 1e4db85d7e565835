#include "analysis/commands.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "analysis/compare.h"
#include "analysis/comparison_table.h"
#include "analysis/matched.h"
#include "analysis/objective.h"
#include "analysis/report.h"
#include "analysis/report_figures.h"
#include "sim/check.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw io_error(path.string() + ": cannot write (disk full, or not writable?)");
}

void make_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw io_error(fmt::format("{}: cannot make the directory: {}", directory.string(), error.message()));
}

void write_tables(const Comparison& comparison, const fs::path& directory) {
  std::size_t i = 0;
  for (const TextTable& table : comparison_tables(comparison)) {
    const std::string stem = fmt::format("table_{}", ++i);
    write_file(directory / (stem + ".csv"), render(table, TableFormat::kCsv));
    write_file(directory / (stem + ".md"), render(table, TableFormat::kMarkdown));
    write_file(directory / (stem + ".tex"), render(table, TableFormat::kLatex));
  }
  write_file(directory / "comparison.csv", render(long_table(comparison), TableFormat::kCsv));
}

int compare_within(const CompareOptions& options, TableFormat format) {
  if (!options.prices.empty()) throw usage_error("--price: the objective has no place beside --matched: leave one out");
  const MatchedOptions wanted = parse_matched(options.matched);
  if (!options.figure.empty()) check_gnuplot();
  const Matched matched = compare_matched(load_runs(options.inputs), wanted, options.statistics);
  for (const std::string& note : matched.notes) fmt::print(stderr, "sluice: note: {}\n", note);
  fmt::print("{}", render(format == TableFormat::kCsv ? matched_long_table(matched) : matched_table(matched), format));
  if (!options.figure.empty()) {
    make_directory(options.figure);
    render_figure(front_figure(matched), options.figure);
  }
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace

int compare_command(const CompareOptions& options) {
  const TableFormat format = parse_table_format(options.format);
  if (!options.matched.empty()) return compare_within(options, format);
  if (!options.figure.empty()) throw usage_error("--figure DIR: goes with --matched; `sluice report` draws everything else");
  Runs runs = load_runs(options.inputs);
  add_objective(runs, parse_prices(options.prices));
  fmt::print("{}", render_comparison(compare(runs, options.statistics), format));
  return static_cast<int>(ExitCode::kDone);
}

int report_command(const ReportOptions& options) {
  if (options.out.empty()) throw usage_error("--out DIR: where the report goes is missing");
  const fs::path directory = options.out, page = directory / "report.html";
  std::error_code error;
  if (fs::exists(page, error) && !options.force)
    throw data_error(page.string() + ": the report exists; name another directory, or add --force");
  Runs runs = load_runs(options.inputs);
  add_objective(runs, parse_prices(options.prices));
  const Comparison comparison = compare(runs, options.statistics);
  check_gnuplot();
  make_directory(directory);

  ReportContents contents{.title = options.title.empty() ? "sluice report" : options.title,
                          .command = options.command,
                          .runs = runs,
                          .comparison = comparison,
                          .figures = {}};
  for (Figure& figure : report_figures(runs, comparison)) {
    std::string svg = render_figure(figure, directory.string());
    contents.figures.push_back({std::move(figure), std::move(svg)});
  }
  write_tables(comparison, directory);
  write_file(page, report_html(contents));
  fmt::print("{}\n", page.string());
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace sluice
