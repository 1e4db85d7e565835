#include "agents/independent_groups.h"

#include <algorithm>
#include <cmath>

#include "agents/agent_state.h"
#include "agents/replay_buffer.h"
#include "agents/user_groups.h"
#include "sim/check.h"

namespace sluice {
namespace {

LearningContext share_of(const LearningContext& learning, int num_groups) {
  LearningContext share = learning;
  share.batch_size = std::max(1, learning.batch_size / num_groups);
  share.warmup_transitions = 1;  // all wait for the warm-up of all
  share.replay_capacity = std::max<std::int64_t>(1, learning.replay_capacity / num_groups);
  share.epsilon_decisions = std::max<std::int64_t>(1, learning.epsilon_decisions / num_groups);
  return share;
}

class IndependentGroups final : public Agent {
 public:
  IndependentGroups(const IndependentGroupsConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning)
      : spec_(spec), warmup_(std::max(learning.warmup_transitions, 1)), groups_(config.num_groups, spec.num_users, config.reassign_days, config.grouping, seed) {
    SlMgacConfig own = config;
    own.num_groups = 1;
    for (int g = 0; g < config.num_groups; ++g) {
      // Luck of their own.  The key lies beyond all numbers of updates, under which critics are drawn from ensembles.
      const Seed of_group(seed.stream(Purpose::kEnsemble, 1ull << 40 | static_cast<std::uint64_t>(g))());
      agents_.push_back(make(own, spec, of_group, share_of(learning, config.num_groups)));
    }
  }

  void act(const RequestBatch& requests, Mode mode, std::span<Decision> decisions) override {
    const std::size_t n = requests.size(), width = static_cast<std::size_t>(spec_.schema.width);
    ENSURE(requests.observation.size() == n * width, "learning agents need observations");
    RequestBatch part;
    std::vector<std::size_t> rows;
    for (std::size_t g = 0; g < agents_.size(); ++g) {
      rows.clear();
      part = {};
      for (std::size_t i = 0; i < n; ++i) {
        if (groups_.of(requests.user[i]) != g) continue;
        rows.push_back(i);
        part.user.push_back(requests.user[i]);
        part.key.push_back(requests.key[i]);
        part.time.push_back(requests.time[i]);
        const auto row = requests.observation.begin() + static_cast<std::ptrdiff_t>(i * width);
        part.observation.insert(part.observation.end(), row, row + static_cast<std::ptrdiff_t>(width));
      }
      std::vector<Decision> own(rows.size());
      agents_[g]->act(part, mode, own);
      for (std::size_t k = 0; k < rows.size(); ++k) {
        decisions[rows[k]] = own[k];
        decisions[rows[k]].group = static_cast<std::uint8_t>(g);
      }
    }
  }

  void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> probability) override {
    by_group(observations, groups, probability, [](Agent& agent, std::span<const float> rows, std::span<float> out) { agent.probabilities(rows, {}, out); });
  }
  bool action_values(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> values) override {
    by_group(observations, groups, values, [](Agent& agent, std::span<const float> rows, std::span<float> out) { agent.action_values(rows, {}, out); });
    return true;
  }

  void begin_day(int day, std::span<const float> group_keys) override {
    groups_.begin_day(day, group_keys);
    for (const auto& agent : agents_) agent->begin_day(day, group_keys);
  }
  bool learns() const override { return true; }
  bool needs_observations() const override { return true; }

  void observe(const TransitionBatch& transitions) override {
    const auto n = static_cast<std::int64_t>(transitions.size());
    if (n == 0) return;
    groups_.note_learning();
    observed_ += n;
    ReplayBuffer all(n, transitions.width, transitions.num_costs);
    all.add(transitions);
    for (std::size_t g = 0; g < agents_.size(); ++g) {
      std::vector<std::int64_t> rows;
      for (std::int64_t i = 0; i < n; ++i)
        if (std::min<std::size_t>(transitions.group[static_cast<std::size_t>(i)], agents_.size() - 1) == g) rows.push_back(i);
      if (rows.empty()) continue;
      TransitionBatch part;
      all.gather(rows, part);
      agents_[g]->observe(part);
    }
  }

