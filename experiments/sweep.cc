#include "experiments/sweep.h"

#include <fmt/format.h>

#include <set>

#include "experiments/run.h"
#include "sim/config_reader.h"

namespace sluice {
namespace {

/// One value of one axis: what it lays over the document, and how the run's name says so.
struct Choice {
  std::vector<ConfigNode> layers;
  std::string name;
  bool is_arm = false;  // a value of `axes`: another arm of the comparison, so part of the label
};

// {a.b: VALUE} as a document.
ConfigNode nested(const std::string& path, const ConfigNode& value) {
  const auto dot = path.rfind('.');
  ConfigNode map = {.kind = ConfigNode::Kind::kMap, .file = value.file, .line = value.line};
  map.keys.push_back(dot == std::string::npos ? path : path.substr(dot + 1));
  map.children.push_back(value);
  return dot == std::string::npos ? map : nested(path.substr(0, dot), map);
}

std::string short_name(const std::string& path, const ConfigNode& value) {
  const auto dot = path.rfind('.');
  const std::string key = dot == std::string::npos ? path : path.substr(dot + 1);
  std::string text = value.kind == ConfigNode::Kind::kScalar ? value.text : "list";
  for (char& c : text)
    if (c == '/' || c == ' ') c = '_';
  return key == "seed" ? "seed" + text : key + "-" + text;
}

const std::vector<ConfigNode>& list_of(const ConfigNode& node, const std::string& path) {
  if (node.kind != ConfigNode::Kind::kSequence || node.children.empty())
    throw config_error(node, path, "expected a list with at least one value, e.g. [1, 2]");
  return node.children;
}

std::vector<std::vector<Choice>> read_axes(const ConfigNode& sweep) {
  std::vector<std::vector<Choice>> axes;
  if (const ConfigNode* cases = sweep.find("cases")) {
    axes.emplace_back();
    for (const ConfigNode& one : list_of(*cases, "cases")) {
      require_map(one, "cases");
      axes.back().push_back({with_includes(one), ""});  // the label names it
    }
  }
  if (const ConfigNode* map = sweep.find("axes")) {
    require_map(*map, "axes");
    for (std::size_t i = 0; i < map->keys.size(); ++i) {
      axes.emplace_back();
      for (const ConfigNode& value : list_of(map->children[i], "axes." + map->keys[i]))
        axes.back().push_back({{nested(map->keys[i], value)}, short_name(map->keys[i], value), true});
    }
  }
  if (const ConfigNode* map = sweep.find("zip")) {
    require_map(*map, "zip");
    std::vector<Choice> together;
    for (std::size_t i = 0; i < map->keys.size(); ++i) {
      const auto& values = list_of(map->children[i], "zip." + map->keys[i]);
      if (i == 0) together.resize(values.size());
      if (values.size() != together.size())
        throw config_error(map->children[i], "zip." + map->keys[i],
                           fmt::format("{} values, but zip.{} has {}: these change together", values.size(),
                                       map->keys[0], together.size()));
      for (std::size_t k = 0; k < values.size(); ++k) {
        together[k].layers.push_back(nested(map->keys[i], values[k]));
        if (i == 0) together[k].name = short_name(map->keys[i], values[k]);
      }
    }
    axes.push_back(together);
  }
  if (const ConfigNode* seeds = sweep.find("seeds")) {
    axes.emplace_back();
    for (const ConfigNode& value : list_of(*seeds, "seeds"))
      axes.back().push_back({{nested("seed", value)}, short_name("seed", value)});
  }
  return axes;
}

}  // namespace

std::vector<PlannedRun> plan_sweep(const std::string& path, const std::vector<std::string>& sets) {
  const ConfigNode sweep = load_config_file(path);
  require_map(sweep, "");
  const std::vector<std::string> known = {"base", "cases", "axes", "zip", "seeds"};
  for (std::size_t i = 0; i < sweep.keys.size(); ++i)
    if (std::find(known.begin(), known.end(), sweep.keys[i]) == known.end()) unknown_key(sweep, i, "", known);
  std::vector<ConfigNode> base;
  if (const ConfigNode* document = sweep.find("base")) {
    require_map(*document, "base");
    base = with_includes(*document);
  }
  const auto axes = read_axes(sweep);
  std::vector<ConfigNode> settings;
  for (const std::string& setting : sets) settings.push_back(parse_setting(setting));

  std::vector<PlannedRun> runs;
  std::set<std::string> names;
  std::vector<std::size_t> index(axes.size(), 0);
  for (;;) {  // an odometer over the axes, the last one fastest
    std::vector<ConfigNode> layers = base;
    std::string suffix, arm;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const Choice& choice = axes[i][index[i]];
      layers.insert(layers.end(), choice.layers.begin(), choice.layers.end());
      if (!choice.name.empty()) (choice.is_arm ? arm : suffix) += "-" + choice.name;
    }
    layers.insert(layers.end(), settings.begin(), settings.end());
    PlannedRun run;
    run.config = read_experiment(layers, std::nullopt);
    run.config.label = agent_label(run.config) + arm;
    run.name = run.config.label + suffix;
    if (!names.insert(run.name).second)
      throw data_error(path + ": two runs would both be called " + run.name + "; give their cases different labels");
    runs.push_back(std::move(run));
    std::size_t axis = axes.size();
    while (axis > 0 && ++index[axis - 1] == axes[axis - 1].size()) index[--axis] = 0;
    if (axis == 0) return runs;
  }
}

}  // namespace sluice
