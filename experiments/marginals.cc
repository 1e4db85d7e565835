#include "experiments/marginals.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "experiments/distances.h"
#include "experiments/interrupt.h"
#include "experiments/marginal_log.h"
#include "experiments/progress.h"
#include "experiments/worlds.h"

namespace sluice {

double Histogram::total() const { return std::accumulate(counts.begin(), counts.end(), 0.0); }

double Histogram::cdf(double x) const {
  double sum = 0;
  for (std::size_t i = 0; i < edges.size() && edges[i] <= x; ++i) sum += counts[i];
  return sum / total();
}

double Histogram::smooth_cdf(double x) const {
  double sum = 0, lower = 0;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (x < edges[i]) return (sum + counts[i] * std::max(0.0, x - lower) / (edges[i] - lower)) / total();
    sum += counts[i];
    lower = edges[i];
  }
  return 1;
}

double Histogram::quantile(double q) const {
  const double wanted = q * total();
  double sum = 0, lower = 0;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (sum + counts[i] >= wanted && counts[i] > 0)
      return lower + (edges[i] - lower) * (wanted - sum) / counts[i];
    sum += counts[i];
    lower = edges[i];
  }
  return lower;
}

Marginals measure_marginals(const FeedConfig& config, const MeasureOptions& options) {
  Worlds worlds(options.num_threads);
  const auto world = worlds.fork(config, {options.users, options.seed});
  const auto rule = make_agent(config.burn_in.policy, world->spec(), Seed{options.seed});
  MarginalLog log(*world, Seed{options.seed});
  world->begin_phase({.days = kMarginalDays, .transitions = Transitions::kCollect});
  std::optional<Progress> progress;
  if (!options.progress.empty()) progress.emplace(options.progress, 0, "decisions");
  std::vector<Decision> decisions;
  for (int day = -1;;) {
    stop_if_interrupted();
    const RequestBatch& requests = world->recv();
    log.see(world->transitions());
    if (requests.size() == 0) break;
    for (; day < world->day(); ++day) rule->begin_day(day + 1, world->group_keys());
    log.see(requests);
    decisions.resize(requests.size());
    rule->act(requests, Mode::kEvaluate, decisions);
    world->send(decisions);
    if (progress) progress->set(world->num_decisions());
  }
  if (progress) progress->done();
  return log.finish();
}

}  // namespace sluice
