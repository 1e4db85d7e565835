#include "experiments/plan.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

#include "agents/multipliers.h"
#include "agents/planner_features.h"
#include "agents/user_groups.h"
#include "experiments/interrupt.h"
#include "experiments/policy_loop.h"
#include "experiments/progress.h"
#include "sim/distributions.h"

namespace sluice {
namespace {

// How much more of a carried state is given in step 1: small against what users have of it (habit gains .05
// by a watch of two minutes, satisfaction 1 by one of five), large enough to be seen.
constexpr double kMoreHabit = 0.3, kMoreSatisfaction = 2;
// Of the mean diagonal of XᵀX: keeps the quadratic terms of thin groups at bay.
constexpr double kRidge = 1e-3;

/// One request that was continued twice.
struct Pair {
  std::uint8_t group = 0;
  float advantage_s = 0;            // J(1) − J(0) to midnight
  float habit = 0, satisfaction = 0;  // carried(1) − carried(0)
  float watch_s = 0, mean_watch_s = 0;  // y and E[y] of the injected page
};

class Planning {
 public:
  Planning(Worlds& worlds, const FeedConfig& config, const PlannerConfig& planner, std::uint64_t seed)
      : planner_(planner), seed_{seed}, world_(worlds.fork(config, {planner.users, seed})), features_(world_->spec()),
        boundaries_(planner.boundaries_s.begin(), planner.boundaries_s.end()), num_groups_(boundaries_.size() + 2),
        prices_(Multipliers(FixedMultiplierConfig{planner.prices}, world_->spec()).values()) {
    const double burnt_in = static_cast<double>(config.burn_in.days) * planner.users;
    requests_per_user_day_ = burnt_in > 0 ? static_cast<double>(world_->num_decisions()) / burnt_in : 60;
  }

  PlanRound round(int index, Progress& progress);
  Plan result;

 private:
  double objective(const FeedTotals& totals) const;
  std::unique_ptr<Agent> policy(const FeedWorld& world) const;
  std::vector<double> objective_by_user(std::unique_ptr<FeedWorld> world);
  std::vector<std::vector<double>> carried_values();
  void collect(int round, Progress& progress, PlanRound& out);
  void continue_twice(const RequestBatch& requests, std::span<const Decision> decisions, Seconds midnight, std::uint64_t key);
  double fit(int round, const std::vector<std::vector<double>>& values);

