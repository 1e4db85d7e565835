#include "analysis/matched.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "analysis/sampled_runs.h"
#include "sim/check.h"

namespace sluice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kRounding = 1e-9;  // a policy meets the limit that its own cost is
constexpr const char* kWatch = "live_watch_s";

std::string family_of(const std::string& label) { return label.substr(0, label.find('-')); }

/// A family's policies under one training and one evaluate seed.
struct Front {
  std::int64_t evaluate_seed = 0;
  std::vector<const RunColumns*> runs;
};
using Point = std::pair<double, double>;
struct FrontWatch {
  const Front* front = nullptr;
  bool is_unbound = false;
  Sampled watch;  // live watch within c*; NaN: no point
};

/// The limit of the cost in the runs' last evaluations, mean over evaluate seeds, however many runs each has.
double limit_of(const Runs& runs, const std::string& cost) {
  std::map<std::int64_t, std::vector<double>> limits;
  for (const Run& run : runs.runs) {
    if (run.constraints.num_rows() == 0) continue;
    const std::string where = run.path + " /constraints";
    const std::vector<std::string> names = texts(run.constraints, "name", where);
    const std::vector<double> limit = numbers(run.constraints, "limit", where);
    for (std::size_t i = names.size(); i-- > 0;)
      if (names[i] == cost) {
        limits[run.evaluate_seed].push_back(limit[i]);
        break;
      }
  }
  if (limits.empty())
    throw usage_error(
        fmt::format("--matched {0}: no run has a limit on it; give the value per user-day: --matched {0}=VALUE", cost));
  std::vector<double> means;
  for (const auto& [seed, all] : limits) means.push_back(mean(all));
  return mean(means);
}

class Matcher {
 public:
  Matcher(const Runs& runs, const MatchedOptions& matched, const StatisticsOptions& options)
      : cost_(matched.cost),
        options_(options),
        days_(runs.runs[0].eval_days),
        sampled_(sample_users(runs, options, {matched.cost})) {
    std::map<std::int64_t, std::vector<const Sampled*>> costs;
    for (const Run& run : runs.runs) {
      const RunColumns& columns = sampled_.columns.at(&run);
      if (columns.count(cost_) == 0)
        throw usage_error("--matched " + cost_ + ": not in /episodes of all runs; the feed has cost_usage, cost_time, "
                          "cost_retention, cost_skip");
      costs[run.evaluate_seed].push_back(&columns.at(cost_));
      if (run.kind == "never") {
        never_[run.evaluate_seed].push_back(&columns);
        continue;
      }
      Front& front = fronts_[family_of(run.label)][{run.evaluate_seed, run.seed}];
      front.evaluate_seed = run.evaluate_seed;
      front.runs.push_back(&columns);
    }
    const bool by_never = std::all_of(costs.begin(), costs.end(), [&](const auto& one) {
      const auto never = never_.find(one.first);
      return never != never_.end() && never->second[0]->at(cost_).mean != 0;  // cost_usage is 0 without injections
    });
    for (const auto& [seed, all] : costs) {
      scale_[seed] = by_never ? never_.at(seed)[0]->at(cost_) : average(all);
      mean_cost_ += scale_[seed].mean / static_cast<double>(costs.size());
    }
    if (mean_cost_ == 0) throw data_error("--matched " + cost_ + ": it is 0 in all runs");
    value_ = matched.value ? *matched.value : limit_of(runs, cost_);
  }

  double value() const { return value_; }
  const std::vector<std::string>& notes() const { return sampled_.notes; }
  std::vector<std::string> families() const {
    std::vector<std::string> names;
    for (const auto& [name, fronts] : fronts_) names.push_back(name);
    return names;
  }

  /// Live watch within c* of each front of the family.
  std::vector<FrontWatch> within(const std::string& family) const {
    std::vector<FrontWatch> found;
    for (const auto& [seeds, front] : fronts_.at(family)) {
      const Sampled& scale = scale_.at(front.evaluate_seed);
      const auto limit = [&](double cost) { return value_ * cost / mean_cost_; };
      const Within mean = read(front, limit(scale.mean), [](const Sampled& s) { return s.mean; });
      found.push_back({&front, mean.is_unbound, {mean.value, {}}});
      Draws& draws = found.back().watch.draws;
      for (std::size_t b = 0; b < scale.draws.size(); ++b)
        draws.push_back(read(front, limit(scale.draws[b]), [&](const Sampled& s) { return s.draws[b]; }).value);
    }
    return found;
  }

