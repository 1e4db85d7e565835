#include "analysis/load_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>
#include <sstream>
#include <tuple>

namespace sluice {
namespace {

namespace fs = std::filesystem;

Table table_if_there(const ResultReader& file, const std::string& group) {
  return file.has(group) ? file.read_table(group) : Table{};
}

double scalar_if_there(const ResultReader& file, const std::string& name) {
  if (!file.has(name)) return std::numeric_limits<double>::quiet_NaN();
  const NamedArray array = file.read_array(name);
  return array.values.size() == 1 ? array.values[0] : std::numeric_limits<double>::quiet_NaN();
}

/// `index.h5` is what `sweep collect` makes: links to files that are found anyway.
/// Files named outright (true) and files found in directories (false), without repetition.
std::vector<std::pair<std::string, bool>> list_files(const std::vector<std::string>& inputs) {
  std::vector<std::pair<std::string, bool>> files;
  std::set<std::string> seen;
  for (const std::string& input : inputs) {
    std::error_code error;
    if (!fs::is_directory(input, error)) {
      if (seen.insert(fs::weakly_canonical(input, error).string()).second)
        files.emplace_back(input, true);
      continue;
    }
    std::vector<std::string> found;
    for (fs::recursive_directory_iterator it(input, error), end; it != end; it.increment(error))
      if (!error && it->is_regular_file() && it->path().extension() == ".h5" && it->path().filename() != "index.h5")
        found.push_back(it->path().string());
    std::sort(found.begin(), found.end());
    for (const std::string& path : found)
      if (seen.insert(fs::weakly_canonical(path, error).string()).second)
        files.emplace_back(path, false);
  }
  return files;
}

/// The `environment:` block of a resolved config, without what concerns training only (its days and the size of its
/// population: `evaluate` has its own) and the limits, which are no part of the world.
std::string environment_block(const std::string& config) {
  std::istringstream lines(config);
  std::string line, block, section;
  bool inside = false;
  while (std::getline(lines, line)) {
    if (!line.empty() && line[0] != ' ') inside = line.starts_with("environment:");
    if (!inside) continue;
    if (line.size() > 2 && line[2] != ' ') section = line.substr(0, line.find(':'));
    const bool of_training = line.starts_with("  days:") || (section == "  users" && line.starts_with("    count:"));
    if (!of_training && section != "  limits") block += line + "\n";
  }
  return block;
}

/// Runs under one evaluate seed are compared user by user: say so if they did not meet one world.
void doubt_different_worlds(Runs& runs) {
  std::map<std::int64_t, const Run*> first;
  std::set<std::int64_t> told;
  for (const Run& run : runs.runs) {
    const auto [found, is_new] = first.emplace(run.evaluate_seed, &run);
    if (is_new || told.count(run.evaluate_seed) > 0) continue;
    if (environment_block(found->second->config) == environment_block(run.config)) continue;
    told.insert(run.evaluate_seed);
    runs.notes.push_back(fmt::format(
        "under evaluate seed {} the environments of {} and {} are configured differently: "
        "their difference is not the agents' alone",
        run.evaluate_seed, found->second->path, run.path));
  }
}

}  // namespace

Run load_run(const std::string& path) {
  const ResultReader file(path);
  if (!file.has("/episodes") && !file.has("/exact/return"))
    throw data_error(path + ": neither /episodes nor /exact in it: not the result of `sluice run`");
  Run run;
  run.path = path;
  run.kind = file.text("agent").value_or("agent");
  run.label = file.text("agent_label").value_or(run.kind);
  run.environment = file.text("environment").value_or("feed");
  run.seed = file.integer("seed").value_or(0);
  const auto evaluate_seed = file.integer("evaluate_seed");
  if (!evaluate_seed) throw data_error(path + ": no root attribute evaluate_seed");
  run.evaluate_seed = *evaluate_seed;
  run.decisions = file.number("decisions").value_or(0);
  run.attributes = file.attributes();
  if (file.has("/config")) run.config = file.config();
  run.daily = table_if_there(file, "/daily");
  run.daily_group = table_if_there(file, "/daily_group");
  run.episodes = table_if_there(file, "/episodes");
  run.constraints = table_if_there(file, "/constraints");
  run.evaluations = table_if_there(file, "/evaluations");
  run.training = table_if_there(file, "/training");
  run.diagnostics = table_if_there(file, "/diagnostics");
  run.eval_days = file.number("eval_days").value_or(static_cast<double>(run.daily.num_rows()));
  run.exact_return = scalar_if_there(file, "/exact/return");
  run.optimum_return = scalar_if_there(file, "/optimum/return");
  for (const char* name : kScores) run.scores[name] = scalar_if_there(file, std::string("/score/") + name);
  if (run.episodes.num_rows() == 0 && std::isnan(run.exact_return))
    throw data_error(path + ": /episodes is empty: nothing to compare");
  return run;
}

std::vector<std::string> Runs::labels() const {
  std::vector<std::string> labels;
  for (const Run& run : runs)
    if (std::find(labels.begin(), labels.end(), run.label) == labels.end())
      labels.push_back(run.label);
  return labels;
}

Runs load_runs(const std::vector<std::string>& inputs) {
  if (inputs.empty()) throw usage_error("name result files (.h5) or directories that hold them");
  Runs result;
  for (const auto& [path, named] : list_files(inputs)) {
    try {
      result.runs.push_back(load_run(path));
    } catch (const UserError& error) {
      if (named) throw;
      result.notes.push_back(std::string("left out: ") + error.what());
    }
  }
  if (result.runs.empty()) {
    std::string message = fmt::format("{}: no result files (.h5) of finished runs", inputs[0]);
    for (const std::string& note : result.notes) message += "\n  " + note;
    throw data_error(message);
  }
  const std::vector<std::string> labels = result.labels();
  const auto key = [&](const Run& run) {
    return std::tuple(std::find(labels.begin(), labels.end(), run.label) - labels.begin(),
                      run.evaluate_seed, run.seed);
  };
  std::stable_sort(result.runs.begin(), result.runs.end(),
                   [&](const Run& a, const Run& b) { return key(a) < key(b); });
  for (std::size_t i = 1; i < result.runs.size(); ++i) {
    const Run &a = result.runs[i - 1], &b = result.runs[i];
    if (key(a) == key(b))
      throw data_error(
          fmt::format("{} and {}: both are agent {} with seed {} and evaluate seed {}; give one of "
                      "them, or set "
                      "`agent_label` in their configs",
                      a.path, b.path, a.label, a.seed, a.evaluate_seed));
    if (a.environment != b.environment)
      throw data_error(fmt::format("{} is a {} run and {} a {} run: compare them separately",
                                   a.path, a.environment, b.path, b.environment));
  }
  doubt_different_worlds(result);
  return result;
}

}  // namespace sluice
