#pragma once
// The agent behind sl_mgac.h.  Private to the learning library: sl_mgac.cc holds acting, learning and what is
// saved, sl_mgac_diagnostics.cc the diagnostics.

#include <torch/torch.h>

#include <functional>
#include <string>

#include "agents/adam.h"
#include "agents/learning_base.h"
#include "agents/reward_model.h"
#include "agents/sl_mgac.h"
#include "agents/sl_mgac_nets.h"
#include "agents/torch_batch.h"
#include "agents/user_groups.h"

namespace sluice {

class SlMgac final : public LearningAgent {
 public:
  SlMgac(const SlMgacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning)
      : LearningAgent(spec, seed, learning, config.multiplier),
        config_(config),
        scale_(resolve_reward_scale(config.reward_scale, spec)),
        groups_(config.num_groups, spec.num_users, config.reassign_days, config.grouping, seed),
        watch_column_(config.reward_unit == RewardUnit::kUser ? spec.schema.column("live_watch_21d_s") : -1),
        reward_model_(spec_, config, scale_),
        critic_(config, spec, reward_model_.num_heads()),
        target_critic_(config, spec, reward_model_.num_heads()),
        actor_(config, spec, critic_.num_features()),
        critic_parameters_(critic_),
        target_parameters_(target_critic_),
        actor_parameters_(actor_),
        critic_adam_(critic_parameters_),
        actor_adam_(actor_parameters_) {
    polyak(target_parameters_, critic_parameters_, 1);
  }

  void begin_day(int day, std::span<const float> group_keys) override;

  void observe(const TransitionBatch& transitions) override;

  std::optional<UpdateLog> update() override;

  void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups,
                     std::span<float> probability) override;

  std::vector<Diagnostic> diagnose(int rows) override;
  bool action_values(std::span<const float> observations, std::span<const std::uint8_t> groups,
                     std::span<float> values) override;

  void save(AgentState& state) const override;

  void load(const AgentState& state) override;

  void transfer(StateArchive& archive) override;

 private:
  // Q(s, ·) of the network, and of its twin if there is one.  [n, A]
  struct Q {
    torch::Tensor first, second;
  };

  BatchOptions batch_options(int rows) const;

  // y = r^λ/scale + discount·Σ_a π(a|s')·Q'(s',a)
  torch::Tensor bellman_target(const TorchBatch& batch);

  Q q_of(const SlMgacCritic::Output& output, const TorchBatch& batch, const torch::Tensor& raw) const;

  torch::Tensor combined(const Q& q) const;

  // Q(s, a) of the actions that were taken.  [n]
  static torch::Tensor taken(const torch::Tensor& q, const TorchBatch& batch) {
    return q.gather(1, batch.action.unsqueeze(1)).squeeze(1);
  }

  torch::Tensor predict_reward(const SlMgacCritic::Output& output, const torch::Tensor& group, const torch::Tensor& raw) const;

  // u(s) of RewardUnit::kUser; m is where the schema centres ln(1 + w).  [n]
  torch::Tensor unit_of(const torch::Tensor& raw) const;

  using AddDiagnostic = std::function<void(const std::string&, const char*, const std::string&, double)>;
  void diagnose_labels(const TorchBatch& batch, const AddDiagnostic& add) const;
  void diagnose_kernel(const TorchBatch& batch, const AddDiagnostic& add);

  torch::Tensor act_policy(const torch::Tensor& raw, const GroupSlices& slices);

  void describe(const torch::Tensor& q_scaled, const torch::Tensor& logits, UpdateLog& log) const;

  void groups_of(std::span<const std::int32_t> users, std::span<std::uint8_t> groups) const override;

  const SlMgacConfig config_;
  const double scale_;
  UserGroups groups_;
  int watch_column_;  // of the user's live watch, where it makes the unit of Q; else −1
  RewardModel reward_model_;
  bool buckets_are_current_ = false;
  SlMgacCritic critic_, target_critic_;
  SlMgacActor actor_;
  FlatParameters critic_parameters_, target_parameters_, actor_parameters_;
  Adam critic_adam_, actor_adam_;
  TorchBatch batch_;
};

}  // namespace sluice
