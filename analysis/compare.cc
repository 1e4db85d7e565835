#include "analysis/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "analysis/sampled_runs.h"

namespace sluice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Exact values: every "replicate" is the value itself.
RunColumns exact_columns(const Run& run, int resamples) {
  return {
      {"return", {run.exact_return, Draws(static_cast<std::size_t>(resamples), run.exact_return)}}};
}

class Comparer {
 public:
  Comparer(const Runs& runs, const StatisticsOptions& options, Comparison& comparison)
      : runs_(runs), options_(options), comparison_(comparison) {
    if (comparison_.tabular) {
      std::set<std::int64_t> seeds;
      for (const Run& run : runs.runs) {
        seeds.insert(run.evaluate_seed);
        sampled_[&run] = exact_columns(run, options.resamples);
      }
      comparison_.evaluate_seeds.assign(seeds.begin(), seeds.end());
      return;
    }
    SampledRuns sampled = sample_users(runs, options);
    sampled_ = std::move(sampled.columns);
    comparison_.users = sampled.users;
    comparison_.evaluate_seeds = std::move(sampled.evaluate_seeds);
    comparison_.notes.insert(comparison_.notes.end(), sampled.notes.begin(), sampled.notes.end());
  }

  AgentSummary summarise(const std::string& label) const {
    AgentSummary agent;
    agent.label = label;
    const std::vector<const Run*> mine = runs_of(label);
    agent.kind = mine[0]->kind;
    agent.num_runs = static_cast<int>(mine.size());
    for (const Run* run : mine) {
      agent.learns = agent.learns || run->learns();
      agent.decisions += run->decisions / static_cast<double>(mine.size());
    }
    for (const MetricInfo& metric : comparison_.metrics)
      agent.metrics.push_back(measure(mine, metric));
    agent.constraints = constraints(mine);
    return agent;
  }

 private:
  std::vector<const Run*> runs_of(const std::string& label) const {
    std::vector<const Run*> found;
    for (const Run& run : runs_.runs)
      if (run.label == label) found.push_back(&run);
    return found;
  }

  /// The column in each of the runs; empty if one of them lacks it.
  std::vector<const Sampled*> columns(const std::vector<const Run*>& runs,
                                      const std::string& name) const {
    std::vector<const Sampled*> found;
    for (const Run* run : runs) {
      const RunColumns& all = sampled_.at(run);
      const auto column = all.find(name);
      if (column == all.end()) return {};
      found.push_back(&column->second);
    }
    return found;
  }

  MetricSummary measure(const std::vector<const Run*>& mine, const MetricInfo& metric) const {
    MetricSummary summary;
    const auto numerators = columns(mine, metric.numerator);
    if (numerators.empty()) {
      summary.value.value = from_daily(mine, metric);
      if (metric.has_lift && mine[0]->label != comparison_.reference)
        summary.lift.value =
            summary.value.value / from_daily(runs_of(comparison_.reference), metric) - 1;
      return summary;
    }
    const Sampled numerator = average(numerators);
    if (comparison_.tabular) {
      std::vector<Draws> draws;
      for (const Sampled* run : numerators) draws.push_back(run->draws);
      summary.value = draws.size() < 2
                          ? Estimate{numerator.mean, kNan, kNan}
                          : percentile_interval(numerator.mean, resample_runs(draws, rng()));
    } else if (metric.denominator[0] == '\0') {
      Draws draws = numerator.draws;
      for (double& draw : draws) draw /= comparison_.days;
      summary.value = percentile_interval(numerator.mean / comparison_.days, draws);
    } else {
      const auto denominators = columns(mine, metric.denominator);
      if (denominators.empty()) return summary;
      const Sampled denominator = average(denominators);
      Draws draws = numerator.draws;
      for (std::size_t b = 0; b < draws.size(); ++b) draws[b] /= denominator.draws[b];
      summary.value = percentile_interval(numerator.mean / denominator.mean, draws);
    }
    if (metric.has_lift && mine[0]->label != comparison_.reference) lift(mine, metric, summary);
    return summary;
  }

