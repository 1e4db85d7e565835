#include "experiments/evaluate.h"

#include <algorithm>
#include <numeric>

namespace sluice {

FeedEvaluation evaluate_feed(Worlds& worlds, const FeedConfig& config, const WorldKey& key, int days,
                             const AgentMaker& make, const DecisionCounter& count) {
  FeedEvaluation result;
  result.limits = resolve_limits(config, worlds.never_costs(config, key, days));
  const std::unique_ptr<FeedWorld> world = worlds.fork(config, key);
  world->set_limits(result.limits);
  const std::unique_ptr<Agent> agent = make(world->spec());
  world->begin_phase({.days = days, .observations = observations_for(*agent)});
  result.decisions = run_policy(*world, *agent, count);
  result.daily = world->daily();
  result.daily_group = world->daily_group();
  result.episodes = world->episodes();
  result.totals = world->total_means();
  result.costs = world->cost_means();
  const auto sum = [&](const char* column) {
    const auto& values = result.daily.get<std::int64_t>(column);
    return static_cast<double>(std::accumulate(values.begin(), values.end(), std::int64_t{0}));
  };
  result.live_dau_share = sum("live_dau") / std::max(1.0, sum("dau"));
  return result;
}

void EvaluationLog::add_constraints(std::int64_t decisions, std::span<const double> costs,
                                    std::span<const CostLimit> limits,
                                    std::span<const double> multipliers) {
  for (const CostLimit& limit : limits) {
    const auto cost = static_cast<std::size_t>(limit.cost);
    constraints_.push_back({decisions, cost_names_[cost], costs[cost], limit.limit,
                            cost < multipliers.size() ? multipliers[cost] : 0, limit.reference});
  }
}

void EvaluationLog::add_feed(std::int64_t decisions, const FeedEvaluation& evaluation) {
  const auto& t = evaluation.totals;
  value_columns_ = {{"live_watch_s_per_user_day", "s"}, {"app_usage_s_per_user_day", "s"},
                    {"injection_rate", "1"}, {"live_dau_share", "1"}};
  std::vector<double> row = {t[kLiveWatch], t[kAppUsage], t[kInjections] / std::max(1e-9, t[kRequests]),
                             evaluation.live_dau_share};
  for (std::size_t i = 0; i < cost_names_.size(); ++i) {
    value_columns_.emplace_back(cost_names_[i] + "_per_user_day", "cost");
    row.push_back(evaluation.costs[i]);
  }
  decisions_.push_back(decisions);
  values_.push_back(row);
}

void EvaluationLog::add_exact(std::int64_t decisions, double exact_return,
                              std::span<const double> exact_costs) {
  value_columns_ = {{"return", "1"}};
  std::vector<double> row = {exact_return};
  for (std::size_t i = 0; i < cost_names_.size(); ++i) {
    value_columns_.emplace_back(cost_names_[i], "cost");
    row.push_back(exact_costs[i]);
  }
  decisions_.push_back(decisions);
  values_.push_back(row);
}

Table EvaluationLog::constraints() const {
  std::vector<std::int64_t> decisions, violated;
  std::vector<std::string> name, reference;
  std::vector<double> value, limit, violation, multiplier;
  for (const Constraint& c : constraints_) {
    decisions.push_back(c.decisions);
    name.push_back(c.name);
    value.push_back(c.value);
    limit.push_back(c.limit);
    violation.push_back(std::max(0.0, c.value - c.limit));
    violated.push_back(c.value > c.limit);
    multiplier.push_back(c.multiplier);
    reference.push_back(c.reference);
  }
  return {{{"decisions", "1", "training decisions before this evaluation", decisions},
           {"name", "1", "the constrained cost", name},
           {"value", "cost", "its value: mean per user-day (feed), expected discounted sum (tabular)", value},
           {"limit", "cost", "value may not exceed this", limit},
           {"violation", "cost", "max(0, value - limit)", violation},
           {"violated", "1", "1: value > limit", violated},
           {"multiplier", "1", "the agent's Lagrange multiplier of this cost", multiplier},
           {"reference", "1", "policy the limit is relative to", reference}}};
}

Table EvaluationLog::evaluations() const {
  Table table{{{"decisions", "1", "training decisions before this evaluation", decisions_}}};
  for (std::size_t i = 0; i < value_columns_.size(); ++i) {
    std::vector<double> column;
    for (const auto& row : values_) column.push_back(row[i]);
    table.columns.push_back({value_columns_[i].first, value_columns_[i].second,
                             "frozen evaluation without exploration", column});
  }
  return table;
}

}  // namespace sluice