  Rng rng(std::uint64_t key = 0) const { return Seed(options_.seed).stream(Purpose::kBootstrap, key, 0, 2); }

 private:
  Within read(const Front& front, double limit, const auto& value_of) const {
    std::vector<Point> points;
    const auto add = [&](const RunColumns& run) {
      points.emplace_back(value_of(run.at(cost_)) / days_, value_of(run.at(kWatch)) / days_);
    };
    for (const RunColumns* run : front.runs) add(*run);
    if (const auto never = never_.find(front.evaluate_seed); never != never_.end()) add(*never->second[0]);
    return highest_within(std::move(points), limit);
  }

  const std::string cost_;
  const StatisticsOptions& options_;
  const double days_;
  SampledRuns sampled_;
  double value_ = 0, mean_cost_ = 0;
  std::map<std::string, std::map<std::pair<std::int64_t, std::int64_t>, Front>> fronts_;
  std::map<std::int64_t, std::vector<const RunColumns*>> never_;
  std::map<std::int64_t, Sampled> scale_;  // what c* is in proportion to, by evaluate seed
};

/// No interval ends below what the value can be.
Estimate at_least(double least, Estimate estimate) {
  estimate.lo = std::max(estimate.lo, least);  // NaN stays
  return estimate;
}

/// Mean over fronts, with its interval.
Estimate mean_of(const std::vector<FrontWatch>& fronts, Rng rng) {
  std::vector<const Sampled*> all;
  for (const FrontWatch& one : fronts) all.push_back(&one.watch);
  const Sampled mean = partner_of(all, true, rng);
  return at_least(0, percentile_interval(mean.mean, mean.draws));
}

std::vector<FrontPoint> points_of(const Runs& runs, const std::string& cost, const auto& belongs) {
  std::map<std::string, std::pair<FrontPoint, double>> sums;
  for (const Run& run : runs.runs) {
    if (!belongs(run)) continue;
    auto& [point, n] = sums[run.label];
    const std::string where = run.path + " /episodes";
    const std::vector<double> costs = numbers(run.episodes, cost, where), watch = numbers(run.episodes, kWatch, where);
    const std::vector<std::int64_t> ids = integers(run.episodes, "user_id", where);
    const double user_days = run.eval_days * static_cast<double>(std::set<std::int64_t>(ids.begin(), ids.end()).size());
    point.label = run.label;
    for (const double c : costs) point.cost += c / user_days;
    for (const double w : watch) point.live_watch += w / user_days;
    n += 1;
  }
  std::vector<FrontPoint> points;
  for (const auto& [label, sum] : sums) points.push_back({label, sum.first.cost / sum.second, sum.first.live_watch / sum.second});
  std::sort(points.begin(), points.end(), [](const FrontPoint& a, const FrontPoint& b) { return a.live_watch > b.live_watch; });
  return points;
}

/// Lift over the reference and P(better), front by front against the reference's fronts on the same evaluate seed.
void against(const std::vector<FrontWatch>& mine, const std::vector<FrontWatch>& theirs,
             const Matcher& matcher, MatchedFamily& family) {
  std::vector<Pair> pairs;
  std::map<std::int64_t, std::pair<std::vector<double>, std::vector<double>>> values;  // by evaluate seed
  for (const auto& [front, is_unbound, own] : mine) {
    std::vector<const Sampled*> partners;
    std::vector<double> means;
    for (const auto& [other, is_other_unbound, at] : theirs) {
      if (other->evaluate_seed != front->evaluate_seed) continue;
      partners.push_back(&at);
      means.push_back(at.mean);
    }
    if (partners.empty()) continue;
    values[front->evaluate_seed].first.push_back(own.mean);
    values[front->evaluate_seed].second = means;
    Sampled partner = partner_of(partners, true, matcher.rng(static_cast<std::uint64_t>(front->evaluate_seed) + 1));
    Sampled gap = own;
    gap.mean -= partner.mean;
    for (std::size_t b = 0; b < gap.draws.size(); ++b) gap.draws[b] -= partner.draws[b];
    pairs.push_back({std::move(gap), std::move(partner)});
  }
  const auto reached = [](const Pair& pair) { return !std::isnan(pair.base.mean); };
  if (pairs.empty() || !std::all_of(pairs.begin(), pairs.end(), reached)) return;
  family.lift = at_least(-1, lift_of(pairs, true, matcher.rng()).value);
  std::vector<double> shares;
  for (const auto& [seed, pair] : values) shares.push_back(probability_of_improvement(pair.first, pair.second));
  family.probability = mean(shares);
}

}  // namespace