  /// Paired lift with its two-level interval; see the header.
  void lift(const std::vector<const Run*>& mine, const MetricInfo& metric,
            MetricSummary& summary) const {
    const std::vector<const Run*> theirs = runs_of(comparison_.reference);
    bool learned = false;
    std::vector<Pair> pairs;
    for (const Run* run : mine) {
      std::vector<const Run*> partners;
      for (const Run* other : theirs)
        if (other->evaluate_seed == run->evaluate_seed) partners.push_back(other);
      const bool own_base = metric.lift_base[0] == '\0';
      const auto own = columns({run}, metric.numerator);
      const auto other = columns(partners, metric.numerator);
      const auto other_base = columns(partners, own_base ? metric.numerator : metric.lift_base);
      if (own.empty() || other.empty() || other_base.empty()) continue;
      learned = learned || run->learns() || partners[0]->learns();
      Sampled partner = partner_of(other, partners[0]->learns(), rng(static_cast<std::uint64_t>(run->evaluate_seed) + 1));
      Sampled gap = *own[0];
      gap.mean -= partner.mean;
      for (std::size_t b = 0; b < gap.draws.size(); ++b) gap.draws[b] -= partner.draws[b];
      pairs.push_back({std::move(gap), own_base ? std::move(partner) : average(other_base)});
    }
    double base = 0;
    for (const Pair& pair : pairs) base += pair.base.mean;
    if (base == 0) return;
    const Lift lift = lift_of(pairs, learned, rng());
    summary.lift = lift.value;
    summary.lift_standard_error = lift.standard_error;
    if (comparison_.tabular && pairs.size() < 2) summary.lift.lo = summary.lift.hi = kNan;
  }

  /// Metrics that older files or users' own tables only hold per day.
  double from_daily(const std::vector<const Run*>& mine, const MetricInfo& metric) const {
    const std::string name = metric.name;
    double sum = 0;
    for (const Run* run : mine) {
      const std::string where = run->path + " /daily";
      if (run->daily.num_rows() == 0) return kNan;
      const std::vector<double> dau = numbers(run->daily, "dau", where);
      double top = 0, bottom = 0;
      if (name == "live_dau_share" || name == "live_dau") {
        const bool share = name == "live_dau_share";
        const std::vector<double> live = numbers(run->daily, "live_dau", where);
        const std::vector<double> all = share ? dau : numbers(run->daily, "users", where);
        for (std::size_t i = 0; i < dau.size(); ++i) top += live[i], bottom += all[i];
      } else if (name == "retention_d1") {
        const std::vector<double> retention = numbers(run->daily, "retention_d1", where);
        for (std::size_t i = 0; i < dau.size(); ++i)  // unknown on the last day
          if (!std::isnan(retention[i])) top += retention[i] * dau[i], bottom += dau[i];
      }
      sum += bottom > 0 ? top / bottom : kNan;
    }
    return sum / static_cast<double>(mine.size());
  }

  std::vector<ConstraintSummary> constraints(const std::vector<const Run*>& mine) const {
    std::vector<ConstraintSummary> found;
    for (const Run* run : mine) {
      if (run->constraints.num_rows() == 0) continue;
      const std::string where = run->path + " /constraints";
      const std::vector<std::string> names = texts(run->constraints, "name", where);
      const std::vector<std::string> references = texts(run->constraints, "reference", where);
      const std::vector<double> at = numbers(run->constraints, "decisions", where);
      const std::vector<double> value = numbers(run->constraints, "value", where);
      const std::vector<double> limit = numbers(run->constraints, "limit", where);
      const std::vector<double> multiplier = numbers(run->constraints, "multiplier", where);
      const double last = *std::max_element(at.begin(), at.end());
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (at[i] != last) continue;
        auto one = std::find_if(found.begin(), found.end(),
                                [&](const auto& c) { return c.name == names[i]; });
        if (one == found.end()) {
          found.emplace_back();
          one = std::prev(found.end());
          one->name = names[i];
          one->reference = references[i];
          one->value.value = 0;
        }
        one->value.value += value[i];
        one->limit += limit[i];
        one->multiplier += multiplier[i];
        one->violation += std::max(0.0, value[i] - limit[i]) / std::max(std::abs(limit[i]), 1e-12);
        one->num_violated += value[i] > limit[i] ? 1 : 0;
        one->num_runs += 1;
      }
    }
    for (ConstraintSummary& one : found) {
      const auto n = static_cast<double>(one.num_runs);
      one.value.value /= n;
      one.limit /= n;
      one.multiplier /= n;
      one.violation /= n;
      const auto costs = columns(mine, one.name);
      if (comparison_.tabular || costs.empty()) continue;
      Draws draws = average(costs).draws;
      for (double& draw : draws) draw /= comparison_.days;
      one.value = percentile_interval(one.value.value, draws);
    }
    return found;
  }

  Rng rng(std::uint64_t key = 0) const {
    return Seed(options_.seed).stream(Purpose::kBootstrap, key, 0, 2);
  }

  const Runs& runs_;
  const StatisticsOptions& options_;
  Comparison& comparison_;
  std::map<const Run*, RunColumns> sampled_;
};