  const PlannerConfig& planner_;
  const Seed seed_;
  std::unique_ptr<FeedWorld> world_;
  const PlannerFeatures features_;
  const std::vector<float> boundaries_;
  const std::size_t num_groups_;
  const std::vector<double> prices_;
  double requests_per_user_day_ = 0;
  std::vector<Pair> pairs_;
  std::vector<float> inputs_;  // [pair × inputs]
};

double Planning::objective(const FeedTotals& totals) const {
  std::array<double, kNumFeedTotals> sums{};
  std::ranges::copy(totals, sums.begin());
  const auto costs = feed_costs(sums);
  double value = sums[kLiveWatch];
  for (std::size_t i = 0; i < kNumFeedCosts; ++i) value -= prices_[i] * costs[i];
  return value;
}

std::unique_ptr<Agent> Planning::policy(const FeedWorld& world) const {
  auto agent = make(planner_, world.spec(), seed_);
  if (result.table.weights.empty()) return agent;
  AgentState state;
  save(result.table, state);
  agent->load(state);
  return agent;
}

std::vector<double> Planning::objective_by_user(std::unique_ptr<FeedWorld> world) {
  world->begin_phase({.days = planner_.carry_days, .observations = Observations::kBuildWithLatent, .at_horizon = AtHorizon::kStop});
  result.decisions += run_policy(*world, *policy(*world));
  std::vector<double> values;
  for (int user = 0; user < world->spec().num_users; ++user) values.push_back(objective(world->days_so_far(user)));
  return values;
}

// v_g,w per unit: [which][group].
std::vector<std::vector<double>> Planning::carried_values() {
  const std::vector<double> base = objective_by_user(world_->fork());
  std::vector<std::vector<double>> values;
  for (std::size_t which = 0; which < 2; ++which) {
    const double amount = which == 0 ? kMoreHabit : kMoreSatisfaction;
    auto world = world_->fork();
    world->add_carried(which, static_cast<float>(amount));
    const std::vector<double> more = objective_by_user(std::move(world));
    std::vector<double> sum(num_groups_), n(num_groups_);
    for (std::size_t user = 0; user < base.size(); ++user) {
      const std::size_t g = group_of(world_->group_keys()[user], boundaries_, static_cast<int>(num_groups_));
      sum[g] += (more[user] - base[user]) / amount;
      n[g] += 1;
    }
    for (std::size_t g = 0; g < num_groups_; ++g) sum[g] /= std::max(1.0, n[g]);
    values.push_back(sum);
  }
  return values;
}

void Planning::continue_twice(const RequestBatch& requests, std::span<const Decision> decisions, Seconds midnight, std::uint64_t key) {
  Branch branch{.rows = {}, .luck = {}, .shared = Seed{seed_.stream(Purpose::kRollout, key)()},
                .days = (midnight - world_->now()) / kDay, .at_horizon = AtHorizon::kStop};
  std::vector<Decision> answers;
  for (std::size_t i = 0; i < requests.size(); ++i)
    for (std::uint8_t action = 0; action < 2; ++action) {
      branch.rows.push_back(i);
      branch.luck.push_back(static_cast<std::uint32_t>(seed_.stream(Purpose::kRollout, key, i + 1)()));
      answers.push_back({.action = action, .group = decisions[i].group});
    }
  const auto world = world_->branch_feed(branch, Transitions::kSkip);
  const auto agent = policy(*world);
  agent->begin_day(0, world->group_keys());
  world->send(answers);
  const std::size_t width = static_cast<std::size_t>(world->spec().schema.width), latents = world->spec().latent_names.size();
  std::vector<double> x(features_.num_inputs());
  const std::size_t first = pairs_.size();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    features_.inputs(requests.observation.data() + i * width, requests.latent.data() + i * latents, x);
    for (const double value : x) inputs_.push_back(static_cast<float>(value));
    pairs_.push_back({.group = decisions[i].group,
                      .watch_s = world->today(static_cast<int>(2 * i + 1))[kLiveWatch],
                      .mean_watch_s = static_cast<float>(x[features_.mean_watch()])});
  }
  for (;;) {
    const RequestBatch& next = world->recv();
    result.decisions += static_cast<std::int64_t>(next.size());
    if (next.size() == 0) break;
    answers.resize(next.size());
    agent->act(next, Mode::kEvaluate, answers);
    world->send(answers);
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const int without = static_cast<int>(2 * i), with = without + 1;
    const auto gain = [&](std::size_t which) {
      return world->users().carried(with, which, midnight) - world->users().carried(without, which, midnight);
    };
    Pair& pair = pairs_[first + i];
    pair.advantage_s = static_cast<float>(objective(world->days_so_far(with)) - objective(world->days_so_far(without)));
    pair.habit = gain(0);
    pair.satisfaction = gain(1);
  }
}

// Step 2, and what the policy itself achieves.
void Planning::collect(int round, Progress& progress, PlanRound& out) {
  pairs_.clear();
  inputs_.clear();
  FeedWorld& world = *world_;
  const auto agent = policy(world);
  world.begin_phase({.days = planner_.days, .observations = Observations::kBuildWithLatent, .at_horizon = AtHorizon::kStop});
  const double share = std::min(1.0, planner_.pairs / (requests_per_user_day_ * planner_.users * planner_.days));
  std::vector<Decision> decisions;
  std::uint64_t batch = 0;
  for (int day = -1;; ++batch) {
    stop_if_interrupted();
    const RequestBatch& requests = world.recv();
    if (requests.size() == 0) break;
    for (; day < world.day(); ++day) agent->begin_day(day + 1, world.group_keys());
    decisions.resize(requests.size());
    agent->act(requests, Mode::kEvaluate, decisions);
    const auto window = static_cast<std::uint64_t>(world.now());
    Rng chance = seed_.stream(Purpose::kRollout, static_cast<std::uint64_t>(round), window, 1);
    if (uniform_double(chance) < share) {
      const Seconds midnight = (std::floor(world.now() / kDay) + 1) * kDay;
      continue_twice(requests, decisions, midnight, static_cast<std::uint64_t>(round) << 32 | batch);
      progress.set(static_cast<std::int64_t>(pairs_.size()) + static_cast<std::int64_t>(planner_.pairs) * round);
    }
    world.send(decisions);
  }
  result.decisions += world.num_decisions();
  const std::vector<double> totals = world.total_means();
  FeedTotals means{};
  for (std::size_t i = 0; i < kNumFeedTotals; ++i) means[i] = static_cast<float>(totals[i]);
  out.objective_s = objective(means);
  out.injection_rate = totals[kInjections] / std::max(1e-9, totals[kRequests]);
  out.pairs = static_cast<std::int64_t>(pairs_.size());
}

// Steps 3 and 4; returns the share of variance explained.
double Planning::fit(int round, const std::vector<std::vector<double>>& values) {
  const std::size_t k = features_.num_inputs();
  PlannerTable& table = result.table;
  if (table.mean.empty()) {  // the scale of the first round stays, so that coefficients can be averaged
    std::vector<double> sum(k), squares(k);
    const auto n = static_cast<double>(pairs_.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const auto x = static_cast<double>(inputs_[i]);
      sum[i % k] += x;
      squares[i % k] += x * x;
    }
    for (std::size_t j = 0; j < k; ++j) {
      table.mean.push_back(sum[j] / n);
      table.scale.push_back(std::sqrt(std::max(1e-12, squares[j] / n - sum[j] / n * (sum[j] / n))));
    }
  }
  const auto size = static_cast<Eigen::Index>(features_.size());
  std::vector<std::vector<double>> weights;
  double unexplained = 0, total = 0;
  for (std::size_t g = 0; g < num_groups_; ++g) {
    std::vector<std::size_t> rows;
    double watch = 0, mean_watch = 0;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      if (pairs_[i].group != g) continue;
      rows.push_back(i);
      watch += static_cast<double>(pairs_[i].watch_s);
      mean_watch += static_cast<double>(pairs_[i].mean_watch_s);
    }
    if (rows.empty()) throw data_error("planner: no request of a user of group " + std::to_string(g) + " was met; raise agent.users or agent.pairs, or change agent.boundaries_s");
    const double kappa = mean_watch > 0 ? watch / mean_watch : 0;
    const auto n = static_cast<Eigen::Index>(rows.size());
    Eigen::VectorXd target(n), variate(n);
    Eigen::MatrixXd design(n, size);
    std::vector<double> x(k), features(features_.size());
    for (Eigen::Index r = 0; r < n; ++r) {
      const std::size_t i = rows[static_cast<std::size_t>(r)];
      const Pair& p = pairs_[i];
      target[r] = static_cast<double>(p.advantage_s) + values[0][g] * static_cast<double>(p.habit) + values[1][g] * static_cast<double>(p.satisfaction);
      variate[r] = static_cast<double>(p.watch_s) - kappa * static_cast<double>(p.mean_watch_s);
      for (std::size_t j = 0; j < k; ++j) x[j] = static_cast<double>(inputs_[i * k + j]);
      PlannerFeatures::standardise(x, table.mean, table.scale);
      PlannerFeatures::expand(x, features);
      design.row(r) = Eigen::Map<const Eigen::RowVectorXd>(features.data(), size);
    }
    const double variance = variate.squaredNorm();
    if (variance > 0) {
      const double mean = target.mean();
      target -= variate * (variate.dot((target.array() - mean).matrix()) / variance);
    }
    Eigen::MatrixXd gram = design.transpose() * design;
    gram.diagonal().tail(size - 1).array() += kRidge * gram.diagonal().mean();
    const Eigen::VectorXd solution = gram.ldlt().solve(design.transpose() * target);
    unexplained += (target - design * solution).squaredNorm();
    total += (target.array() - target.mean()).matrix().squaredNorm();
    weights.emplace_back(solution.data(), solution.data() + size);
  }
  if (round >= 2)  // rounds are numbered from 0: the first is left behind
    for (std::size_t g = 0; g < num_groups_; ++g)
      for (std::size_t j = 0; j < weights[g].size(); ++j)
        weights[g][j] = (table.weights[g][j] * (round - 1) + weights[g][j]) / round;
  table.weights = std::move(weights);
  return 1 - unexplained / std::max(1e-12, total);
}

