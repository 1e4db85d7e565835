#pragma once
// What learners do alike: remember, count, price, and turn probabilities into decisions.
// One level only: what is an agent's own is in its file.

#include <memory>
#include <span>
#include <vector>

#include "agents/agent.h"
#include "agents/learning.h"
#include "agents/multipliers.h"
#include "agents/replay_buffer.h"

namespace sluice {

/// 0 means: 30 s where live watch is observed, 10 elsewhere.
double resolve_reward_scale(double configured, const EnvSpec& spec);

class LearningAgent : public Agent {
 public:
  LearningAgent(const EnvSpec& spec, Seed seed, const LearningContext& learning,
                const MultiplierConfig& multiplier);

  void act(const RequestBatch& requests, Mode mode, std::span<Decision> decisions) final;
  bool learns() const final { return true; }
  bool needs_observations() const final { return true; }
  void update_multipliers(std::span<const double> values) override { multipliers_.step(values); }
  std::vector<double> multipliers() const final { return multipliers_.values(); }
  void transfer(StateArchive& archive) override;

 protected:
  /// The groups of these users; all 0 for an agent without groups.
  virtual void groups_of(std::span<const std::int32_t> users, std::span<std::uint8_t> groups) const = 0;

  /// Prices and decisions so far, of a saved agent.
  void save_progress(AgentState& state) const;
  void load_progress(const AgentState& state);

  bool warmed_up() const {
    return replay_.size() >= std::max(learning_.warmup_transitions, 1);
  }

  const EnvSpec spec_;
  const Seed seed_;
  const LearningContext learning_;
  Multipliers multipliers_;
  ReplayBuffer replay_;
  std::uint64_t updates_ = 0;
  std::int64_t decisions_ = 0;  // made in kExplore

 private:
  std::vector<std::uint8_t> groups_;     // of the last act()
  std::vector<float> probabilities_;
};

}  // namespace sluice
