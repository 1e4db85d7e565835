#include "sim/tabular_environment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "sim/check.h"
#include "sim/distributions.h"

namespace sluice {
namespace {

// Uniform on [0, 1) with 53 bits.
double uniform_from_0(Rng& rng) { return static_cast<double>(rng() >> 11) * 0x1.0p-53; }

// Index of the first cumulative probability above u; the size if there is none.
int draw(const Eigen::VectorXd& cumulative, double u) {
  const double* begin = cumulative.data();
  return static_cast<int>(std::upper_bound(begin, begin + cumulative.size(), u) - begin);
}

Eigen::VectorXd cumulative(const Eigen::VectorXd& probability) {
  Eigen::VectorXd sums(probability.size());
  double sum = 0;
  for (Eigen::Index i = 0; i < probability.size(); ++i) sums(i) = sum += probability(i);
  if (sum > 1 - 1e-9) sums(sums.size() - 1) = 2;  // complete: rounding must not terminate anybody
  return sums;
}

EnvSpec make_spec(const TabularCmdp& cmdp, const TabularEnvConfig& config) {
  EnvSpec spec;
  ObservationBlock block;
  block.name = "state";
  for (int s = 0; s < cmdp.num_states; ++s)
    block.item.push_back({.name = "state_" + std::to_string(s), .unit = "1"});
  spec.schema.blocks = {block};
  spec.schema.finish();
  spec.num_actions = cmdp.num_actions;
  spec.cost_names = cmdp.cost_names;
  spec.cost_affine.resize(cmdp.cost.size());
  for (std::size_t i = 0; i < cmdp.cost.size(); ++i)
    spec.limits.push_back({static_cast<int>(i), cmdp.limits[i], "file"});
  spec.num_users = config.num_slots;
  spec.discount = cmdp.discount;
  spec.has_watch_outcome = false;
  return spec;
}

struct Slot {
  std::uint32_t luck = 0;  // keys the slot's randomness
  int state = 0;
  std::uint32_t episode = 0;
  std::uint32_t step = 0;
  double discount = 1;               // γ^step
  std::vector<double> episode_cost;  // discounted so far
};

class TabularEnvironment final : public Environment {
 public:
  TabularEnvironment(const TabularCmdp& cmdp, const TabularEnvConfig& config, Seed seed)
      : cmdp_(cmdp), config_(config), seed_(seed), spec_(make_spec(cmdp, config)) {
    max_steps_ = config.max_episode_steps > 0
                     ? config.max_episode_steps
                     : static_cast<int>(std::ceil(std::log(1e-4) / std::log(cmdp.discount)));
    initial_ = cumulative(cmdp.initial);
    for (int a = 0; a < cmdp.num_actions; ++a) {
      next_.emplace_back();
      for (int s = 0; s < cmdp.num_states; ++s)
        next_.back().push_back(cumulative(cmdp.transition[static_cast<std::size_t>(a)].row(s)));
    }
    slots_.resize(static_cast<std::size_t>(config.num_slots));
    group_keys_.assign(slots_.size(), 0.0f);
    finished_cost_.assign(cmdp.cost.size(), 0.0);
    transitions_.width = spec_.schema.width;
    transitions_.num_costs = static_cast<int>(cmdp.cost.size());
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
      slots_[slot].luck = static_cast<std::uint32_t>(slot);
      start_episode(slot);
    }
  }

  const EnvSpec& spec() const override { return spec_; }
  const TransitionBatch& transitions() const override { return transitions_; }
  int day() const override { return std::max(0, rounds_ - 1) / config_.steps_per_day; }
  std::span<const float> group_keys() const override { return group_keys_; }

  const RequestBatch& recv() override {
    ENSURE(!waiting_, "recv() before send() answered the last one");
    transitions_.clear();
    requests_ = {};
    if (rounds_ > 0) step_all();
    ++rounds_;
    if (config_.days > 0 && day() >= config_.days) return requests_;
    ask();
    return requests_;
  }

