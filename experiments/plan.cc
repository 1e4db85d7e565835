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

// How much more of a carried state is given in step 1: of the size of what users have of it (habit gains .05
// by a watch of two minutes, satisfaction 1 by one of five), large enough to be seen.
constexpr std::array<double, 2> kMore = {0.5, 2};
// Of the mean diagonal of XᵀX: keeps the quadratic terms of thin groups at bay.
constexpr double kRidge = 1e-3;

/// One request that was continued twice: what the copy with the injection has more of by midnight.
struct Pair {
  std::uint8_t group = 0;
  float objective_s = 0;
  float habit = 0, satisfaction = 0;
  float watch_s = 0, mean_watch_s = 0;  // Σy and ΣE[y] over the injections
};

/// Live watch and its expectation where injected, of each user of a world.
struct Watch {
  explicit Watch(std::size_t users) : mean_s(users) {}
  void see(const RequestBatch& requests, std::span<const Decision> decisions, std::size_t latents, std::size_t column) {
    for (std::size_t i = 0; i < decisions.size(); ++i)
      if (decisions[i].action == 1)
        mean_s[static_cast<std::size_t>(requests.user[i])] += static_cast<double>(requests.latent[i * latents + column]);
  }
  std::vector<double> mean_s;
};

// Step 3: takes the part of `target` out that goes with watch − κ·mean_watch, κ the ratio of their totals.
void take_luck_out(Eigen::VectorXd& target, const Eigen::VectorXd& watch, const Eigen::VectorXd& mean_watch, double kappa) {
  const Eigen::VectorXd luck = watch - kappa * mean_watch;
  const double variance = luck.squaredNorm();
  if (variance > 0) target -= luck * (luck.dot((target.array() - target.mean()).matrix()) / variance);
}

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
  struct Outcome {
    Eigen::VectorXd objective_s, watch_s, mean_watch_s;  // [user]
  };
  Outcome play(std::unique_ptr<FeedWorld> world);
  void measure_carried_values(int round);
  void collect(int round, Progress& progress, PlanRound& out);
  void continue_twice(const RequestBatch& requests, std::span<const Decision> decisions, Seconds midnight, std::uint64_t key);
  double fit(int round);

  const PlannerConfig& planner_;
  const Seed seed_;
  std::unique_ptr<FeedWorld> world_;
  const PlannerFeatures features_;
  const std::vector<float> boundaries_;
  const std::size_t num_groups_;
  const std::vector<double> prices_;
  double requests_per_user_day_ = 0;
  std::vector<std::vector<double>> values_;  // v_g,w: [which][group], averages over the rounds
  std::vector<Pair> pairs_;
  std::vector<float> inputs_;  // [pair × inputs]
  std::vector<double> watch_s_, mean_watch_s_;  // [group] totals of all copies
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

Planning::Outcome Planning::play(std::unique_ptr<FeedWorld> world) {
  world->begin_phase({.days = planner_.carry_days, .observations = Observations::kBuildWithLatent, .at_horizon = AtHorizon::kStop});
  const auto agent = policy(*world);
  const auto users = static_cast<std::size_t>(world->spec().num_users);
  Watch watch(users);
  std::vector<Decision> decisions;
  for (int day = -1;;) {
    stop_if_interrupted();
    const RequestBatch& requests = world->recv();
    if (requests.size() == 0) break;
    for (; day < world->day(); ++day) agent->begin_day(day + 1, world->group_keys());
    decisions.resize(requests.size());
    agent->act(requests, Mode::kEvaluate, decisions);
    watch.see(requests, decisions, world->spec().latent_names.size(), features_.mean_watch());
    world->send(decisions);
  }
  result.decisions += world->num_decisions();
  Outcome outcome;
  const auto n = static_cast<Eigen::Index>(users);
  outcome.objective_s.resize(n);
  outcome.watch_s.resize(n);
  outcome.mean_watch_s = Eigen::Map<const Eigen::VectorXd>(watch.mean_s.data(), n);
  for (Eigen::Index user = 0; user < n; ++user) {
    const FeedTotals& totals = world->days_so_far(static_cast<int>(user));
    outcome.objective_s[user] = objective(totals);
    outcome.watch_s[user] = static_cast<double>(totals[kLiveWatch]);
  }
  return outcome;
}

