#include "experiments/experiment_config.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "sim/config_reader.h"
#include "sim/config_writer.h"
#include "sim/feed_tables.h"

namespace sluice {
namespace {

constexpr int kMaxIncludes = 16;
constexpr std::size_t kMaxLayers = 1000;  // each of 16 files may name the next one many times

void append_with_includes(const ConfigNode& document, std::vector<std::string>& open,
                          std::vector<ConfigNode>& layers) {
  require_map(document, "");
  if (const ConfigNode* include = document.find("include")) {
    std::vector<ConfigNode> files = {*include};
    if (include->kind == ConfigNode::Kind::kSequence) files = include->children;
    for (const ConfigNode& file : files) {
      const std::filesystem::path given = read_text(file, "include");
      const std::string path =
          (given.is_absolute() ? given : std::filesystem::path(document.file).parent_path() / given)
              .lexically_normal().string();
      if (std::find(open.begin(), open.end(), path) != open.end())
        throw config_error(file, "include", path + " includes itself");
      if (open.size() >= kMaxIncludes) throw config_error(file, "include", "more than 16 files deep");
      if (layers.size() >= kMaxLayers) throw config_error(file, "include", "more than 1000 files in all");
      ConfigNode included;
      try {
        included = load_config_file(path);
      } catch (const UserError& e) {
        throw config_error(file, "include", e.what());
      }
      open.push_back(path);
      append_with_includes(included, open, layers);
      open.pop_back();
    }
  }
  ConfigNode rest = document;
  for (std::size_t i = 0; i < rest.keys.size(); ++i)
    if (rest.keys[i] == "include") {
      rest.keys.erase(rest.keys.begin() + static_cast<std::ptrdiff_t>(i));
      rest.children.erase(rest.children.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
  layers.push_back(std::move(rest));
}

/// Where the environment's scenario is named; null if in no layer.
const ConfigNode* named_scenario(const std::vector<ConfigNode>& layers) {
  const ConfigNode* name = nullptr;
  for (const ConfigNode& layer : layers)
    if (const ConfigNode* environment = layer.find("environment"))
      if (const ConfigNode* scenario = environment->find("scenario")) name = scenario;
  return name;
}

ConfigNode load_scenario(const ConfigNode* where, const std::string& name) {
  std::string names;
  for (const auto& [known, text] : builtin_scenarios()) {
    if (known == name) return parse_config_text(text, "scenario " + name);
    names += (names.empty() ? "" : ", ") + known;
  }
  const std::filesystem::path given = name;
  const std::filesystem::path file =
      where == nullptr || given.is_absolute() ? given : std::filesystem::path(where->file).parent_path() / given;
  std::error_code error;  // a name that no file can have is not there
  for (const std::filesystem::path& path : {file, given})
    if (std::filesystem::exists(path, error)) return load_config_file(path.string());
  throw config_error(where == nullptr ? ConfigNode{} : *where, "environment.scenario",
                     "no scenario or file `" + name + "`; built in: " + names);
}

// A resolved config holds every key of its scenario.  Of a file only the name is kept, so that it runs again where the
// file is not.
constexpr const char* kInlineScenario = "inline ";
std::string resolved_name(const std::string& scenario) {
  const auto& known = builtin_scenarios();
  const bool built_in = std::any_of(known.begin(), known.end(), [&](const auto& one) { return one.first == scenario; });
  if (built_in || scenario.starts_with(kInlineScenario)) return scenario;
  return kInlineScenario + std::filesystem::path(scenario).filename().string();
}

void check_feed(const FeedConfig& feed) {
  const auto fail = [](const std::string& path, const std::string& message) {
    throw data_error("environment." + path + ": " + message);
  };
  if (std::fmod(kDay, feed.window_s) != 0)
    fail("window_s", fmt::format("{} does not divide a day; try 60", feed.window_s));
  for (const auto& [name, limit] : feed.limits) {
    const auto& costs = feed_cost_names();
    if (std::find(costs.begin(), costs.end(), name) == costs.end()) {
      const std::string near = nearest(name, costs);
      fail("limits." + name, "the feed has no such cost" + (near.empty() ? "" : "; did you mean `" + near + "`?") +
                                 "; it has cost_usage, cost_time, cost_retention, cost_skip");
    }
    if (limit.reference != "never" && limit.reference != "none")
      fail("limits." + name + ".reference", "unknown reference `" + limit.reference + "`; accepted: never, none");
  }
  const auto hours = [&](const std::string& path, const std::vector<double>& percent, std::size_t n) {
    double sum = 0;
    for (const double x : percent) sum += x;
    if (percent.size() != n || sum <= 0)
      fail(path, fmt::format("expected {} numbers with a positive sum, not {}", n, percent.size()));
  };
  if (const auto* users = std::get_if<BehaviouralUsersConfig>(&feed.users)) {
    hours("users.activity.hour_percent", users->activity.hour_percent, 24);
    hours("users.activity.weekday_index", users->activity.weekday_index, 7);
    const ShortVideoConfig& v = users->short_video;
    if (v.user_sigma * v.user_sigma + v.page_sigma * v.page_sigma >= v.watch_sigma * v.watch_sigma)
      fail("users.short_video.watch_sigma", "must exceed √(user_sigma² + page_sigma²): it is their sum with the video's own part");
  }
  if (const auto* users = std::get_if<LogitUsersConfig>(&feed.users)) hours("users.hour_percent", users->hour_percent, 24);
  const auto shares = [&](const std::string& path, const std::vector<double>& percent) {
    hours(path, percent, 24);
    const double sum = std::accumulate(percent.begin(), percent.end(), 0.0);
    if (std::abs(sum - 100) > 1) fail(path, fmt::format("the 24 percentages sum to {:g}, not to 100", sum));
  };
  std::visit(
      [&](const auto& supply) {
        if constexpr (requires { supply.streamers; })
          shares("supply.streamers.hour_percent", supply.streamers.hour_percent);
        else
          shares("supply.hour_percent", supply.hour_percent);
      },
      feed.supply);
  const bool learns = std::holds_alternative<DqnConfig>(feed.burn_in.policy) ||
                      std::holds_alternative<SlMgacConfig>(feed.burn_in.policy) ||
                      std::holds_alternative<FromConfig>(feed.burn_in.policy);
  if (learns) fail("burn_in.policy.kind", "must be a rule that does not learn, e.g. threshold");
}

// `agent: {from: RUN.h5}` needs no kind.
void add_from_kind(ConfigNode& layer) {
  for (std::size_t i = 0; i < layer.keys.size(); ++i) {
    ConfigNode& agent = layer.children[i];
    if (layer.keys[i] != "agent" || agent.find("from") == nullptr || agent.find("kind") != nullptr) continue;
    agent.keys.push_back("kind");
    agent.children.push_back({.kind = ConfigNode::Kind::kScalar, .text = "from", .file = agent.file, .line = agent.line});
  }
}

}  // namespace

std::vector<ConfigNode> with_includes(const ConfigNode& document) {
  std::vector<ConfigNode> layers;
  std::vector<std::string> open = {std::filesystem::path(document.file).lexically_normal().string()};
  append_with_includes(document, open, layers);
  return layers;
}

std::vector<ConfigNode> experiment_layers(const std::string& path, const std::vector<std::string>& sets) {
  const ConfigNode document = load_config_file(path);
  for (const char* key : {"base", "cases", "axes", "zip", "seeds"})
    if (document.kind == ConfigNode::Kind::kMap && document.find(key) != nullptr)
      throw config_error(*document.find(key), key, "a key of sweeps, which hold many runs: `sluice sweep run " + path + " --out DIR` runs them all, "
                         "and a case's keys in a file of their own are one run");
  std::vector<ConfigNode> layers = with_includes(document);
  for (const std::string& setting : sets) layers.push_back(parse_setting(setting));
  return layers;
}

ExperimentConfig read_experiment(const std::vector<ConfigNode>& given, const std::optional<std::uint64_t>& seed) {
  std::vector<ConfigNode> layers = given;
  ExperimentConfig config;
  bool seeded = seed.has_value(), tabular = false;
  for (ConfigNode& layer : layers) {
    require_map(layer, "");
    add_from_kind(layer);
    seeded = seeded || layer.find("seed") != nullptr;
    if (const ConfigNode* environment = layer.find("environment"))
      if (const ConfigNode* kind = environment->find("kind")) tabular = kind->text == TabularEnvConfig::kKind;
  }
  if (!tabular) {
    const ConfigNode* name = named_scenario(layers);
    const std::string scenario = name == nullptr ? FeedConfig{}.scenario : read_text(*name, "environment.scenario");
    if (!scenario.starts_with(kInlineScenario)) read_config(load_scenario(name, scenario), "environment", std::get<FeedConfig>(config.environment));
  }
  for (const ConfigNode& layer : layers) read_config(layer, "", config);
  if (auto* feed = std::get_if<FeedConfig>(&config.environment)) feed->scenario = resolved_name(feed->scenario);
  if (!seeded)
    throw data_error((layers.empty() ? "" : layers.front().file + ": ") +
                     "seed: missing; there is no default seed: write `seed: 1` or give --seed 1");
  if (seed) config.seed = *seed;
  if (config.label.find('/') != std::string::npos || std::any_of(config.label.begin(), config.label.end(), [](unsigned char c) { return std::iscntrl(c); }))
    throw data_error("label: `" + config.label + "` becomes a file name: no / and no control characters");
  if (const auto* feed = std::get_if<FeedConfig>(&config.environment)) check_feed(*feed);
  if (const auto* env = std::get_if<TabularEnvConfig>(&config.environment); env && env->source == CmdpSource::kFile && env->file.empty())
    throw data_error("environment.file: missing; a tabular environment is read from an HDF5 file, or made: source: golden or random");
  if (const auto* from = std::get_if<FromConfig>(&config.agent); from && from->from.empty())
    throw data_error("agent.from: missing; name the result file whose agent is to be used");
  return config;
}

ExperimentConfig load_experiment(const std::string& path, const std::vector<std::string>& sets,
                                 const std::optional<std::uint64_t>& seed) {
  return read_experiment(experiment_layers(path, sets), seed);
}

ExperimentConfig parse_experiment(const std::string& yaml, const std::string& name) {
  return read_experiment({parse_config_text(yaml, name)}, std::nullopt);
}

}  // namespace sluice