void resolve_detectable_lift(Comparison& comparison) {
  std::vector<double> lifts;
  for (const AgentSummary& agent : comparison.agents)
    if (agent.metrics[0].lift_standard_error > 0)
      lifts.push_back(minimum_detectable_lift(agent.metrics[0].lift_standard_error));
  comparison.detectable_lift = quantile(lifts, 0.5);
  comparison.detectable_nearest = quantile(lifts, 0);
  comparison.detectable_farthest = quantile(lifts, 1);
}

}  // namespace

// Gained by a policy in its objective, as a share of the reference's live watch.
constexpr MetricInfo kObjective = {"objective", "objective", "s/user-day", 1, "objective", "", true, "live_watch_s"};

const std::vector<MetricInfo>& feed_metrics() {
  static const std::vector<MetricInfo> metrics = {
      {"live_watch", "live watch", "s/user-day", 1, "live_watch_s", "", true},
      {"app_usage", "app usage", "s/user-day", 1, "app_usage_s", "", true},
      {"live_dau", "live DAU", "% of users", 100, "live_days", "", true},
      {"live_dau_share", "live DAU/DAU", "%", 100, "live_days", "active_days", false},
      {"retention_d1", "D1", "%", 100, "", "", false},
      {"injection_rate", "injected", "% of requests", 100, "injections", "length", false},
      {"entries", "entries", "1/user-day", 1, "entries", "", true},
      {"skip_share", "skipped", "% of entries", 100, "skips", "entries", false},
  };
  return metrics;
}

const std::vector<MetricInfo>& tabular_metrics() {
  static const std::vector<MetricInfo> metrics = {
      {"return", "return J_R", "discounted", 1, "return", "", true}};
  return metrics;
}

const AgentSummary* Comparison::find(const std::string& label) const {
  for (const AgentSummary& agent : agents)
    if (agent.label == label) return &agent;
  return nullptr;
}

Comparison compare(const Runs& runs, const StatisticsOptions& options) {
  if (options.resamples < 100)
    throw usage_error(fmt::format("{} resamples: at least 100 are needed", options.resamples));
  Comparison comparison;
  comparison.reference = choose_reference(runs.labels(), options);
  comparison.tabular = runs.runs[0].episodes.num_rows() == 0;
  comparison.days = runs.runs[0].eval_days;
  comparison.optimum = runs.runs[0].optimum_return;
  for (const Run& run : runs.runs) {
    if ((run.episodes.num_rows() == 0) != comparison.tabular)
      throw data_error(
          fmt::format("{} and {}: one has user episodes, the other not: compare them "
                      "separately",
                      runs.runs[0].path, run.path));
    if (run.eval_days != comparison.days)
      throw data_error(
          fmt::format("{} was evaluated for {} days and {} for {}: compare them separately",
                      runs.runs[0].path, comparison.days, run.path, run.eval_days));
  }
  comparison.metrics = comparison.tabular ? tabular_metrics() : feed_metrics();
  if (const Column* objective = runs.runs[0].episodes.find("objective")) {
    comparison.metrics.push_back(kObjective);
    comparison.objective = objective->description;
  }
  if (!comparison.tabular && !(comparison.days > 0))
    throw data_error(runs.runs[0].path + ": eval_days is not positive");
  comparison.notes = runs.notes;
  const Comparer comparer(runs, options, comparison);
  for (const std::string& label : runs.labels())
    comparison.agents.push_back(comparer.summarise(label));
  // Rules first, then learners.
  std::stable_partition(comparison.agents.begin(), comparison.agents.end(),
                        [](const AgentSummary& agent) { return !agent.learns; });
  resolve_detectable_lift(comparison);
  if (!comparison.tabular) comparison.health = critic_health(runs);
  return comparison;
}

}  // namespace sluice
