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
    constraints_.push_back({decisions, limit.cost, costs[cost], limit.limit,
                            cost < multipliers.size() ? multipliers[cost] : 0});
    references_.push_back(limit.reference);
  }
}

void EvaluationLog::add_feed(std::int64_t decisions, const FeedEvaluation& evaluation) {
  const auto& t = evaluation.totals;
  value_names_ = {"live_watch_s_per_user_day", "app_usage_s_per_user_day", "injection_rate", "live_dau_share"};
  value_units_ = {"s", "s", "1", "1"};
  std::vector<double> row = {t[kLiveWatch], t[kAppUsage], t[kInjections] / std::max(1e-9, t[kRequests]),
                             evaluation.live_dau_share};
  for (std::size_t i = 0; i < cost_names_.size(); ++i) {
    value_names_.push_back(cost_names_[i] + "_per_user_day");
    value_units_.emplace_back("cost");
    row.push_back(evaluation.costs[i]);
  }
  decisions_.push_back(decisions);
  values_.push_back(row);
}

void EvaluationLog::add_exact(std::int64_t decisions, double exact_return,
                              std::span<const double> exact_costs) {
  value_names_ = {"return"};
  value_units_ = {"1"};
  std::vector<double> row = {exact_return};
  for (std::size_t i = 0; i < cost_names_.size(); ++i) {
    value_names_.push_back(cost_names_[i]);
    value_units_.emplace_back("cost");
    row.push_back(exact_costs[i]);
  }
  decisions_.push_back(decisions);
  values_.push_back(row);
}

Table EvaluationLog::constraints() const {
  std::vector<std::int64_t> decisions, violated;
  std::vector<std::string> name;
  std::vector<double> value, limit, violation, multiplier;
  for (const Constraint& c : constraints_) {
    decisions.push_back(c.decisions);
    name.push_back(cost_names_[static_cast<std::size_t>(c.cost)]);
    value.push_back(c.value);
    limit.push_back(c.limit);
    violation.push_back(std::max(0.0, c.value - c.limit));
    violated.push_back(c.value > c.limit);
    multiplier.push_back(c.multiplier);
  }
  return {{{"decisions", "1", "training decisions before this evaluation", decisions},
           {"name", "1", "the constrained cost", name},
           {"value", "cost", "its value: mean per user-day (feed), expected discounted sum (tabular)", value},
           {"limit", "cost", "value may not exceed this", limit},
           {"violation", "cost", "max(0, value - limit)", violation},
           {"violated", "1", "1: value > limit", violated},
           {"multiplier", "1", "the agent's Lagrange multiplier of this cost", multiplier},
           {"reference", "1", "policy the limit is relative to", references_}}};
}

Table EvaluationLog::evaluations() const {
  Table table{{{"decisions", "1", "training decisions before this evaluation", decisions_}}};
  for (std::size_t i = 0; i < value_names_.size(); ++i) {
    std::vector<double> column;
    for (const auto& row : values_) column.push_back(row[i]);
    table.columns.push_back({value_names_[i], value_units_[i],
                             "frozen evaluation without exploration", column});
  }
  return table;
}

void EvaluationLog::transfer(StateArchive& archive) {
  archive.values("constraints", constraints_);
  archive.texts("references", references_);
  archive.texts("value_names", value_names_);
  archive.texts("value_units", value_units_);
  archive.values("decisions", decisions_);
  std::vector<double> flat;
  for (const auto& row : values_) flat.insert(flat.end(), row.begin(), row.end());
  archive.values("values", flat);
  if (!archive.is_loading()) return;
  values_.assign(decisions_.size(), {});
  const auto columns = static_cast<std::ptrdiff_t>(value_names_.size());
  for (std::size_t i = 0; i < values_.size(); ++i)
    values_[i].assign(flat.begin() + static_cast<std::ptrdiff_t>(i) * columns,
                      flat.begin() + static_cast<std::ptrdiff_t>(i + 1) * columns);
}

}  // namespace sluice