PlanRound Planning::round(int index, Progress& progress) {
  PlanRound out;
  const auto values = carried_values();
  collect(index, progress, out);
  out.explained = fit(index, values);
  out.habit_value_s = values[0];
  out.satisfaction_value_s = values[1];
  return out;
}

}  // namespace

Plan make_plan(Worlds& worlds, const FeedConfig& config, const PlannerConfig& planner, std::uint64_t seed, const std::string& label) {
  Progress progress(label + ": planning", static_cast<std::int64_t>(planner.pairs) * planner.rounds, "pairs");
  Planning planning(worlds, config, planner, seed);
  for (int i = 0; i < planner.rounds; ++i) planning.result.rounds.push_back(planning.round(i, progress));
  progress.done();
  return std::move(planning.result);
}

Table Plan::rounds_table() const {
  std::vector<std::int64_t> round, pairs;
  std::vector<double> objective, injection_rate, explained;
  for (const PlanRound& r : rounds) {
    round.push_back(static_cast<std::int64_t>(round.size()) + 1);
    pairs.push_back(r.pairs);
    objective.push_back(r.objective_s);
    injection_rate.push_back(r.injection_rate);
    explained.push_back(r.explained);
  }
  Table columns{{{"round", "1", "round of policy iteration", round},
               {"pairs", "1", "requests continued twice", pairs},
               {"objective_s", "s", "live watch minus priced costs per user-day of the policy that the round started from", objective},
               {"injection_rate", "1", "injections per request of that policy", injection_rate},
               {"explained", "1", "share of the variance of the advantage that the regression explains", explained}}};
  for (std::size_t g = 0; !rounds.empty() && g < rounds[0].habit_value_s.size(); ++g) {
    std::vector<double> habit, satisfaction;
    for (const PlanRound& r : rounds) {
      habit.push_back(r.habit_value_s[g]);
      satisfaction.push_back(r.satisfaction_value_s[g]);
    }
    columns.columns.push_back({"habit_value_g" + std::to_string(g), "s", "objective brought by a unit of habit left at midnight, users of this group", habit});
    columns.columns.push_back({"satisfaction_value_g" + std::to_string(g), "s", "the same of satisfaction", satisfaction});
  }
  return columns;
}

}  // namespace sluice