// Step 1.
void Planning::measure_carried_values(int round) {
  const Outcome base = play(world_->fork());
  const double kappa = base.watch_s.sum() / std::max(1e-9, base.mean_watch_s.sum());
  values_.resize(kMore.size(), std::vector<double>(num_groups_));
  for (std::size_t which = 0; which < kMore.size(); ++which) {
    auto world = world_->fork();
    world->add_carried(which, static_cast<float>(kMore[which]));
    const Outcome more = play(std::move(world));
    Eigen::VectorXd gain = (more.objective_s - base.objective_s) / kMore[which];
    take_luck_out(gain, (more.watch_s - base.watch_s) / kMore[which], (more.mean_watch_s - base.mean_watch_s) / kMore[which], kappa);
    std::vector<double> sum(num_groups_), n(num_groups_);
    for (Eigen::Index user = 0; user < gain.size(); ++user) {
      const std::size_t g = group_of(world_->group_keys()[static_cast<std::size_t>(user)], boundaries_, static_cast<int>(num_groups_));
      sum[g] += gain[user];
      n[g] += 1;
    }
    for (std::size_t g = 0; g < num_groups_; ++g)
      values_[which][g] += (sum[g] / std::max(1.0, n[g]) - values_[which][g]) / (round + 1);
  }
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
  Watch watch(answers.size());
  std::vector<double> x(features_.num_inputs());
  const std::size_t first = pairs_.size();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    features_.inputs(requests.observation.data() + i * width, requests.latent.data() + i * latents, x);
    for (const double value : x) inputs_.push_back(static_cast<float>(value));
    watch.mean_s[2 * i + 1] = x[features_.mean_watch()];
    pairs_.push_back({.group = decisions[i].group});
  }
  for (;;) {
    const RequestBatch& next = world->recv();
    result.decisions += static_cast<std::int64_t>(next.size());
    if (next.size() == 0) break;
    answers.resize(next.size());
    agent->act(next, Mode::kEvaluate, answers);
    watch.see(next, answers, latents, features_.mean_watch());
    world->send(answers);
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const int without = static_cast<int>(2 * i), with = without + 1;
    const auto gain = [&](std::size_t which) {
      return world->users().carried(with, which, midnight) - world->users().carried(without, which, midnight);
    };
    Pair& pair = pairs_[first + i];
    const FeedTotals &one = world->days_so_far(with), &none = world->days_so_far(without);
    pair.objective_s = static_cast<float>(objective(one) - objective(none));
    pair.habit = gain(0);
    pair.satisfaction = gain(1);
    pair.watch_s = one[kLiveWatch] - none[kLiveWatch];
    pair.mean_watch_s = static_cast<float>(watch.mean_s[2 * i + 1] - watch.mean_s[2 * i]);
    watch_s_[pair.group] += static_cast<double>(one[kLiveWatch] + none[kLiveWatch]);
    mean_watch_s_[pair.group] += watch.mean_s[2 * i + 1] + watch.mean_s[2 * i];
  }
}

// Step 2, and what the policy itself achieves.
void Planning::collect(int round, Progress& progress, PlanRound& out) {
  pairs_.clear();
  inputs_.clear();
  watch_s_.assign(num_groups_, 0);
  mean_watch_s_.assign(num_groups_, 0);
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
double Planning::fit(int round) {
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
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      if (pairs_[i].group == g) rows.push_back(i);
    if (rows.empty()) throw data_error("planner: no request of a user of group " + std::to_string(g) + " was met; raise agent.users or agent.pairs, or change agent.boundaries_s");
    const auto n = static_cast<Eigen::Index>(rows.size());
    Eigen::VectorXd target(n), watch(n), mean_watch(n);
    Eigen::MatrixXd design(n, size);
    std::vector<double> x(k), features(features_.size());
    for (Eigen::Index r = 0; r < n; ++r) {
      const std::size_t i = rows[static_cast<std::size_t>(r)];
      const Pair& p = pairs_[i];
      target[r] = static_cast<double>(p.objective_s) + values_[0][g] * static_cast<double>(p.habit) + values_[1][g] * static_cast<double>(p.satisfaction);
      watch[r] = static_cast<double>(p.watch_s);
      mean_watch[r] = static_cast<double>(p.mean_watch_s);
      for (std::size_t j = 0; j < k; ++j) x[j] = static_cast<double>(inputs_[i * k + j]);
      PlannerFeatures::standardise(x, table.mean, table.scale);
      PlannerFeatures::expand(x, features);
      design.row(r) = Eigen::Map<const Eigen::RowVectorXd>(features.data(), size);
    }
    take_luck_out(target, watch, mean_watch, watch_s_[g] / std::max(1e-9, mean_watch_s_[g]));
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
  measure_carried_values(index);
  collect(index, progress, out);
  out.explained = fit(index);
  out.habit_value_s = values_[0];
  out.satisfaction_value_s = values_[1];
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
