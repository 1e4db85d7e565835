#pragma once
// The agent behind off-policy actor-critics that learn from replay: it holds networks, samples, steps and saves; a Rule
// says what an algorithm's target and losses are.  Private to the learning library.
//
// n rows, A actions, N critics; everything in units of reward_scale.

#include <torch/torch.h>

#include <memory>
#include <string>

#include "agents/actor_critic_config.h"
#include "agents/adam.h"
#include "agents/learning_base.h"
#include "agents/nets.h"
#include "agents/torch_batch.h"

namespace sluice {

/// Shape of a stack of critics.
struct CriticShape {
  int num_critics = 2;
  bool has_value = false;  // a state value V(s) of its own beside the Q's
  double dropout = 0;      // of hidden units (DroQ)
};

/// φ, then N networks Q_k(s, ·), and V if there is one.  The N networks are the groups of one stacked network: each row
/// passes through all.
class CriticStack : public torch::nn::Module {
 public:
  CriticStack(const ActorCriticConfig& config, const EnvSpec& spec, const CriticShape& shape);
  torch::Tensor features(const torch::Tensor& raw) { return extractor_->forward(raw); }  // [n, f]
  torch::Tensor q(const torch::Tensor& features);                                        // [N, n, A]
  torch::Tensor value(const torch::Tensor& features);                                    // [n]
  /// Units that are dropped are drawn anew by every call of q() from now on; without, nothing is dropped.
  void drop_with(Rng* rng) { rng_ = rng; }
  std::int64_t num_features() const { return extractor_->num_features(); }

 private:
  std::int64_t num_critics_, num_actions_;
  double dropout_;
  Rng* rng_ = nullptr;
  std::shared_ptr<Extractor> extractor_;
  std::shared_ptr<GroupedMlp> q_, value_;
};

/// What a rule sees of a batch.  `next_…` and `target_…` are without gradient.
struct ActorCriticStep {
  const TorchBatch& batch;
  torch::Tensor reward;                    // [n] r^λ/scale
  torch::Tensor q, value;                  // [N, n, A], [n]: of s, with gradient
  torch::Tensor logits;                    // [n, A]: of s, with gradient into the actor only
  torch::Tensor target_q;                  // [N, n, A]: target critics at s
  torch::Tensor next_q, next_value;        // [N, n, A], [n]: target critics at s'; V: the online one
  torch::Tensor next_logits;               // [n, A]: the online actor at s'
  std::uint64_t update = 0;
  mutable torch::Tensor target;            // [n] y, as the rule formed it

  /// Of the actions taken: [..., n, A] → [..., n].
  torch::Tensor taken(const torch::Tensor& values) const;
};

class ActorCriticRule {
 public:
  virtual ~ActorCriticRule() = default;
  virtual CriticShape shape() const = 0;
  /// Whether it looks at the target critics' Q of s.
  virtual bool needs_target_q() const { return false; }
  /// False: an imitator, whose actor moves the extractor.
  virtual bool has_critic() const { return true; }
  virtual torch::Tensor critic_loss(const ActorCriticStep& step) = 0;  // not called without a critic
  virtual torch::Tensor actor_loss(const ActorCriticStep& step) = 0;
  /// After both steps: what else learns.
  virtual void finish(const ActorCriticStep& step) { (void)step; }
  virtual void transfer(StateArchive& archive) { (void)archive; }
};

class ActorCriticAgent final : public LearningAgent {
 public:
  ActorCriticAgent(const char* kind, const ActorCriticConfig& config, std::unique_ptr<ActorCriticRule> rule, const EnvSpec& spec, Seed seed,
                   const LearningContext& learning);
  void begin_day(int, std::span<const float>) override {}
  void observe(const TransitionBatch& transitions) override { replay_.add(transitions); }
  std::optional<UpdateLog> update() override;
  void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> probability) override;
  bool action_values(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> values) override;
  void save(AgentState& state) const override;
  void load(const AgentState& state) override;
  void transfer(StateArchive& archive) override;

 private:
  void groups_of(std::span<const std::int32_t>, std::span<std::uint8_t> groups) const override { std::fill(groups.begin(), groups.end(), std::uint8_t{0}); }

  const std::string kind_;
  const ActorCriticConfig config_;
  const std::unique_ptr<ActorCriticRule> rule_;
  const double scale_;
  CriticStack critic_, target_critic_;
  GroupedMlp actor_;
  FlatParameters critic_parameters_, target_parameters_, actor_parameters_;
  Adam critic_adam_, actor_adam_;
  TorchBatch batch_;
};

/// mean over n of (Q_k(s, a) − y)², summed over the critics.  y [n], without gradient; it is kept as step.target.
torch::Tensor critics_td_loss(const ActorCriticStep& step, const torch::Tensor& target);

}  // namespace sluice
