#include "experiments/sweep.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <set>

#include "experiments/interrupt.h"
#include "experiments/run.h"
#include "experiments/run_inputs.h"
#include "experiments/sweep_axes.h"
#include "sim/config_reader.h"
#include "sim/config_writer.h"

namespace sluice {
namespace {

using Layers = std::vector<ConfigNode>;

void append(const Layers& more, Layers& layers) { layers.insert(layers.end(), more.begin(), more.end()); }

void check_keys(const ConfigNode& sweep, const std::string& path, const std::vector<std::string>& known) {
  require_map(sweep, path);
  for (std::size_t i = 0; i < sweep.keys.size(); ++i)
    if (std::find(known.begin(), known.end(), sweep.keys[i]) == known.end()) unknown_key(sweep, i, path, known);
}

/// The sweep without its scales, `scale` laid over it.
ConfigNode at_scale(const ConfigNode& sweep, const std::string& scale, Layers& base) {
  std::vector<std::string> keys = {"base", "cases", "axes", "samples", "zip", "seeds"};
  const ConfigNode* scales = sweep.find("scales");
  keys.emplace_back("scales");
  check_keys(sweep, "", keys);
  keys.pop_back();
  std::vector<std::string> names;
  ConfigNode scaled = sweep;
  if (const ConfigNode* document = sweep.find("base")) {
    require_map(*document, "base");
    append(with_includes(*document), base);
  }
  if (scales == nullptr) {
    if (!scale.empty()) throw usage_error(sweep.file + ": this sweep has no `scales`; leave out --scale");
    return scaled;
  }
  Layers documents;
  require_map(*scales, "scales");
  for (const ConfigNode& document : with_includes(*scales)) documents.push_back(document);
  bool found = false;
  for (const ConfigNode& document : documents)
    for (std::size_t i = 0; i < document.keys.size(); ++i) {
      const std::string& name = document.keys[i];
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      const ConfigNode& over = document.children[i];
      check_keys(over, "scales." + name, keys);
      if (name != scale) continue;
      found = true;
      for (std::size_t k = 0; k < over.keys.size(); ++k) {
        if (over.keys[k] == "base") {
          append(with_includes(over.children[k]), base);
          continue;
        }
        const auto at = std::find(scaled.keys.begin(), scaled.keys.end(), over.keys[k]);
        if (at == scaled.keys.end()) {
          scaled.keys.push_back(over.keys[k]);
          scaled.children.push_back(over.children[k]);
        } else {
          scaled.children[static_cast<std::size_t>(at - scaled.keys.begin())] = over.children[k];
        }
      }
    }
  if (names.empty()) throw config_error(*scales, "scales", "there is none; e.g. {smoke: {seeds: [1]}}, or leave out `scales`");
  if (!found)
    throw usage_error(fmt::format("{}: {}: give --scale {}", sweep.file, scale.empty() ? "this sweep has scales" : "no scale `" + scale + "`",
                                  fmt::join(names, " or --scale ")));
  return scaled;
}

/// The node at a path of a resolved config; null: there is no such path.
const ConfigNode* node_at(const ConfigNode& document, const std::string& path) {
  const ConfigNode* node = &document;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t dot = std::min(path.find('.', begin), path.size());
    node = node->kind == ConfigNode::Kind::kMap ? node->find(path.substr(begin, dot - begin)) : nullptr;
    if (node == nullptr) return nullptr;
    begin = dot + 1;
  }
  return node;
}

// Each field is swept once, and --set sets none that is: a run's name and settings must be true of it.
void check_paths(const std::vector<SweepAxis>& axes, const std::vector<std::string>& sets, const std::string& sweep) {
  const auto overlap = [](const std::string& a, const std::string& b) { return a == b || a.starts_with(b + ".") || b.starts_with(a + "."); };
  std::vector<std::string> paths;
  for (const SweepAxis& axis : axes)
    for (const auto& [path, value] : axis.choices.front().settings) {
      for (const std::string& other : paths)
        if (overlap(path, other)) throw data_error(sweep + ": " + path + " and " + other + " are both swept: leave out one");
      for (const std::string& set : sets)
        if (overlap(path, set.substr(0, set.find('='))))
          throw usage_error("--set " + set + ": " + sweep + " sweeps " + path + "; change it there, or give another sweep");
      paths.push_back(path);
    }
}

class Planner {
 public:
  Planner(SweepPlan& plan, std::vector<SweepAxis> axes, Layers settings, std::size_t max_runs)
      : plan_(plan), axes_(std::move(axes)), settings_(std::move(settings)), max_runs_(max_runs) {
    // An axis with a condition adds runs or does not; what all others make is known before the first run is read.
    std::size_t runs = 1;
    for (const SweepAxis& axis : axes_) {
      met_.emplace_back(axis.when.size(), false);
      applied_.push_back(axis.when.empty());
      if (axis.when.empty()) runs *= axis.choices.size();
      if (runs > max_runs_) throw too_many_runs(plan_.path, max_runs_);
    }
  }

  /// Runs that have `layers` and one choice of each axis from `axis` on; the last axis changes fastest.
  void expand(std::size_t axis, const Layers& layers, const PlannedRun& run, const std::string& arm, const std::string& suffix) {
    if (axis == axes_.size()) {
      emit(layers, run, arm, suffix);
      return;
    }
    if (!applies(axis, layers)) {
      expand(axis + 1, layers, run, arm, suffix);
      return;
    }
    for (const SweepChoice& choice : axes_[axis].choices) {
      Layers more = layers;
      append(choice.layers, more);
      PlannedRun next = run;
      next.settings.insert(next.settings.end(), choice.settings.begin(), choice.settings.end());
      const std::string name = choice.name.empty() ? "" : "-" + choice.name;
      expand(axis + 1, more, next, arm + (choice.is_arm ? name : ""), suffix + (choice.is_arm ? "" : name));
    }
  }

