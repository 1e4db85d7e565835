#include "agents/monte_carlo.h"

#include <cmath>
#include <numeric>

#include "sim/check.h"

namespace sluice {
namespace {

/// Discounted sums of a world's copies until all of them are over.
class Returns {
 public:
  Returns(const EnvSpec& spec, const MonteCarloOptions& options)
      : spec_(spec), options_(options), sum_(static_cast<std::size_t>(spec.num_users)),
        weight_(sum_.size(), 1.0), left_(static_cast<std::int64_t>(sum_.size())) {}

  void add(const TransitionBatch& t) {
    factor_.resize(t.size());
    discount_factors(options_.discount, spec_.discount, t.elapsed_s, t.session_ended, t.terminated, factor_);
    for (std::size_t i = 0; i < t.size(); ++i) {
      const auto copy = static_cast<std::size_t>(t.user[i]);
      if (weight_[copy] == 0) continue;
      double gain = static_cast<double>(t.reward[i]);
      for (std::size_t c = 0; c < options_.multipliers.size(); ++c)
        gain -= options_.multipliers[c] * static_cast<double>(t.costs[i * static_cast<std::size_t>(t.num_costs) + c]);
      sum_[copy] += weight_[copy] * gain;
      weight_[copy] *= static_cast<double>(factor_[i]);
      if (weight_[copy] >= options_.tail && t.truncated[i] == 0) continue;
      weight_[copy] = 0;
      --left_;
    }
  }
  bool all_over() const { return left_ == 0; }
  std::int64_t left() const { return left_; }
  double of(std::size_t copy) const { return sum_[copy]; }

 private:
  const EnvSpec& spec_;
  const MonteCarloOptions& options_;
  std::vector<double> sum_, weight_;  // [copy]; weight 0: over
  std::vector<float> factor_;
  std::int64_t left_;
};

// π(·|s) of the first copy of every request, copies of a request lying together.
std::vector<float> probabilities_at(const Environment& world, Agent& policy, std::size_t num_requests) {
  const RequestBatch& batch = world.waiting();
  const auto width = static_cast<std::size_t>(world.spec().schema.width);
  const std::size_t copies = batch.size() / num_requests;
  std::vector<Decision> asked(batch.size());  // tells the groups
  policy.begin_day(0, world.group_keys());
  policy.act(batch, Mode::kEvaluate, asked);
  std::vector<float> observations;
  std::vector<std::uint8_t> groups;
  for (std::size_t copy = 0; copy < batch.size(); copy += copies) {
    const auto from = batch.observation.begin() + static_cast<std::ptrdiff_t>(copy * width);
    if (policy.needs_observations()) observations.insert(observations.end(), from, from + static_cast<std::ptrdiff_t>(width));
    groups.push_back(asked[copy].group);
  }
  std::vector<float> probability(num_requests * static_cast<std::size_t>(world.spec().num_actions));
  policy.probabilities(observations, groups, probability);
  return probability;
}

// Plays the copies of one path to their ends.
void play(Environment& world, Agent& policy, std::vector<Decision> decisions, Returns& returns, MonteCarloResult& result) {
  int day = world.day();
  policy.begin_day(0, world.group_keys());
  for (;;) {
    world.send(decisions);
    result.decisions += static_cast<std::int64_t>(decisions.size());
    const RequestBatch& requests = world.recv();
    returns.add(world.transitions());
    if (requests.size() == 0 || returns.all_over()) break;
    for (; day < world.day(); ++day) policy.begin_day(day + 1, world.group_keys());
    decisions.resize(requests.size());
    policy.act(requests, Mode::kEvaluate, decisions);
  }
  result.unfinished += returns.left();
}

}  // namespace

Estimate estimate(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  ENSURE(n >= 2, "two numbers at least");
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (n - 1) / n)};
}

MonteCarloResult monte_carlo(const Environment& environment, const std::vector<std::size_t>& rows,
                             const PolicyMaker& make_policy, const MonteCarloOptions& options, Seed seed) {
  ENSURE(options.paths >= 2 && options.rollouts_per_path >= 1, "two paths at least");
  const EnvSpec& spec = environment.spec();
  const auto num_actions = static_cast<std::size_t>(spec.num_actions), num_rows = rows.size();
  const auto rollouts = static_cast<std::size_t>(options.rollouts_per_path), paths = static_cast<std::size_t>(options.paths);

  std::vector<float> policy;  // π(a|s) of the requests [row][action]
  MonteCarloResult result;
  std::vector<double> mean(num_rows * num_actions * paths);  // [row][action][path]
  std::uint32_t luck = 0;
  for (std::size_t path = 0; path < paths; ++path) {
    Branch branch{.rows = {}, .luck = {}, .shared = Seed{seed.stream(Purpose::kRollout, path)()}, .days = options.max_days};
    std::vector<Decision> first;
    for (const std::size_t row : rows)
      for (std::size_t k = 0; k < rollouts; ++k, ++luck)
        for (std::size_t action = 0; action < num_actions; ++action) {
          branch.rows.push_back(row);
          branch.luck.push_back(static_cast<std::uint32_t>(seed.stream(Purpose::kRollout, luck, 1)()));
          first.push_back({.action = static_cast<std::uint8_t>(action)});
        }
    const std::unique_ptr<Environment> world = environment.branch(branch);
    const std::unique_ptr<Agent> agent = make_policy(world->spec());
    Returns returns(world->spec(), options);
    if (path == 0) policy = probabilities_at(*world, *agent, num_rows);
    play(*world, *agent, std::move(first), returns, result);
    for (std::size_t r = 0; r < num_rows; ++r)
      for (std::size_t k = 0; k < rollouts; ++k)
        for (std::size_t a = 0; a < num_actions; ++a)
          mean[(r * num_actions + a) * paths + path] +=
              returns.of((r * rollouts + k) * num_actions + a) / static_cast<double>(rollouts);
  }
  for (std::size_t r = 0; r < num_rows; ++r) {
    RequestValue value;
    std::vector<double> v(paths), advantage(paths);
    for (std::size_t a = 0; a < num_actions; ++a) {
      const std::span<const double> q = std::span(mean).subspan((r * num_actions + a) * paths, paths);
      value.q.push_back(estimate(q));
      for (std::size_t path = 0; path < paths; ++path) {
        v[path] += static_cast<double>(policy[r * num_actions + a]) * q[path];
        if (a < 2) advantage[path] += a == 1 ? q[path] : -q[path];
      }
    }
    value.v = estimate(v);
    value.advantage = estimate(advantage);
    result.requests.push_back(std::move(value));
  }
  return result;
}

}  // namespace sluice