  void send(std::span<const Decision> decisions) override {
    ENSURE(waiting_ && decisions.size() == slots_.size(), "one decision per request");
    decisions_.assign(decisions.begin(), decisions.end());
    waiting_ = false;
  }

  std::vector<double> take_cost_values() override {
    std::vector<double> values(finished_cost_.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < values.size() && finished_ > 0; ++i)
      values[i] = finished_cost_[i] / static_cast<double>(finished_);
    std::fill(finished_cost_.begin(), finished_cost_.end(), 0.0);
    finished_ = 0;
    return values;
  }

  const RequestBatch& waiting() const override { return requests_; }
  // The slots have nothing in common, so `shared` is not needed; nor is a horizon.
  std::unique_ptr<Environment> branch(const Branch& branch) const override {
    ENSURE(waiting_ && branch.rows.size() == branch.luck.size(), "branched between recv() and send()");
    TabularEnvConfig config = config_;
    config.num_slots = static_cast<int>(branch.rows.size());
    config.days = 0;
    auto copy = std::make_unique<TabularEnvironment>(cmdp_, config, seed_);
    for (std::size_t i = 0; i < branch.rows.size(); ++i) {
      copy->slots_[i] = slots_.at(branch.rows[i]);
      copy->slots_[i].luck = branch.luck[i];
      copy->slots_[i].step = 0;  // the whole max_episode_steps lie ahead
    }
    copy->rounds_ = rounds_;
    copy->ask();
    return copy;
  }

  void transfer(StateArchive& archive) override {
    ENSURE(!waiting_, "an environment is saved between send() and recv()");
    archive.value("rounds", rounds_);
    archive.value("finished", finished_);
    archive.fixed("finished_cost", finished_cost_);
    archive.values("decisions", decisions_);
    std::vector<double> costs;  // [slot × cost]
    std::vector<Moving> moving;
    for (const Slot& slot : slots_) {
      moving.push_back({slot.state, slot.episode, slot.step, slot.discount});
      costs.insert(costs.end(), slot.episode_cost.begin(), slot.episode_cost.end());
    }
    archive.fixed("slots", moving);
    archive.fixed("episode_costs", costs);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Slot& slot = slots_[i];
      std::tie(slot.state, slot.episode, slot.step, slot.discount) =
          std::tie(moving[i].state, moving[i].episode, moving[i].step, moving[i].discount);
      std::copy_n(costs.begin() + static_cast<std::ptrdiff_t>(i * slot.episode_cost.size()), slot.episode_cost.size(), slot.episode_cost.begin());
    }
  }

