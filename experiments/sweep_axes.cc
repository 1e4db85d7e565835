#include "experiments/sweep_axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "experiments/experiment_config.h"
#include "sim/config_reader.h"
#include "sim/config_writer.h"
#include "sim/rng.h"

namespace sluice {
namespace {

constexpr std::size_t kMaxAxes = 200;  // of one value each they would make one run, after a long walk

// {a.b: VALUE} as a document.
ConfigNode nested(const std::string& path, const ConfigNode& value) {
  if (std::count(path.begin(), path.end(), '.') > 64)
    throw config_error(value, path.substr(0, 64) + "…", "a path of more than 64 parts");
  const auto dot = path.rfind('.');
  ConfigNode map = {.kind = ConfigNode::Kind::kMap, .file = value.file, .line = value.line};
  map.keys.push_back(dot == std::string::npos ? path : path.substr(dot + 1));
  map.children.push_back(value);
  return dot == std::string::npos ? map : nested(path.substr(0, dot), map);
}

// A value in one line, e.g. [1, 2].
std::string text_of(const ConfigNode& value) {
  if (value.kind == ConfigNode::Kind::kScalar) return value.text;
  std::string text;
  for (std::size_t i = 0; i < value.children.size(); ++i)
    text += (i > 0 ? ", " : "") + (value.kind == ConfigNode::Kind::kMap ? value.keys[i] + ": " : "") + text_of(value.children[i]);
  return value.kind == ConfigNode::Kind::kMap ? "{" + text + "}" : value.kind == ConfigNode::Kind::kSequence ? "[" + text + "]" : "none";
}

std::string short_name(const std::string& path, const ConfigNode& value) {
  const std::string key = path.substr(path.rfind('.') + 1);  // npos + 1 is 0
  std::string name;
  for (const char c : (key == "seed" ? key : key + "-") + text_of(value)) {
    if (c == ' ' || c == '[' || c == ']' || c == '{' || c == '}') continue;
    name += c == '/' || c == ',' || c == ':' ? '_' : c;
  }
  return name;
}

const std::vector<ConfigNode>& list_of(const ConfigNode& node, const std::string& path) {
  if (node.kind != ConfigNode::Kind::kSequence || node.children.empty())
    throw config_error(node, path, "expected a list with at least one value, e.g. [1, 2]");
  return node.children;
}

SweepChoice choice(const std::string& path, const ConfigNode& value, bool is_arm) {
  return {.layers = {nested(path, value)}, .name = short_name(path, value), .is_arm = is_arm, .settings = {{path, text_of(value)}}};
}

// What a value means, as a text: equal for 1, 1.0 and 1e0.
std::string meaning_of(const ConfigNode& node) {
  char* end = nullptr;
  const double number = std::strtod(node.text.c_str(), &end);
  std::string text = node.text.empty() || *end != 0 ? "t" + node.text : fmt::format("n{}", number == 0 ? 0 : number);
  std::string meaning = fmt::format("{}:{}:{}", static_cast<int>(node.kind), text.size(), text);
  for (const std::string& key : node.keys) meaning += fmt::format(",{}:{}", key.size(), key);
  for (const ConfigNode& child : node.children) meaning += "(" + meaning_of(child) + ")";
  return meaning;
}

// A value that is there twice would be the same run twice.
void refuse_twins(const std::vector<ConfigNode>& values, const std::string& where) {
  std::map<std::string, const ConfigNode*> seen;
  for (const ConfigNode& value : values) {
    const auto [earlier, is_new] = seen.try_emplace(meaning_of(value), &value);
    if (is_new) continue;
    const std::string before = text_of(*earlier->second);
    throw config_error(value, where, text_of(value) + " is there twice" + (text_of(value) == before ? "" : ", as " + before));
  }
}

SweepAxis read_cases(const ConfigNode& cases) {
  SweepAxis axis;
  for (const ConfigNode& one : list_of(cases, "cases")) {
    require_map(one, "cases");
    axis.choices.push_back({.layers = with_includes(one)});  // the label names it
  }
  return axis;
}

// PATH: [values], or PATH: {values: [values], when: {PATH: VALUE}}.
SweepAxis read_axis(const std::string& path, const ConfigNode& node) {
  SweepAxis axis;
  const std::string where = "axes." + path;
  const ConfigNode* values = &node;
  if (node.kind == ConfigNode::Kind::kMap) {
    for (std::size_t i = 0; i < node.keys.size(); ++i)
      if (node.keys[i] != "values" && node.keys[i] != "when") unknown_key(node, i, where, {"values", "when"});
    values = node.find("values");
    if (values == nullptr) throw config_error(node, where, "expected a list, or {values: [...], when: {PATH: VALUE}}");
    if (const ConfigNode* when = node.find("when")) {
      require_map(*when, where + ".when");
      for (std::size_t i = 0; i < when->keys.size(); ++i) {
        read_text(when->children[i], where + ".when." + when->keys[i]);
        axis.when.emplace_back(when->keys[i], when->children[i]);
      }
    }
  }
  refuse_twins(list_of(*values, where), where);
  for (const ConfigNode& value : values->children) axis.choices.push_back(choice(path, value, true));
  return axis;
}

struct Interval {
  double lo = 0, hi = 0;
};
Interval read_interval(const ConfigNode& node, const std::string& path) {
  const auto& ends = list_of(node, path);
  if (ends.size() != 2) throw config_error(node, path, "expected two numbers, [from, to]");
  const Interval interval{read_number(ends[0], path, {}, false), read_number(ends[1], path, {}, false)};
  if (!(interval.lo < interval.hi)) throw config_error(node, path, fmt::format("{} is not below {}", interval.lo, interval.hi));
  return interval;
}

// The value at u in [0, 1) of {uniform: [a, b]}, {log_uniform: [a, b]}, {integer: [a, b]} or {choice: [...]}.
ConfigNode value_at(double u, const ConfigNode& distribution, const std::string& path) {
  static const std::vector<std::string> kKinds = {"uniform", "log_uniform", "integer", "choice"};
  require_map(distribution, path);
  if (distribution.keys.size() != 1)
    throw config_error(distribution, path, "expected one of {uniform: [a, b]}, {log_uniform: [a, b]}, {integer: [a, b]}, {choice: [...]}");
  const std::string& kind = distribution.keys[0];
  const ConfigNode& range = distribution.children[0];
  const std::string where = path + "." + kind;
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) unknown_key(distribution, 0, path, kKinds);
  if (kind == "choice") {
    const auto& values = list_of(range, where);
    return values[static_cast<std::size_t>(u * static_cast<double>(values.size()))];
  }
  const Interval in = read_interval(range, where);
  ConfigNode value = {.kind = ConfigNode::Kind::kScalar, .file = range.file, .line = range.line};
  if (kind == "uniform") value.text = fmt::format("{:.6g}", in.lo + u * (in.hi - in.lo));
  if (kind == "integer" && (in.lo != std::floor(in.lo) || in.hi != std::floor(in.hi)))
    throw config_error(range, where, "expected two whole numbers, [from, to]");
  if (kind == "integer") value.text = fmt::format("{:.0f}", std::floor(in.lo + u * (in.hi - in.lo + 1)));
  if (kind == "log_uniform") {
    if (in.lo <= 0) throw config_error(range, where, "a logarithm needs numbers above 0");
    value.text = fmt::format("{:.6g}", in.lo * std::pow(in.hi / in.lo, u));
  }
  return value;
}

// A draw depends on the seed, the axis' name and the sample's number only: more samples, or another axis, keep the
// others as they are.
SweepAxis read_samples(const ConfigNode& node, std::size_t max_runs) {
  static const std::vector<std::string> kKeys = {"count", "seed", "axes"};
  require_map(node, "samples");
  for (std::size_t i = 0; i < node.keys.size(); ++i)
    if (std::find(kKeys.begin(), kKeys.end(), node.keys[i]) == kKeys.end()) unknown_key(node, i, "samples", kKeys);
  for (const std::string& key : kKeys)
    if (node.find(key) == nullptr) throw config_error(node, "samples." + key, "missing; e.g. samples: {count: 20, seed: 7, axes: {agent.learning_rate: {log_uniform: [1.0e-5, 1.0e-3]}}}");
  const auto count = static_cast<int>(read_number(*node.find("count"), "samples.count", {1, 1e6}, true));
  if (static_cast<std::size_t>(count) > max_runs) throw too_many_runs(node.where() + ": samples.count", max_runs);
  const Seed seed{read_unsigned(*node.find("seed"), "samples.seed")};
  const ConfigNode& axes = *node.find("axes");
  require_map(axes, "samples.axes");
  if (axes.keys.empty()) throw config_error(axes, "samples.axes", "there is none: all samples would be the same run");
  if (static_cast<std::size_t>(count) * axes.keys.size() > 1000000)
    throw config_error(axes, "samples",
                       fmt::format("{} samples of {} axes are more than 1 000 000 values", count, axes.keys.size()));
  SweepAxis axis;
  for (int sample = 0; sample < count; ++sample) {
    SweepChoice drawn{.name = fmt::format("sample{:0{}}", sample, std::to_string(count - 1).size()), .is_arm = true};
    for (std::size_t i = 0; i < axes.keys.size(); ++i) {
      Rng rng = seed.stream(Purpose::kSweepSample, std::stoull(config_hash(axes.keys[i]), nullptr, 16), static_cast<std::uint64_t>(sample));
      const ConfigNode value = value_at(static_cast<double>(rng() >> 11) * 0x1p-53, axes.children[i], "samples.axes." + axes.keys[i]);
      drawn.layers.push_back(nested(axes.keys[i], value));
      drawn.settings.emplace_back(axes.keys[i], text_of(value));
    }
    axis.choices.push_back(std::move(drawn));
  }
  return axis;
}

SweepAxis read_zip(const ConfigNode& map) {
  require_map(map, "zip");
  if (map.keys.empty())
    throw config_error(map, "zip", "expected paths and their values, e.g. {seed: [1, 2], evaluate.seed: [1001, 1002]}");
  SweepAxis axis;
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const auto& values = list_of(map.children[i], "zip." + map.keys[i]);
    if (i == 0) axis.choices.resize(values.size());
    if (values.size() != axis.choices.size())
      throw config_error(map.children[i], "zip." + map.keys[i],
                         fmt::format("{} values, but zip.{} has {}: these change together", values.size(), map.keys[0], axis.choices.size()));
    for (std::size_t k = 0; k < values.size(); ++k) {
      SweepChoice& together = axis.choices[k];
      together.layers.push_back(nested(map.keys[i], values[k]));
      together.settings.emplace_back(map.keys[i], text_of(values[k]));
      // Seeds repeat an arm; whatever else changes makes another one, and all of it is in the name.
      const bool is_seed = map.keys[i] == "seed" || map.keys[i] == "evaluate.seed";
      if (!is_seed) together.is_arm = true;
      if (!is_seed || i == 0) together.name += (together.name.empty() ? "" : "-") + short_name(map.keys[i], values[k]);
    }
  }
  return axis;
}

}  // namespace