  // All of them step; the log is their mean.
  std::optional<UpdateLog> update() override {
    if (observed_ < warmup_) return std::nullopt;
    std::vector<UpdateLog> logs;
    UpdateLog log;
    for (const auto& agent : agents_) {
      const std::optional<UpdateLog> own = agent->update();
      if (own) logs.push_back(*own);
      log.group_q_mean.push_back(own ? own->q_mean : UpdateLog::kNone);
      log.group_q_std.push_back(own ? own->q_std : UpdateLog::kNone);
    }
    if (logs.empty()) return std::nullopt;
    for (const auto number : {&UpdateLog::td_loss, &UpdateLog::reward_loss, &UpdateLog::actor_loss, &UpdateLog::td_error_rms, &UpdateLog::q_mean, &UpdateLog::q_std,
                              &UpdateLog::injection_rate, &UpdateLog::entropy, &UpdateLog::gradient_norm}) {
      double sum = 0;
      for (const UpdateLog& own : logs) sum += own.*number;
      log.*number = sum / static_cast<double>(logs.size());
    }
    log.q_abs_max = 0;
    for (const UpdateLog& own : logs) log.q_abs_max = std::max(log.q_abs_max, own.q_abs_max);
    return log;
  }

  void update_multipliers(std::span<const double> cost_values) override {
    for (const auto& agent : agents_) agent->update_multipliers(cost_values);
  }
  std::vector<double> multipliers() const override { return agents_.front()->multipliers(); }

  void transfer(StateArchive& archive) override {
    archive.value("observed", observed_);
    archive.section("groups", [&] { groups_.transfer(archive); });
    for (std::size_t g = 0; g < agents_.size(); ++g) archive.section(name_of(g), [&] { agents_[g]->transfer(archive); });
  }
  void save(AgentState& state) const override {
    save_identity(IndependentGroupsConfig::kKind, spec_.schema, state);
    groups_.save(state);
    for (std::size_t g = 0; g < agents_.size(); ++g) {
      AgentState own;
      agents_[g]->save(own);
      for (auto& [name, array] : own.arrays) state.arrays[name_of(g) + "." + name] = std::move(array);
      for (auto& [name, text] : own.texts) state.texts[name_of(g) + "." + name] = std::move(text);
    }
  }
  void load(const AgentState& state) override {
    check_identity(IndependentGroupsConfig::kKind, spec_.schema, state);
    groups_.load(state);
    for (std::size_t g = 0; g < agents_.size(); ++g) {
      const std::string prefix = name_of(g) + ".";
      AgentState own;
      for (const auto& [name, array] : state.arrays)
        if (name.starts_with(prefix)) own.arrays[name.substr(prefix.size())] = array;
      for (const auto& [name, text] : state.texts)
        if (name.starts_with(prefix)) own.texts[name.substr(prefix.size())] = text;
      agents_[g]->load(own);
    }
  }

 private:
  static std::string name_of(std::size_t g) { return "group" + std::to_string(g); }

  template <class Function>
  void by_group(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> out, Function ask) {
    const std::size_t width = static_cast<std::size_t>(spec_.schema.width), actions = static_cast<std::size_t>(spec_.num_actions), n = out.size() / actions;
    for (std::size_t g = 0; g < agents_.size(); ++g) {
      std::vector<std::size_t> rows;
      std::vector<float> part;
      for (std::size_t i = 0; i < n; ++i) {
        if (std::min<std::size_t>(groups.empty() ? 0 : groups[i], agents_.size() - 1) != g) continue;
        rows.push_back(i);
        part.insert(part.end(), observations.begin() + static_cast<std::ptrdiff_t>(i * width), observations.begin() + static_cast<std::ptrdiff_t>((i + 1) * width));
      }
      if (rows.empty()) continue;
      std::vector<float> own(rows.size() * actions);
      ask(*agents_[g], part, own);
      for (std::size_t k = 0; k < rows.size(); ++k)
        std::copy_n(own.begin() + static_cast<std::ptrdiff_t>(k * actions), actions, out.begin() + static_cast<std::ptrdiff_t>(rows[k] * actions));
    }
  }

  const EnvSpec spec_;
  const std::int64_t warmup_;
  std::int64_t observed_ = 0;  // transitions
  UserGroups groups_;
  std::vector<std::unique_ptr<Agent>> agents_;
};

}  // namespace

std::unique_ptr<Agent> make(const IndependentGroupsConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<IndependentGroups>(config, spec, seed, learning);
}

}  // namespace sluice
