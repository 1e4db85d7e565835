#pragma once
// The configuration of one run.  Every field is optional but `seed`.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "agents/agents.h"
#include "sim/config.h"
#include "sim/config_node.h"
#include "sim/tabular_environment.h"
#include "supply/supply.h"
#include "users/users.h"

namespace sluice {

/// Gives everyone a history, groups and a steady state; outside all tables.
struct BurnInConfig {
  int days = 28;
  AgentConfig policy = ThresholdConfig{};
  static constexpr auto fields() {
    using C = BurnInConfig;
    return std::tuple{
        field("days", &C::days, {.range = {0, 10000}, .unit = "day", .doc = "simulated days before the first one that counts; at least 21 fill the group key"}),
        field("policy", &C::policy, {.doc = "rule of the burn-in, the same for all arms"})};
  }
};

/// value ≤ reference's value + at_most (absolute), or + at_most·|reference's value| (relative).
struct LimitConfig {
  std::string reference = "never";
  double at_most = 0;
  bool relative = true;
  static constexpr auto fields() {
    using C = LimitConfig;
    return std::tuple{
        field("reference", &C::reference, {.doc = "`never`: the value of the policy that never injects, in the same world; `none`: 0"}),
        field("at_most", &C::at_most, {.unit = "cost per user-day, or its share if relative", .doc = "how much more than the reference"}),
        field("relative", &C::relative, {.doc = "at_most is a share of |reference|"})};
  }
};

struct FeedConfig {
  static constexpr const char* kKind = "feed";
  std::string scenario = "default";
  UsersConfig users;
  SupplyConfig supply;
  int days = 30;
  double window_s = 60;
  BurnInConfig burn_in;
  std::map<std::string, LimitConfig> limits = {{"cost_time", {"never", 0, true}},
                                               {"cost_retention", {"never", 0.005, true}}};
  static constexpr auto fields() {
    using C = FeedConfig;
    return std::tuple{
        field("scenario", &C::scenario, {.doc = "named scenario (`sluice list scenarios`) or a YAML file of these keys; the keys below override it. In a resolved config, `inline FILE`: all keys of that file are below"}),
        field("users", &C::users, {.doc = "the population"}),
        field("supply", &C::supply, {.doc = "the live streams"}),
        field("days", &C::days, {.range = {1, 10000}, .unit = "day", .doc = "simulated days of training, after the burn-in"}),
        field("window_s", &C::window_s, {.range = {1, 3600}, .unit = "s", .doc = "requests of a window are decided together, supply changes at its end; must divide a day"}),
        field("burn_in", &C::burn_in),
        field("limits", &C::limits, {.doc = "cost name → limit on its undiscounted mean per user-day, idle days included, in evaluation"})};
  }
};

using EnvironmentConfig = std::variant<FeedConfig, TabularEnvConfig>;

/// What is measured of the learner's critic along the way, into /diagnostics.
struct DiagnosticsConfig {
  std::int64_t every_updates = 0;
  int rows = 256;
  int true_q_requests = 0;
  int true_q_paths = 8;
  int true_q_rollouts = 4;
  double true_q_days = 3;
  static constexpr auto fields() {
    using C = DiagnosticsConfig;
    return std::tuple{
        field("every_updates", &C::every_updates, {.range = {0, 1e9}, .doc = "updates between two rows of /diagnostics; 0: none"}),
        field("rows", &C::rows, {.range = {2, 4096}, .doc = "transitions of a measurement; time grows with its square"}),
        field("true_q_requests", &C::true_q_requests, {.range = {0, 100000}, .doc = "feed: requests at which Q is compared with its true value, by rollouts of copies of the world; 0: none"}),
        field("true_q_paths", &C::true_q_paths, {.range = {2, 10000}, .doc = "feed: paths of the supply per comparison"}),
        field("true_q_rollouts", &C::true_q_rollouts, {.range = {1, 10000}, .doc = "feed: rollouts per path, request and action"}),
        field("true_q_days", &C::true_q_days, {.range = {0, 1000, kOpenBelow}, .unit = "day", .doc = "feed: a rollout ends when its discount is below 1e-4, or after so long"})};
  }
};

struct TrainConfig {
  std::int64_t decisions = 2000000;
  int batch_size = 1024;
  std::int64_t decisions_per_update = 2048;
  double epsilon = 0.1;
  std::optional<double> epsilon_end;
  std::int64_t replay_capacity = 300000;
  int warmup_transitions = 10000;
  int log_every_updates = 20;
  DiagnosticsConfig diagnostics;
  static constexpr auto fields() {
    using C = TrainConfig;
    return std::tuple{
        field("decisions", &C::decisions, {.range = {1, 1e12}, .doc = "training decisions"}),
        field("batch_size", &C::batch_size, {.range = {1, 1e6}, .doc = "transitions per update"}),
        field("decisions_per_update", &C::decisions_per_update, {.range = {1, 1e9}, .doc = "decisions between two updates"}),
        field("epsilon", &C::epsilon, {.range = {0, 1}, .doc = "ε of ε-greedy exploration"}),
        field("epsilon_end", &C::epsilon_end, {.range = {0, 1}, .doc = "ε from half of the decisions on, linear before; none: constant"}),
        field("replay_capacity", &C::replay_capacity, {.range = {1, 1e9}, .doc = "transitions kept for replay"}),
        field("warmup_transitions", &C::warmup_transitions, {.range = {1, 1e9}, .doc = "transitions before the first update"}),
        field("log_every_updates", &C::log_every_updates, {.range = {1, 1e9}, .doc = "updates between two rows of /training"}),
        field("diagnostics", &C::diagnostics)};
  }
};

struct EvaluateConfig {
  std::uint64_t seed = 1000;
  int users = 10000;
  int days = 7;
  std::int64_t every_decisions = 500000;
  int curve_users = 2000;
  static constexpr auto fields() {
    using C = EvaluateConfig;
    return std::tuple{
        field("seed", &C::seed, {.doc = "seed of the evaluation world, the same for all agents that are compared"}),
        field("users", &C::users, {.range = {1, 1e8}, .unit = "users", .doc = "users of the final evaluation"}),
        field("days", &C::days, {.range = {1, 10000}, .unit = "day", .doc = "days of an evaluation"}),
        field("every_decisions", &C::every_decisions, {.range = {0, 1e12}, .doc = "training decisions between evaluations of the learning curve; 0: none"}),
        field("curve_users", &C::curve_users, {.range = {1, 1e8}, .unit = "users", .doc = "users of those evaluations"})};
  }
};

struct ExperimentConfig {
  std::uint64_t seed = 0;   // required: there is no default seed
  std::string label;
  EnvironmentConfig environment;
  AgentConfig agent;
  TrainConfig train;
  EvaluateConfig evaluate;
  static constexpr auto fields() {
    using C = ExperimentConfig;
    return std::tuple{
        field("seed", &C::seed, {.doc = "seed of the training world, of exploration and of the weights; required"}),
        field("label", &C::label, {.doc = "name in tables and figures; empty: the agent's kind"}),
        field("environment", &C::environment, {.doc = "what is simulated"}),
        field("agent", &C::agent, {.doc = "who decides"}),
        field("train", &C::train), field("evaluate", &C::evaluate)};
  }
};

/// Documents laid one over the other (an included file first), with the scenario beneath all of them.
/// Checks everything that can be checked without running.
ExperimentConfig read_experiment(const std::vector<ConfigNode>& layers, const std::optional<std::uint64_t>& seed);

/// A file, what it includes, and --set settings.
std::vector<ConfigNode> experiment_layers(const std::string& path, const std::vector<std::string>& sets);
/// A document's `include:`d files (relative to the document's file), innermost first, then itself.
std::vector<ConfigNode> with_includes(const ConfigNode& document);
ExperimentConfig load_experiment(const std::string& path, const std::vector<std::string>& sets,
                                 const std::optional<std::uint64_t>& seed);
/// A resolved config as stored in a result file.
ExperimentConfig parse_experiment(const std::string& yaml, const std::string& name);

/// As sim/config_writer.h says; compiled in one place, because the text of every agent's every field takes a while.
std::string to_yaml(const ExperimentConfig& config);
std::string to_yaml(const FeedConfig& config);

/// Built-in scenarios: name and YAML text.
const std::vector<std::pair<std::string, std::string>>& builtin_scenarios();

}  // namespace sluice
