#pragma once
// Builds the environments that a configuration describes.  A feed world is expensive because of its
// burn-in, so worlds at the end of their burn-in are kept and forked in memory by every arm.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "experiments/experiment_config.h"
#include "sim/feed_world.h"

namespace sluice {

/// Which world of a configuration.
struct WorldKey {
  int users = 0;
  std::uint64_t seed = 0;
};

class Worlds {
 public:
  explicit Worlds(int num_threads) : num_threads_(num_threads) {}

  /// A world with `key.users` users at the end of its burn-in, reporting groups fixed, limits not set.
  /// The first call with a (config, key) simulates the burn-in; later ones fork it.
  std::unique_ptr<FeedWorld> fork(const FeedConfig& config, const WorldKey& key);

  /// The same world before its burn-in: a snapshot can be loaded into it.
  std::unique_ptr<FeedWorld> fresh(const FeedConfig& config, const WorldKey& key) const;

  /// Simulates burn-in and never_costs ahead of time.  May run on several threads for different worlds.
  void prepare(const FeedConfig& config, const WorldKey& key, int days);

  /// Frees a world that nobody forks any more.
  void forget(const FeedConfig& config, const WorldKey& key);

  /// What agents are told about worlds of this config, limits apart.
  EnvSpec spec(const FeedConfig& config);

  /// Mean costs per user-day (FeedCost order) of the policy `never` over `days` from there.
  const std::vector<double>& never_costs(const FeedConfig& config, const WorldKey& key, int days);

  /// Makes them known from a checkpoint, so that they need not be measured again.
  void set_never_costs(const FeedConfig& config, const WorldKey& key, int days, std::vector<double> costs);

  /// Everything the burn-in depends on, as a text.
  static std::string name_of(const FeedConfig& config, const WorldKey& key);

 private:
  std::unique_ptr<FeedWorld> burn_in(const FeedConfig& config, const WorldKey& key) const;
  static std::vector<double> measure_never(FeedWorld& world, int days);

  int num_threads_;
  std::mutex mutex_;  // of the two maps
  std::map<std::string, std::unique_ptr<FeedWorld>> burned_in_;
  std::map<std::string, std::vector<double>> never_costs_;
};

/// Limits of the config in numbers, against the costs of `never`.
std::vector<CostLimit> resolve_limits(const FeedConfig& config, const std::vector<double>& never_costs);

}  // namespace sluice
