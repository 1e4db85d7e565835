#include "experiments/run_cost.h"

#include <algorithm>

#include "experiments/run_parts.h"

namespace sluice {
namespace {

// Decisions per user-day of the default world under the burn-in rule (`sluice fidelity`).
constexpr double kDecisionsPerUserDay = 64;
// Measured on one core of a 2.x GHz server (`sluice bench`): simulator with observations; learner; planner.
constexpr double kSimulatedPerSecond = 1e6, kSecondsPerUpdate = 0.012, kLearnedPerSecond = 2e5;
constexpr double kSecondsPerPair = 2.8e-4, kStartSeconds = 0.1, kTorchSeconds = 1;
constexpr double kProcessBytes = 2e7, kTorchBytes = 3e8, kBytesPerUser = 1000;
constexpr double kObservationBytes = 79 * 4;

}  // namespace

RunCost estimate_cost(const ExperimentConfig& config) {
  RunCost cost;
  cost.seconds = kStartSeconds;
  cost.bytes = kProcessBytes;
  const bool trained = trains(config);
  if (trained) {
    cost.seconds += kTorchSeconds;
    cost.bytes += kTorchBytes + static_cast<double>(config.train.replay_capacity) * (2 * kObservationBytes + 64);
  }
  if (const auto* planner = std::get_if<PlannerConfig>(&config.agent))
    cost.seconds += kSecondsPerPair * planner->pairs * planner->rounds;
  const auto wanted = static_cast<double>(config.train.decisions);
  cost.supplied_decisions = wanted;
  if (const auto* feed = std::get_if<FeedConfig>(&config.environment)) {
    const double users = num_users(feed->users), evaluated = config.evaluate.users;
    const double curve = trained && config.evaluate.every_decisions > 0 ? config.evaluate.curve_users : 0;
    cost.burn_in_decisions = kDecisionsPerUserDay * feed->burn_in.days * (evaluated + curve + (trained ? users : 0));
    cost.supplied_decisions = kDecisionsPerUserDay * users * feed->days;
    cost.evaluated_decisions = kDecisionsPerUserDay * config.evaluate.days * evaluated * 2;
    cost.bytes += kBytesPerUser * (2 * evaluated + (trained ? users : 0));
  }
  if (trained) cost.training_decisions = std::min(cost.supplied_decisions, wanted);
  cost.updates = cost.training_decisions / static_cast<double>(config.train.decisions_per_update);
  cost.seconds += (cost.burn_in_decisions + cost.evaluated_decisions) / kSimulatedPerSecond +
                  cost.training_decisions / kLearnedPerSecond + cost.updates * kSecondsPerUpdate;
  return cost;
}

}  // namespace sluice
