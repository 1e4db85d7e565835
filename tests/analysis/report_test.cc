#include <doctest/doctest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "analysis/commands.h"
#include "analysis/figure.h"
#include "sim/check.h"
#include "tests/analysis/synthetic_results.h"

namespace fs = std::filesystem;
using namespace sluice;

namespace {

std::string read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("report: one HTML file that loads nothing, figures in three formats, numbers beside") {
  if (std::system("gnuplot --version > /dev/null 2>&1") != 0) {
    CHECK_THROWS_WITH_AS(check_gnuplot(), doctest::Contains("gnuplot-nox"), UserError);
    MESSAGE("skipped: no gnuplot");
    return;
  }
  // SLUICE_KEEP_REPORT=DIR keeps the report to look at.
  const char* keep = std::getenv("SLUICE_KEEP_REPORT");
  std::string directory =
      keep != nullptr ? keep : (fs::temp_directory_path() / "sluice_report_XXXXXX").string();
  if (keep == nullptr) REQUIRE(mkdtemp(directory.data()) != nullptr);
  fs::create_directories(directory + "/runs");
  testing::write_synthetic(directory + "/runs", testing::typical_agents());
  const fs::path out = directory + "/it's a report";
  ReportOptions options{.inputs = {directory + "/runs"},
                        .out = out.string(),
                        .command = "sluice report runs --out <out>"};
  CHECK(report_command(options) == 0);

  const std::string html = read_all(out / "report.html");
  for (const char* loading :
       {"src=\"http", "href=\"http", "@import", "url(http", "<script", "<link"}) {
    CAPTURE(loading);
    CHECK(html.find(loading) == std::string::npos);
  }
  CHECK(html.find("sluice report runs --out &lt;out&gt;") != std::string::npos);
  for (const char* name : {"watch_against_usage", "learning_curves", "injection_by_group", "daily",
                           "group_q", "training"}) {
    CAPTURE(name);
    for (const char* extension : {".svg", ".pdf", ".png", ".csv", ".gp"}) {
      CAPTURE(extension);
      CHECK(fs::file_size(out / (std::string(name) + extension)) > 60);
    }
    CHECK_FALSE(fs::exists(out / (std::string(name) + ".log")));
  }
  for (const char* name :
       {"table_1.csv", "table_1.md", "table_1.tex", "table_3.csv", "comparison.csv"})
    CHECK(fs::exists(out / name));
  CHECK_THROWS_AS(report_command(options), UserError);  // it exists
  options.force = true;
  CHECK(report_command(options) == 0);
  CHECK(read_all(out / "report.html") == html);
  if (keep == nullptr) fs::remove_all(directory);
}

TEST_CASE("report: a script that gnuplot rejects is an error with gnuplot's own words") {
  if (std::system("gnuplot --version > /dev/null 2>&1") != 0) return;
  std::string directory = (fs::temp_directory_path() / "sluice_figure_XXXXXX").string();
  REQUIRE(mkdtemp(directory.data()) != nullptr);
  Figure figure;
  figure.name = "bad";
  figure.script = "plot nonsense(\n";
  CHECK_THROWS_AS(render_figure(figure, directory), UserError);
  fs::remove_all(directory);
}