  /// A condition that no run meets may be a slip, or the wish of a --set.
  void note_conditions() {
    for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
      if (applied_[axis]) continue;
      const auto& when = axes_[axis].when;
      const auto unmet = static_cast<std::size_t>(std::find(met_[axis].begin(), met_[axis].end(), false) - met_[axis].begin());
      const auto& [path, wanted] = when[std::min(unmet, when.size() - 1)];
      plan_.notes.push_back(fmt::format("{}: when.{}: {}: the axis {} is left out", wanted.where(), path,
                                        unmet < when.size() ? "no run has such a field" : "no run is like this",
                                        axes_[axis].choices.front().settings.front().first));
    }
  }

 private:
  bool applies(std::size_t axis, Layers layers) {
    if (axes_[axis].when.empty()) return true;
    stop_if_interrupted();
    append(settings_, layers);
    const ConfigNode resolved = parse_config_text(to_yaml(read_experiment(layers, 0)), "the run");
    bool all = true;
    for (std::size_t i = 0; i < axes_[axis].when.size(); ++i) {
      const auto& [path, wanted] = axes_[axis].when[i];
      const ConfigNode* node = node_at(resolved, path);
      // A field of another kind is not there; a field of no kind is a slip.
      if (node == nullptr && path.find('.') == std::string::npos) throw config_error(wanted, "when." + path, "runs have no such field");
      if (node != nullptr) met_[axis][i] = true;
      all = all && node != nullptr && is_same_value(*node, wanted);
    }
    if (all) applied_[axis] = true;
    return all;
  }

  void emit(Layers layers, PlannedRun run, const std::string& arm, const std::string& suffix) {
    stop_if_interrupted();  // 100 000 runs take seconds
    append(settings_, layers);
    run.config = read_experiment(layers, std::nullopt);
    run.config.label = agent_label(run.config) + arm;
    run.name = run.config.label + suffix;
    check_name(run.name);
    if (plan_.runs.size() == max_runs_) throw too_many_runs(plan_.path, max_runs_);
    run.hash = run_hash(to_yaml(run.config), inputs_.hash_of(run.config));
    if (!names_.insert(run.name).second)
      throw data_error(plan_.path + ": two runs would both be called " + run.name + "; give their cases different labels");
    plan_.runs.push_back(std::move(run));
  }

  // As the label of a single run, and short enough for what a writer adds to the name while it writes.
  void check_name(const std::string& name) const {
    constexpr std::size_t kLongest = 180;
    if (name.size() > kLongest)
      throw data_error(plan_.path +
                       ": a run's name is made of all that changes, and this one is too long for a file: " +
                       name.substr(0, kLongest) + "…; give `cases` with labels instead");
    if (name.find('/') != std::string::npos ||
        std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::iscntrl(c); }))
      throw data_error(plan_.path + ": the run's name `" + name +
                       "` becomes a file name: no / and no control characters; give `cases` with labels");
  }

  SweepPlan& plan_;
  std::vector<SweepAxis> axes_;
  Layers settings_;
  std::size_t max_runs_;
  std::vector<std::vector<bool>> met_;  // [axis][condition] some run has its field
  std::vector<bool> applied_;           // [axis] to some run
  RunInputs inputs_;
  std::set<std::string> names_;
};

}  // namespace

SweepPlan plan_sweep(const std::string& path, const std::vector<std::string>& sets, const std::string& scale,
                     std::size_t max_runs) {
  SweepPlan plan{.path = path};
  Layers base, settings;
  const ConfigNode document = load_config_file(path);
  require_map(document, "");
  const ConfigNode sweep = at_scale(document, scale, base);
  for (const std::string& setting : sets) settings.push_back(parse_setting(setting));
  const std::vector<SweepAxis> axes = read_sweep_axes(sweep, max_runs);
  check_paths(axes, sets, path);
  Planner planner(plan, axes, settings, max_runs);
  planner.expand(0, base, {}, "", "");
  planner.note_conditions();
  std::string all;
  for (const PlannedRun& run : plan.runs) all += run.file() + "\n";
  plan.hash = config_hash(all);
  return plan;
}

Shard Shard::parse(const std::string& text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto [slash, error] = std::from_chars(text.data(), end, shard.index);
  const bool starts = error == std::errc() && slash != end && *slash == '/';
  const auto [rest, error_2] =
      starts ? std::from_chars(slash + 1, end, shard.count) : std::from_chars_result{end, std::errc::invalid_argument};
  if (error_2 != std::errc() || rest != end || shard.count < 1 || shard.index < 0 || shard.index >= shard.count)
    throw usage_error("--shard " + text + ": expected I/N with I from 0 to N-1, e.g. 0/4");
  return shard;
}

std::vector<PlannedRun> runs_of(const SweepPlan& plan, const Shard& shard) {
  std::vector<PlannedRun> runs;
  for (std::size_t i = static_cast<std::size_t>(shard.index); i < plan.runs.size(); i += static_cast<std::size_t>(shard.count))
    runs.push_back(plan.runs[i]);
  return runs;
}

}  // namespace sluice