MatchedOptions parse_matched(const std::string& text) {
  const auto equals = text.find('=');
  MatchedOptions options{.cost = text.substr(0, equals), .value = std::nullopt};
  if (equals == std::string::npos) return options;
  double value = 0;
  const char *begin = text.data() + equals + 1, *const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || rest != end || !std::isfinite(value) || equals == 0)
    throw usage_error("--matched " + text + ": must be COST or COST=VALUE, e.g. cost_time=-12000");
  options.value = value;
  return options;
}

Within highest_within(std::vector<Point> points, double limit) {
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.second > b.second || (a.second == b.second && a.first < b.first); });
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto [cost, value] = points[i];
    if (cost > limit + kRounding * std::abs(limit)) continue;
    if (i == 0) return {value, true};
    const auto [cost_above, value_above] = points[i - 1];
    return {value + (value_above - value) * std::max(limit - cost, 0.0) / (cost_above - cost), false};
  }
  return {kNan, false};
}

Matched compare_matched(const Runs& runs, const MatchedOptions& options, const StatisticsOptions& statistics) {
  for (const Run& run : runs.runs)
    if (run.episodes.num_rows() == 0 || run.eval_days != runs.runs[0].eval_days || !(run.eval_days > 0))
      throw data_error("--matched: " + run.path + ": runs on the feed are needed, all evaluated for the same number of days");
  const Matcher matcher(runs, options, statistics);
  Matched matched{.cost = options.cost, .reference = {}, .value = matcher.value(), .num_evaluate_seeds = 0, .never = std::nullopt, .families = {}, .notes = runs.notes};
  matched.notes.insert(matched.notes.end(), matcher.notes().begin(), matcher.notes().end());
  std::set<std::int64_t> seeds;
  for (const Run& run : runs.runs) seeds.insert(run.evaluate_seed);
  matched.num_evaluate_seeds = static_cast<int>(seeds.size());
  const std::vector<FrontPoint> never = points_of(runs, options.cost, [](const Run& run) { return run.kind == "never"; });
  if (!never.empty()) matched.never = never[0];
  if (matcher.families().empty()) throw data_error("--matched: there is nothing but `never`");
  matched.reference = choose_reference(matcher.families(), statistics);
  const auto theirs = matcher.within(matched.reference);
  for (const std::string& name : matcher.families()) {
    MatchedFamily family{.name = name, .probability = kNan};
    family.points = points_of(runs, options.cost, [&](const Run& run) { return run.kind != "never" && family_of(run.label) == name; });
    const auto mine = matcher.within(name);
    family.num_fronts = static_cast<int>(mine.size());
    std::set<std::int64_t> met;
    for (const FrontWatch& one : mine) met.insert(one.front->evaluate_seed);
    if (met.size() < seeds.size()) matched.notes.push_back(fmt::format("{} has runs on {} of {} evaluate seeds only", name, met.size(), seeds.size()));
    family.num_within = static_cast<int>(std::count_if(mine.begin(), mine.end(), [](const FrontWatch& front) { return !std::isnan(front.watch.mean); }));
    family.num_unbound = static_cast<int>(std::count_if(mine.begin(), mine.end(), [](const FrontWatch& front) { return front.is_unbound; }));
    if (family.num_within == family.num_fronts) {
      family.live_watch = mean_of(mine, matcher.rng());
      if (name != matched.reference) against(mine, theirs, matcher, family);
    }
    matched.families.push_back(std::move(family));
  }
  std::stable_sort(matched.families.begin(), matched.families.end(), [](const MatchedFamily& a, const MatchedFamily& b) {
    const double x = a.live_watch.value, y = b.live_watch.value;
    return std::isnan(y) ? !std::isnan(x) : x > y;
  });
  return matched;
}

}  // namespace sluice
