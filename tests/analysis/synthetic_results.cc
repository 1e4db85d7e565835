#include "tests/analysis/synthetic_results.h"

#include <fmt/format.h>

#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <cmath>

#include "experiments/result_file.h"
#include "sim/rng.h"

namespace sluice::testing {
namespace {

using Reals = std::vector<double>;
using Integers = std::vector<std::int64_t>;

double normal(Rng& rng) { return boost::random::normal_distribution<double>()(rng); }
double uniform(Rng& rng) { return boost::random::uniform_01<double>()(rng); }

/// A table under construction: column by column, in the order first named.
struct Builder {
  Table table;
  template <class T>
  void add(const char* name, const char* unit, T value) {
    Column* column = nullptr;
    for (Column& one : table.columns)
      if (one.name == name) column = &one;
    if (column == nullptr) {
      table.columns.push_back({name, unit, std::string("synthetic ") + name, std::vector<T>{}});
      column = &table.columns.back();
    }
    std::get<std::vector<T>>(column->data).push_back(value);
  }
};

struct Totals {
  double live = 0, shorts = 0, usage = 0, requests = 0, injections = 0, entries = 0, skips = 0;
};

void write_run(const std::string& path, const SyntheticAgent& agent, int seed, int evaluate_seed,
               const SyntheticOptions& options) {
  // An agent's luck in training: its own, and the same for all users.
  Rng luck =
      Seed(static_cast<std::uint64_t>(seed))
          .stream(Purpose::kInit, agent.label.size(), static_cast<unsigned char>(agent.label[0]));
  const double factor = agent.live_factor + (agent.learns ? agent.seed_spread * normal(luck) : 0);
  const Seed world(static_cast<std::uint64_t>(evaluate_seed));
  constexpr int kGroups = 5;

  Builder episodes, daily, daily_group, constraints, evaluations, training;
  std::vector<Totals> by_group(kGroups);
  Integers users_in_group(kGroups, 0);
  Totals all;
  for (int u = 0; u < options.users; ++u) {
    Rng rng = world.stream(Purpose::kUser, static_cast<std::uint64_t>(u));
    Rng noise = world.stream(Purpose::kPolicy, static_cast<std::uint64_t>(u), agent.label.size(),
                             static_cast<unsigned char>(agent.label[0]));
    const int group = static_cast<int>(uniform(rng) * kGroups);
    const double level = 30 * std::exp(0.8 * normal(rng)) * (group == 0 ? 0.1 : group);
    const double base_usage = 3000 * std::exp(0.7 * normal(rng));
    const double days = options.days;
    Totals t;
    t.live = std::max(0.0, level * days * (factor + 0.15 * normal(noise) * (factor > 0 ? 1 : 0)));
    t.usage = base_usage * days *
              (agent.usage_factor + 0.02 * normal(noise) * (agent.usage_factor != 1 ? 1 : 0));
    t.shorts = 0.8 * (t.usage - t.live);
    t.requests = std::ceil(t.usage / 165);
    t.injections = std::round(t.requests * agent.injection * (0.5 + 0.2 * group));
    t.entries = std::round(0.3 * t.injections);
    t.skips = std::round(0.2 * t.entries);
    const std::int64_t active = 1 + static_cast<std::int64_t>(uniform(rng) * (days - 1));
    episodes.add("user_id", "id", std::int64_t{u});
    episodes.add("group", "1", std::int64_t{group});
    episodes.add("length", "1", static_cast<std::int64_t>(t.requests));
    episodes.add("return", "s", t.live);
    episodes.add("cost_usage", "s", 0.2 * t.injections * 20 - t.live * 0.1);
    episodes.add("cost_time", "s", -t.usage);
    episodes.add("cost_retention", "1", 0.2 * static_cast<double>(active));
    episodes.add("cost_skip", "1", t.skips);
    episodes.add("live_watch_s", "s", t.live);
    episodes.add("short_watch_s", "s", t.shorts);
    episodes.add("app_usage_s", "s", t.usage);
    episodes.add("active_days", "day", active);
    episodes.add(
        "live_days", "day",
        static_cast<std::int64_t>(t.entries > 0 ? std::max<std::int64_t>(1, active / 2) : 0));
    episodes.add("exposures", "1", static_cast<std::int64_t>(6 * t.requests));
    episodes.add("injections", "1", static_cast<std::int64_t>(t.injections));
    episodes.add("entries", "1", static_cast<std::int64_t>(t.entries));
    episodes.add("skips", "1", static_cast<std::int64_t>(t.skips));
    episodes.add("terminated", "1", std::int64_t{0});
    episodes.add("truncated", "1", std::int64_t{1});
    for (Totals* sum : {&all, &by_group[static_cast<std::size_t>(group)]}) {
      sum->live += t.live, sum->shorts += t.shorts, sum->usage += t.usage,
          sum->requests += t.requests;
      sum->injections += t.injections, sum->entries += t.entries, sum->skips += t.skips;
    }
    ++users_in_group[static_cast<std::size_t>(group)];
  }
  const auto day_row = [&](Builder& to, int day, int group, const Totals& sum, std::int64_t users) {
    Rng rng = world.stream(Purpose::kRegime, static_cast<std::uint64_t>(day));
    const double share = (1 + 0.08 * normal(rng)) / options.days;
    to.add("day", "day", std::int64_t{day});
    if (group >= 0) to.add("group", "1", std::int64_t{group});
    to.add("users", "users", users);
    to.add("dau", "users",
           static_cast<std::int64_t>(static_cast<double>(users) * (0.62 + 0.02 * std::sin(day))));
    to.add("live_dau", "users",
           static_cast<std::int64_t>(static_cast<double>(users) * 0.2 * std::min(1.5, factor) *
                                     (1 + 0.1 * std::sin(2 * day))));
    to.add("live_watch_s", "s", sum.live * share);
    to.add("short_watch_s", "s", sum.shorts * share);
    to.add("app_usage_s", "s", sum.usage * share);
    to.add("sessions", "1", static_cast<std::int64_t>(sum.requests * share / 8));
    to.add("requests", "1", static_cast<std::int64_t>(sum.requests * share));
    to.add("injections", "1", static_cast<std::int64_t>(sum.injections * share));
    to.add("entries", "1", static_cast<std::int64_t>(sum.entries * share));
    to.add("skips", "1", static_cast<std::int64_t>(sum.skips * share));
    to.add("retention_d1", "1", day + 1 < options.days ? 0.8 + 0.01 * std::cos(day) : std::nan(""));
    to.add("streams_on_air", "1", 400 * (1 + 0.1 * normal(rng)));
  };
  for (int day = 0; day < options.days; ++day) {
    day_row(daily, day, -1, all, options.users);
    for (int g = 0; g < kGroups; ++g)
      day_row(daily_group, day, g, by_group[static_cast<std::size_t>(g)],
              users_in_group[static_cast<std::size_t>(g)]);
  }
  const double user_days = static_cast<double>(options.users) * options.days;
  const std::int64_t trained = agent.learns ? 2'000'000 : 0;
  const auto constraint = [&](const char* name, double value, double limit) {
    constraints.add("decisions", "1", trained);
    constraints.add("name", "1", std::string(name));
    constraints.add("value", "1", value);
    constraints.add("limit", "1", limit);
    constraints.add("violation", "1", std::max(0.0, value - limit));
    constraints.add("violated", "1", std::int64_t{value > limit});
    constraints.add("multiplier", "1", agent.learns ? 1.0 : 0.0);
    constraints.add("reference", "1", std::string("never"));
  };
  constraint("cost_time", -all.usage / user_days,
             -all.usage / user_days / agent.usage_factor * 0.998);
  constraint("cost_retention", 0.103 + 0.002 * agent.injection, 0.1041);

  if (agent.learns)
    for (int point = 1; point <= 8; ++point) {
      const double progress = 1 - std::exp(-point / 2.0);
      evaluations.add("decisions", "1", std::int64_t{250'000} * point);
      evaluations.add("live_watch_s_per_user_day", "s",
                      all.live / user_days * (0.85 + 0.15 * progress + 0.01 * normal(luck)));
      evaluations.add("app_usage_s_per_user_day", "s", all.usage / user_days);
    }
  if (agent.learns)
    for (int update = 1; update <= 400; ++update) {
      const double progress = 1 - std::exp(-update / 120.0);
      training.add("update", "1", std::int64_t{update});
      training.add("decisions", "1", std::int64_t{5000} * update);
      training.add("td_loss", "1",
                   0.02 + 0.5 * std::exp(-update / 60.0) * (1 + 0.3 * uniform(luck)));
      training.add("reward_loss", "1",
                   agent.label.find("mgac") == std::string::npos
                       ? std::nan("")
                       : 1.2 + 0.8 * std::exp(-update / 90.0) + 0.05 * normal(luck));
      training.add("q_std", "reward", 2 + progress + 0.2 * normal(luck));
      const bool grouped = agent.label.find("mgac") != std::string::npos;
      for (int g = 0; g < kGroups; ++g)
        training.add(
            fmt::format("group_q_mean_{}", g).c_str(), "reward",
            grouped ? progress * (0.3 + 1.2 * g) + 0.1 * (1 + g) * normal(luck) : std::nan(""));
      training.add("multiplier_cost_usage", "1", 1.0);
      training.add("multiplier_cost_time", "1", agent.label == "sl_mgac" ? 0.4 * progress : 0.0);
    }

  ResultWriter writer(path, Overwrite::kRefuse);
  writer.set_attribute("agent", agent.label);
  writer.set_attribute("agent_label", agent.label);
  writer.set_attribute("environment", "feed");
  writer.set_attribute("seed", std::int64_t{seed});
  writer.set_attribute("evaluate_seed", std::int64_t{evaluate_seed});
  writer.set_attribute("decisions", trained);
  writer.set_attribute("eval_users", std::int64_t{options.users});
  writer.set_attribute("eval_days", std::int64_t{options.days});
  writer.set_attribute("sluice_version", "0.1.0");
  writer.set_attribute("git_revision", "0123456789abcdef");
  writer.set_attribute("config_hash", "fedcba9876543210");
  writer.set_attribute("host", "example");
  writer.set_attribute("packages", "libtorch 1.13.1, HDF5 1.10.8, Eigen 3.4.0");
  writer.set_attribute("wall_s", 12.5);
  writer.write_config(
      fmt::format("seed: {}\nenvironment:\n  kind: feed\n  scenario: default\nevaluate:\n  curve_users: 600\nagent:\n  kind: {}\n",
                  seed, agent.label));
  writer.write_table("/daily", daily.table);
  writer.write_table("/daily_group", daily_group.table);
  writer.write_table("/episodes", episodes.table);
  writer.write_table("/constraints", constraints.table);
  if (agent.learns) {
    writer.write_table("/evaluations", evaluations.table);
    writer.write_table("/training", training.table);
  }
  writer.commit();
}

}  // namespace

std::vector<SyntheticAgent> typical_agents() {
  return {{.label = "never", .live_factor = 0, .usage_factor = 1, .injection = 0},
          {.label = "always", .live_factor = 1.12, .usage_factor = 0.962, .injection = 0.7},
          {.label = "threshold", .live_factor = 0.93, .usage_factor = 0.996, .injection = 0.48},
          {.label = "threshold_tuned", .live_factor = 1.0, .usage_factor = 1.0, .injection = 0.36},
          {.label = "dqn",
           .live_factor = 0.985,
           .usage_factor = 0.994,
           .injection = 0.42,
           .learns = true,
           .seed_spread = 0.02},
          {.label = "discrete_sac",
           .live_factor = 1.005,
           .usage_factor = 0.999,
           .injection = 0.4,
           .learns = true,
           .seed_spread = 0.015},
          {.label = "sl_mgac",
           .live_factor = 1.02,
           .usage_factor = 1.001,
           .injection = 0.38,
           .learns = true,
           .seed_spread = 0.006}};
}

std::vector<std::string> write_synthetic(const std::string& directory,
                                         const std::vector<SyntheticAgent>& agents,
                                         const SyntheticOptions& options) {
  std::vector<std::string> paths;
  for (const SyntheticAgent& agent : agents)
    for (const int seed : options.seeds) {
      paths.push_back(fmt::format("{}/{}_{}.h5", directory, agent.label, seed));
      write_run(paths.back(), agent, seed, options.one_evaluate_seed ? 1000 : 1000 + seed, options);
    }
  return paths;
}

}  // namespace sluice::testing
