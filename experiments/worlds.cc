#include "experiments/worlds.h"

#include <algorithm>
#include <cmath>

#include "experiments/policy_loop.h"
#include "sim/config_writer.h"
#include "supply/supply.h"
#include "users/users.h"

namespace sluice {

std::string Worlds::name_of(const FeedConfig& config, const WorldKey& key) {
  FeedConfig named = config;  // limits and days do not touch the burn-in
  named.limits.clear();
  named.days = 1;
  named.scenario.clear();
  return to_yaml(named) + "|" + std::to_string(key.users) + "|" + std::to_string(key.seed);
}

std::unique_ptr<FeedWorld> Worlds::fresh(const FeedConfig& config, const WorldKey& key) const {
  const Seed seed{key.seed};
  UsersConfig users = config.users;
  std::visit([&](auto& kind) { kind.count = key.users; }, users);
  return std::make_unique<FeedWorld>(
      make(users, seed), make(config.supply, seed), seed,
      FeedOptions{.window_s = config.window_s, .num_threads = num_threads_});
}

std::unique_ptr<FeedWorld> Worlds::burn_in(const FeedConfig& config, const WorldKey& key) const {
  const Seed seed{key.seed};
  std::unique_ptr<FeedWorld> world = fresh(config, key);
  if (config.burn_in.days > 0) {
    const std::unique_ptr<Agent> policy = make_agent(config.burn_in.policy, world->spec(), seed);
    world->begin_phase({.days = config.burn_in.days,
                        .observations = observations_for(*policy),
                        .at_horizon = AtHorizon::kStop});
    run_policy(*world, *policy);
  }
  world->fix_reporting_groups();
  return world;
}

std::vector<double> Worlds::measure_never(FeedWorld& world, int days) {
  const std::unique_ptr<Agent> never = make_agent(NeverConfig{}, world.spec(), Seed{0});
  world.begin_phase({.days = days, .observations = observations_for(*never)});
  run_policy(world, *never);
  return world.cost_means();
}

void Worlds::prepare(const FeedConfig& config, const WorldKey& key, int days) {
  std::unique_ptr<FeedWorld> world = burn_in(config, key);
  std::vector<double> costs = measure_never(*world->fork(), days);
  const std::lock_guard lock(mutex_);
  burned_in_[name_of(config, key)] = std::move(world);
  never_costs_[name_of(config, key) + "|" + std::to_string(days)] = std::move(costs);
}

void Worlds::forget(const FeedConfig& config, const WorldKey& key) {
  const std::lock_guard lock(mutex_);
  burned_in_.erase(name_of(config, key));
}

std::unique_ptr<FeedWorld> Worlds::fork(const FeedConfig& config, const WorldKey& key) {
  std::unique_ptr<FeedWorld>& world = burned_in_[name_of(config, key)];
  if (world == nullptr) world = burn_in(config, key);
  return world->fork();
}

EnvSpec Worlds::spec(const FeedConfig& config) {
  FeedConfig small = config;
  small.burn_in.days = 0;
  return fork(small, {.users = 1, .seed = 0})->spec();
}

const std::vector<double>& Worlds::never_costs(const FeedConfig& config, const WorldKey& key, int days) {
  std::vector<double>& costs = never_costs_[name_of(config, key) + "|" + std::to_string(days)];
  if (costs.empty()) costs = measure_never(*fork(config, key), days);
  return costs;
}

void Worlds::set_never_costs(const FeedConfig& config, const WorldKey& key, int days, std::vector<double> costs) {
  never_costs_[name_of(config, key) + "|" + std::to_string(days)] = std::move(costs);
}

std::vector<CostLimit> resolve_limits(const FeedConfig& config, const std::vector<double>& never_costs) {
  std::vector<CostLimit> limits;
  const auto& names = feed_cost_names();
  for (const auto& [name, limit] : config.limits) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw data_error("environment.limits." + name + ": the feed has no such cost; it has cost_usage, "
                       "cost_time, cost_retention, cost_skip");
    const auto cost = static_cast<std::size_t>(found - names.begin());
    const bool against_never = limit.reference == "never";
    const double base = against_never ? never_costs[cost] : 0;
    const double value = limit.relative ? base + limit.at_most * std::abs(base) : base + limit.at_most;
    limits.push_back({.cost = static_cast<int>(cost), .limit = value, .reference = limit.reference});
  }
  return limits;
}

}  // namespace sluice