bool is_same_value(const ConfigNode& a, const ConfigNode& b) { return meaning_of(a) == meaning_of(b); }

std::vector<SweepAxis> read_sweep_axes(const ConfigNode& sweep, std::size_t max_runs) {
  std::vector<SweepAxis> axes;
  if (const ConfigNode* cases = sweep.find("cases")) axes.push_back(read_cases(*cases));
  if (const ConfigNode* map = sweep.find("axes")) {
    require_map(*map, "axes");
    for (std::size_t i = 0; i < map->keys.size(); ++i) axes.push_back(read_axis(map->keys[i], map->children[i]));
  }
  if (const ConfigNode* samples = sweep.find("samples")) axes.push_back(read_samples(*samples, max_runs));
  if (const ConfigNode* map = sweep.find("zip")) axes.push_back(read_zip(*map));
  if (const ConfigNode* seeds = sweep.find("seeds")) {
    axes.emplace_back();
    refuse_twins(list_of(*seeds, "seeds"), "seeds");
    for (const ConfigNode& value : seeds->children) axes.back().choices.push_back(choice("seed", value, false));
  }
  if (axes.size() > kMaxAxes)
    throw config_error(sweep, "axes", fmt::format("{} axes; more than {} are no sweep", axes.size(), kMaxAxes));
  return axes;
}

UserError too_many_runs(const std::string& where, std::size_t max_runs) {
  return data_error(fmt::format("{}: more than {} runs: is there a list or a zero too many?", where, max_runs));
}

}  // namespace sluice
