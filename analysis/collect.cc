#include "analysis/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include "analysis/compare.h"
#include "analysis/load_runs.h"
#include "analysis/tables.h"

namespace sluice {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double sum(const Table& table, const std::string& column, const std::string& where) {
  const std::vector<double> values = numbers(table, column, where);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// A metric of `compare`, as it is stored: fractions, not percent.
double value_of(const MetricInfo& metric, const Run& run) {
  if (run.episodes.num_rows() == 0) return metric.name == std::string("return") ? run.exact_return : kNone;
  if (metric.name == std::string("retention_d1")) {
    const std::vector<double> retention = numbers(run.daily, "retention_d1", run.path), dau = numbers(run.daily, "dau", run.path);
    double top = 0, bottom = 0;
    for (std::size_t i = 0; i < retention.size(); ++i)
      if (!std::isnan(retention[i])) top += retention[i] * dau[i], bottom += dau[i];
    return bottom > 0 ? top / bottom : kNone;
  }
  if (metric.numerator == std::string("live_days")) {
    const double live = sum(run.daily, "live_dau", run.path), users_days = static_cast<double>(run.episodes.num_rows()) * run.eval_days;
    const double bottom = *metric.denominator == '\0' ? users_days : sum(run.daily, "dau", run.path);
    return bottom > 0 ? live / bottom : kNone;
  }
  if (run.episodes.find(metric.numerator) == nullptr) return kNone;
  const double users_days = static_cast<double>(run.episodes.num_rows()) * run.eval_days;
  const double bottom = *metric.denominator == '\0' ? users_days : sum(run.episodes, metric.denominator, run.path);
  return bottom > 0 ? sum(run.episodes, metric.numerator, run.path) / bottom : kNone;
}

class Collected {
 public:
  void add(std::vector<Run> runs) { runs_ = std::move(runs); }
  const std::vector<Run>& runs() const { return runs_; }

  void texts(const std::string& name, const std::string& about, const std::function<std::string(const Run&, std::size_t)>& value) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < runs_.size(); ++i) values.push_back(value(runs_[i], i));
    table.columns.push_back({name, "1", about, std::move(values)});
  }
  void integers(const std::string& name, const std::string& about, const std::function<std::int64_t(const Run&)>& value) {
    std::vector<std::int64_t> values;
    for (const Run& run : runs_) values.push_back(value(run));
    table.columns.push_back({name, "1", about, std::move(values)});
  }
  void reals(const std::string& name, const std::string& unit, const std::string& about, const std::function<double(const Run&)>& value) {
    std::vector<double> values;
    for (const Run& run : runs_) values.push_back(value(run));
    table.columns.push_back({name, unit, about, std::move(values)});
  }
  Table table;

 private:
  std::vector<Run> runs_;
};

void add_constraints(Collected& all) {
  std::vector<std::string> names;
  for (const Run& run : all.runs())
    if (run.constraints.find("name") != nullptr)
      for (const std::string& name : texts(run.constraints, "name", run.path))
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  for (const std::string& name : names)
    for (const char* what : {"value", "limit", "violation", "multiplier"})
      all.reals(name + "_" + what, "of the cost", fmt::format("{} of the constraint on {}", what, name), [&, name, what](const Run& run) {
        if (run.constraints.find("name") == nullptr) return kNone;
        const std::vector<std::string> has = texts(run.constraints, "name", run.path);
        const auto last = std::find(has.rbegin(), has.rend(), name);  // a tabular run has a row per evaluation
        return last == has.rend() ? kNone : numbers(run.constraints, what, run.path)[static_cast<std::size_t>(has.rend() - last) - 1];
      });
}

std::string attribute_text(const Run& run, const std::string& name) {
  const auto found = run.attributes.find(name);
  const auto* text = found == run.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
  return text == nullptr ? "" : *text;
}

double attribute_number(const Run& run, const std::string& name) {
  const auto found = run.attributes.find(name);
  if (found == run.attributes.end()) return kNone;
  if (const auto* real = std::get_if<double>(&found->second)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&found->second)) return static_cast<double>(*whole);
  return kNone;
}

std::string csv(const Table& table) {
  TextTable texts;
  for (const Column& column : table.columns) texts.headers.push_back(column.name);
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    texts.rows.emplace_back();
    for (const Column& column : table.columns)
      texts.rows.back().push_back(std::visit(
          [&](const auto& values) -> std::string {
            if constexpr (std::is_same_v<std::decay_t<decltype(values[0])>, std::string>) {
              return values[row];
            } else if constexpr (std::is_floating_point_v<std::decay_t<decltype(values[0])>>) {
              return std::isnan(values[row]) ? "" : fmt::format("{:.10g}", values[row]);
            } else {
              return fmt::format("{}", values[row]);
            }
          },
          column.data));
  }
  return render(texts, TableFormat::kCsv);
}

}  // namespace

