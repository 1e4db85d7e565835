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
#include "agents/critic_stack.h"
#include "agents/learning_base.h"
#include "agents/network_stack.h"
#include "agents/torch_batch.h"

namespace sluice {

/// What a rule sees of a batch.  `next_…` and `target_…` are without gradient.
struct ActorCriticStep {
  const TorchBatch& batch;
  torch::Tensor reward;                    // [n] r^λ/scale
  torch::Tensor q, value;                  // [N, n, A], [n]: of s, with gradient
  torch::Tensor policy_q;                  // [N, n, A]: what the actor goes by, without gradient
  torch::Tensor logits;                    // [n, A]: of s, with gradient into the actor only
  torch::Tensor all_logits;                // [actors, n, A]: of all actors; the first one acts
  torch::Tensor target_q;                  // [N, n, A]: target critics at s
  torch::Tensor next_q, next_value;        // [N, n, A], [n]: target critics at s'; V: the online one
  torch::Tensor next_logits;               // [n, A]: the online actor at s'
  torch::Tensor all_next_logits;           // [actors, n, A]
  torch::Tensor target_logits, target_next_logits;  // [n, A]: the target actor at s and s'
  CriticStack *critic = nullptr, *target_critic = nullptr;  // for what is asked of them at relaxed actions …
  torch::Tensor features, target_next_features;     // … [n, f] at s, and of the target's extractor at s'; without gradient
  std::vector<double> multipliers = {};
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
  virtual int num_actors() const { return 1; }
  virtual bool needs_target_actor() const { return false; }
  /// Actor and targets move with every so-manieth update.
  virtual int period() const { return 1; }
  /// False: an imitator, whose actor moves the extractor.
  virtual bool has_critic() const { return true; }
  /// Of all critics' Q [N, n, A]: the value of the acting policy [n, A]; and whether it is one at the present prices.
  virtual torch::Tensor value_of(const torch::Tensor& q) const { return q.mean(0); }
  virtual bool prices_q() const { return true; }
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
  void look_ahead(ActorCriticStep& step);
  void q_together(const torch::Tensor& features, ActorCriticStep& step);
  void groups_of(std::span<const std::int32_t>, std::span<std::uint8_t> groups) const override { std::fill(groups.begin(), groups.end(), std::uint8_t{0}); }

  const std::string kind_;
  const ActorCriticConfig config_;
  const std::unique_ptr<ActorCriticRule> rule_;
  const double scale_;
  CriticStack critic_, target_critic_;
  NetworkStack actor_, target_actor_;
  FlatParameters critic_parameters_, target_parameters_, actor_parameters_, target_actor_parameters_;
  Adam critic_adam_, actor_adam_;
  TorchBatch batch_;
};

/// mean over n of (Q_k(s, a) − y)², summed over the critics.  y [n], without gradient; it is kept as step.target.
torch::Tensor critics_td_loss(const ActorCriticStep& step, const torch::Tensor& target);

}  // namespace sluice
