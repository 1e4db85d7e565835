#include "analysis/report.h"

#include <fmt/format.h>

#include <set>

#include "analysis/comparison_table.h"
#include "analysis/tables.h"

namespace sluice {
namespace {

constexpr const char* kStyle = R"(
body { font: 15px/1.5 Arial, Helvetica, sans-serif; color: #222; max-width: 1080px; margin: 2em auto; padding: 0 1.2em; }
h1 { font-size: 1.6em; margin-bottom: 0.2em; } h2 { font-size: 1.2em; margin-top: 2em; border-bottom: 1px solid #ccc; }
h3 { font-size: 1em; margin: 1.6em 0 0.3em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin-top: 0.4em; }
th, td { padding: 3px 9px; text-align: right; white-space: nowrap; } th { border-bottom: 1.5px solid #444; vertical-align: bottom; }
.left { text-align: left; } tbody tr:nth-child(even) { background: #f6f6f6; } table { border-bottom: 1.5px solid #444; border-top: 1.5px solid #444; }
.caption { font-size: 13px; color: #444; max-width: 62em; margin: 0.4em 0 0; }
figure { margin: 1.4em 0 2.2em; } figure svg { width: 100%; height: auto; display: block; }
pre { background: #f6f6f6; padding: 0.7em 1em; overflow-x: auto; font-size: 12.5px; line-height: 1.35; }
summary { cursor: pointer; } li { margin: 0.15em 0; }
@media print { body { max-width: none; font-size: 11px; margin: 0; } figure, table { break-inside: avoid; } details { display: none; }
  .wide { overflow: visible; } .caption { font-size: 9.5px; } table { font-size: 9px; } th, td { padding: 2px 5px; white-space: normal; } }
)";

std::string file_links(const std::string& name, const std::vector<const char*>& extensions) {
  std::string text;
  for (const char* extension : extensions)
    text += fmt::format("{}<a href=\"{}.{}\">{}.{}</a>", text.empty() ? "" : ", ", name, extension,
                        name, extension);
  return text;
}

std::string show(const Attribute& value) {
  return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

std::string tables_html(const Comparison& comparison) {
  std::string html = "<h2>Tables</h2>\n";
  std::size_t i = 0;
  for (const TextTable& table : comparison_tables(comparison))
    html += fmt::format("<h3>{}</h3>\n<div class=\"wide\">{}</div>\n<p class=\"caption\">{}</p>\n",
                        escape_html(table.title), render_html(table),
                        file_links(fmt::format("table_{}", ++i), {"csv", "md", "tex"}));
  html += fmt::format("<p class=\"caption\">All numbers, unrounded: {}</p>\n",
                      file_links("comparison", {"csv"}));
  html += "<ul>\n";
  for (const std::string& line : closing_lines(comparison))
    html += "<li>" + escape_html(line) + "</li>\n";
  return html + "</ul>\n";
}

std::string figures_html(const std::vector<ReportFigure>& figures) {
  std::string html = "<h2>Figures</h2>\n";
  for (const auto& [figure, svg] : figures)
    html += fmt::format(
        "<figure>\n<h3>{}</h3>\n{}\n<figcaption class=\"caption\">{} {}</figcaption>\n</figure>\n",
        escape_html(figure.title), svg, escape_html(figure.caption),
        file_links(figure.name, {"pdf", "svg", "png", "csv", "gp"}));
  return html;
}

std::string caveats_html(const Comparison& comparison) {
  std::string html = "<h2>How to read this</h2>\n<ul>\n";
  const auto item = [&](const char* text) { html += fmt::format("<li>{}</li>\n", text); };
  if (comparison.tabular) {
    item("Values are exact for the given model; intervals show the spread of training runs only.");
  } else {
    item(
        "Users are simulated. Their parameters come from public data or from stated priors; see "
        "the "
        "configurations below for each.");
    item(
        "Agents under one evaluate seed met the same users, supply and luck, so lifts are paired. "
        "Levels "
        "of different evaluate seeds are levels of different users.");
    item(
        "A lift's interval covers users and, for learners, training seeds. With three seeds it "
        "covers "
        "about 90 % rather than 95 %. It does not cover another draw of the supply, nor the "
        "simulator "
        "being wrong.");
    item("Several agents and metrics are shown; intervals are not widened for their number.");
    item("Limits were resolved by running their reference policy on the same users.");
  }
  return html + "</ul>\n";
}

std::string provenance_html(const ReportContents& contents) {
  std::string html = "<h2>Where it comes from</h2>\n";
  html += fmt::format("<p>Made by</p><pre>{}</pre>\n", escape_html(contents.command));
  TextTable table{.title = "",
                  .headers = {"file", "agent", "seed", "evaluate\nseed", "decisions", "wall\ns",
                              "version", "git", "config"},
                  .rows = {},
                  .caption = "",
                  .num_left = 2};
  std::set<std::string> packages;
  for (const Run& run : contents.runs.runs) {
    const auto attribute = [&](const char* name) {
      const auto found = run.attributes.find(name);
      return found == run.attributes.end() ? std::string("–") : show(found->second);
    };
    const auto wall = run.attributes.find("wall_s");
    const double* seconds =
        wall == run.attributes.end() ? nullptr : std::get_if<double>(&wall->second);
    table.rows.push_back({run.path, run.label, std::to_string(run.seed),
                          std::to_string(run.evaluate_seed), fmt::format("{:.0f}", run.decisions),
                          seconds == nullptr ? "–" : fmt::format("{:.1f}", *seconds),
                          attribute("sluice_version"), attribute("git_revision").substr(0, 10),
                          attribute("config_hash").substr(0, 10)});
    packages.insert(attribute("packages"));
  }
  html += "<div class=\"wide\">" + render_html(table) + "</div>\n";
  for (const std::string& text : packages)
    html += fmt::format("<p class=\"caption\">Packages: {}</p>\n", escape_html(text));
  html += "<h3>Configurations, resolved</h3>\n";
  for (const Run& run : contents.runs.runs)
    html += fmt::format("<details><summary>{}, seed {}: {}</summary><pre>{}</pre></details>\n",
                        escape_html(run.label), run.seed, escape_html(run.path),
                        escape_html(run.config));
  return html;
}

}  // namespace

std::string report_html(const ReportContents& contents) {
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html += "<meta name=\"viewport\" content=\"width=device-width\">\n";
  html += fmt::format("<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
                      escape_html(contents.title), kStyle);
  const Comparison& comparison = contents.comparison;
  html +=
      fmt::format("<p>{} agents, {} runs; lifts against <b>{}</b>.</p>\n", comparison.agents.size(),
                  contents.runs.runs.size(), escape_html(comparison.reference));
  html += tables_html(comparison) + figures_html(contents.figures) + caveats_html(comparison) +
          provenance_html(contents);
  return html + "</body>\n</html>\n";
}

}  // namespace sluice