 private:
  struct Moving {  // a slot without its costs
    int state;
    std::uint32_t episode, step;
    double discount;
  };
  // Fills the batch with every slot's request.
  void ask() {
    const auto width = static_cast<std::size_t>(spec_.schema.width);
    requests_.observation.assign(slots_.size() * width, 0.0f);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const Slot& slot = slots_[i];
      requests_.user.push_back(static_cast<std::int32_t>(i));
      requests_.key.push_back(
          {.user = slot.luck, .day = slot.episode, .page = slot.step});
      requests_.time.push_back(rounds_ - 1);
      requests_.observation[i * width + static_cast<std::size_t>(slot.state)] = 1;
    }
    waiting_ = true;
  }

  void start_episode(std::size_t index) {
    Slot& slot = slots_[index];
    // Step 2^20 − 1 is never reached: its stream is the episode's start.
    Rng rng = seed_.stream(Purpose::kTabular, slot.luck, slot.episode, 0xfffff);
    slot.state = std::min(draw(initial_, uniform_from_0(rng)), cmdp_.num_states - 1);
    slot.step = 0;
    slot.discount = 1;
    slot.episode_cost.assign(cmdp_.cost.size(), 0.0);
  }

  void step_all() {
    const auto width = static_cast<std::size_t>(spec_.schema.width);
    transitions_.observation.assign(slots_.size() * width, 0.0f);
    transitions_.next_observation.assign(slots_.size() * width, 0.0f);
    for (std::size_t i = 0; i < slots_.size(); ++i) step(i, width);
  }

  void step(std::size_t index, std::size_t width) {
    Slot& slot = slots_[index];
    const Decision& decision = decisions_[index];
    const int action = decision.action;
    ENSURE(action < cmdp_.num_actions, "action " + std::to_string(action));
    Rng rng = seed_.stream(Purpose::kTabular, slot.luck, slot.episode, slot.step);
    const int next = draw(next_[decision.action][static_cast<std::size_t>(slot.state)], uniform_from_0(rng));
    const bool terminated = next == cmdp_.num_states;
    const bool truncated = !terminated && static_cast<int>(slot.step) + 1 >= max_steps_;

    TransitionBatch& t = transitions_;
    t.user.push_back(static_cast<std::int32_t>(index));
    t.observation[index * width + static_cast<std::size_t>(slot.state)] = 1;
    if (!terminated) t.next_observation[index * width + static_cast<std::size_t>(next)] = 1;
    t.action.push_back(decision.action);
    t.group.push_back(decision.group);
    t.propensity.push_back(decision.propensity);
    t.reward.push_back(static_cast<float>(seen_reward(cmdp_.reward(slot.state, action), rng)));
    for (std::size_t c = 0; c < cmdp_.cost.size(); ++c) {
      t.costs.push_back(static_cast<float>(cmdp_.cost[c](slot.state, action)));
      slot.episode_cost[c] += slot.discount * cmdp_.cost[c](slot.state, action);
    }
    t.watch_time_s.push_back(0);
    t.displaced_s.push_back(0);
    t.entered.push_back(0);
    t.elapsed_s.push_back(1);
    t.session_ended.push_back(terminated ? 1 : 0);
    t.terminated.push_back(terminated ? 1 : 0);
    t.truncated.push_back(truncated ? 1 : 0);

    if (terminated || truncated) {
      for (std::size_t c = 0; c < cmdp_.cost.size(); ++c) finished_cost_[c] += slot.episode_cost[c];
      ++finished_;
      ++slot.episode;
      start_episode(index);
    } else {
      slot.state = next;
      slot.discount *= cmdp_.discount;
      ++slot.step;
    }
  }

  // Its mean is the reward, whatever noise and tail are.  Without them nothing is drawn.
  double seen_reward(double reward, Rng& rng) const {
    if (config_.reward_tail > 0) reward *= (1 - 1 / config_.reward_tail) * std::pow(uniform_double(rng), -1 / config_.reward_tail);
    if (config_.reward_noise > 0) reward += noise_ * static_cast<double>(normal(rng));
    return reward;
  }

  const TabularCmdp cmdp_;
  const TabularEnvConfig config_;
  const Seed seed_;
  const EnvSpec spec_;
  const double noise_ = config_.reward_noise * std::sqrt(cmdp_.reward.array().square().mean());  // σ
  int max_steps_ = 0;
  Eigen::VectorXd initial_;                         // cumulative μ
  std::vector<std::vector<Eigen::VectorXd>> next_;  // [A][S] cumulative rows of P
  std::vector<Slot> slots_;
  std::vector<float> group_keys_;
  std::vector<Decision> decisions_;
  std::vector<double> finished_cost_;
  std::int64_t finished_ = 0;
  int rounds_ = 0;  // calls of recv()
  bool waiting_ = false;
  RequestBatch requests_;
  TransitionBatch transitions_;
};

}  // namespace

std::unique_ptr<Environment> make_tabular_environment(const TabularCmdp& cmdp,
                                                      const TabularEnvConfig& config, Seed seed) {
  cmdp.validate();
  if (config.reward_tail > 0 && config.reward_tail <= 1)
    throw data_error("environment.reward_tail: " + std::to_string(config.reward_tail) + ": a Pareto number has a mean only for a tail index above 1; or 0 for none");
  return std::make_unique<TabularEnvironment>(cmdp, config, seed);
}

}  // namespace sluice