Table collect(const CollectOptions& options) {
  Collected all;
  std::vector<Run> runs;
  for (const FinishedRun& run : options.runs) runs.push_back(load_run(options.folder + "/" + run.file));
  all.add(std::move(runs));
  all.texts("run", "name in the sweep", [&](const Run&, std::size_t i) { return options.runs[i].name; });
  all.texts("label", "arm of the comparison", [](const Run& run, std::size_t) { return run.label; });
  all.texts("agent", "kind of the agent", [](const Run& run, std::size_t) { return run.kind; });
  all.texts("environment", "kind of the environment", [](const Run& run, std::size_t) { return run.environment; });
  all.integers("seed", "of training", [](const Run& run) { return run.seed; });
  all.integers("evaluate_seed", "of the evaluation's world", [](const Run& run) { return run.evaluate_seed; });
  std::vector<std::string> paths;
  for (const FinishedRun& run : options.runs)
    for (const auto& [path, value] : run.settings)
      if (path != "seed" && path != "evaluate.seed" && std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  for (const std::string& path : paths)
    all.texts(all.table.find(path) == nullptr ? path : path + "_setting", "setting of the sweep", [&](const Run&, std::size_t i) {
      for (const auto& [name, value] : options.runs[i].settings)
        if (name == path) return value;
      return std::string();
    });
  const bool tabular = std::any_of(all.runs().begin(), all.runs().end(), [](const Run& run) { return !std::isnan(run.exact_return); });
  const bool feed = std::any_of(all.runs().begin(), all.runs().end(), [](const Run& run) { return run.episodes.num_rows() > 0; });
  if (feed)
    for (const MetricInfo& metric : feed_metrics())
      all.reals(metric.name, metric.scale == 1 ? metric.unit : "fraction", metric.title, [&](const Run& run) { return value_of(metric, run); });
  if (tabular) {
    all.reals("exact_return", "discounted", "return of the last policy, exactly", [](const Run& run) { return run.exact_return; });
    all.reals("optimum_return", "discounted", "best feasible return", [](const Run& run) { return run.optimum_return; });
    for (const char* name : kScores)
      all.reals(std::string("score_") + name, "fraction", std::string("/score/") + name, [name](const Run& run) { return run.scores.at(name); });
  }
  add_constraints(all);
  for (const char* name : {"decisions", "updates"})
    all.reals(name, "1", std::string(name) + " of training", [name](const Run& run) { return attribute_number(run, name); });
  all.reals("wall_s", "s", "time that the run took", [](const Run& run) { return attribute_number(run, "wall_s"); });
  for (const char* name : {"host", "git_revision", "config_hash"})
    all.texts(name, name, [name](const Run& run, std::size_t) { return attribute_text(run, name); });
  all.texts("file", "in this folder", [&](const Run&, std::size_t i) { return options.runs[i].file; });
  return std::move(all.table);
}

int collect_command(const CollectOptions& options) {
  const Table table = collect(options);
  const std::string path = options.folder + "/index";
  hdf5::File file = hdf5::File::create(path + ".h5");
  file.set_attribute("/", "schema_version", kSchemaVersion);
  file.set_attribute("/", "kind", std::string("sweep_index"));
  for (const Column& column : table.columns) {
    // A dataset's name is a path in HDF5, but for "/" anything goes.
    const std::string name = "/index/" + column.name;
    std::visit(
        [&](const auto& values) {
          using T = std::decay_t<decltype(values[0])>;
          file.write<T>(name, {static_cast<std::int64_t>(values.size())}, values);
        },
        column.data);
    file.set_attribute(name, "unit", column.unit);
    file.set_attribute(name, "description", column.description);
  }
  for (const FinishedRun& run : options.runs) file.link_external("/runs/" + run.name, run.file, "/");
  DurableFile(path + ".h5", Overwrite::kForce).commit(file.image());
  const std::string text = csv(table);
  DurableFile(path + ".csv", Overwrite::kForce).commit(std::as_bytes(std::span(text)));
  const std::vector<std::string>& revisions = table.get<std::string>("git_revision");
  if (const std::set<std::string> different(revisions.begin(), revisions.end()); different.size() > 1)
    fmt::print(stderr, "sluice: note: these runs were made by {} revisions of the program (column git_revision)\n", different.size());
  fmt::print("{}.csv\n{}.h5\n", path, path);
  return 0;
}

}  // namespace sluice
