#pragma once
// The agent behind learners from their own decisions: rollouts, values of reward and of each cost, advantages; a
// PolicyRule says how the actor moves.  Private to the learning library.
//
// n rows of a minibatch, A actions, C costs.  Value columns: 0 the reward, 1 + i cost i, each in units of reward_scale.
// Those are learned that matter: the reward and costs that have a price, may get one, or are kept by the rule.

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "agents/adam.h"
#include "agents/learning_base.h"
#include "agents/nets.h"
#include "agents/on_policy_config.h"
#include "agents/rollouts.h"
#include "agents/torch_batch.h"

namespace sluice {

/// φ, then V of the reward and of each cost.
class ValueNetwork : public torch::nn::Module {
 public:
  ValueNetwork(const OnPolicyConfig& config, const EnvSpec& spec);
  torch::Tensor features(const torch::Tensor& raw) { return extractor_->forward(raw); }          // [n, f]
  torch::Tensor values(const torch::Tensor& features) { return values_->forward(features, {}); }  // [n, 1 + C]
  std::int64_t num_features() const { return extractor_->num_features(); }

 private:
  std::shared_ptr<Extractor> extractor_;
  std::shared_ptr<GroupedMlp> values_;
};

struct PolicyStep {
  torch::Tensor logits;             // [n, A] with gradient into the actor
  torch::Tensor action;             // [n]
  torch::Tensor log_propensity;     // [n] of the decision when it was made
  torch::Tensor old_logits;         // [n, A] the actor's when the rollout began to be used
  torch::Tensor advantage;          // [n] of r^λ at the present multipliers, as GAE gives it, not normalised

  torch::Tensor log_probability() const { return of_taken(torch::log_softmax(logits, 1)); }
  /// π(a|s)/π_old(a|s).
  torch::Tensor ratio() const { return (log_probability() - of_taken(torch::log_softmax(old_logits, 1))).exp(); }
  /// w = min(π_old(a|s)/propensity, 2), without gradient.
  torch::Tensor weight() const { return (of_taken(torch::log_softmax(old_logits, 1)) - log_propensity).exp().clamp_max(2).detach(); }

 private:
  torch::Tensor of_taken(const torch::Tensor& values) const { return values.gather(1, action.unsqueeze(1)).squeeze(1); }
};

/// What a policy that moves once per rollout sees of it.
struct RolloutStep {
  GroupedMlp& actor;
  const FlatParameters& parameters;   // of the actor
  torch::Tensor features;             // [n, f]
  torch::Tensor old_logits;           // [n, A]
  torch::Tensor action, weight;       // [n]; w of PolicyStep
  torch::Tensor advantage;            // [n] as of PolicyStep
  torch::Tensor cost_advantages;      // [n, C] not priced
  std::vector<double>& cost_values;   // [C] as last measured, moved by what the rule expects of its own steps since, in the
                                      // unit of the limits; NaN: not yet
  double requests_per_value = 1;      // how many requests such a value sums up (requests_per_value())
  double scale = 1;                   // advantages are in this unit
  double decay = 1;                   // what decay_updates leaves of a first step's length
};

class PolicyRule {
 public:
  virtual ~PolicyRule() = default;
  virtual torch::Tensor actor_loss(const PolicyStep& step) = 0;
  /// > 0: the actor moves once per rollout, by move() on so many rows, and actor_loss() is not asked.
  virtual int rows_of_move() const { return 0; }
  virtual void move(const RolloutStep& step) { (void)step; }
  /// Whether it looks at the advantages of a cost without a price.
  virtual bool keeps(int cost) const {
    (void)cost;
    return false;
  }
};

class OnPolicyAgent final : public LearningAgent {
 public:
  OnPolicyAgent(const char* kind, const OnPolicyConfig& config, std::unique_ptr<PolicyRule> rule, const EnvSpec& spec, Seed seed,
                const LearningContext& learning);
  void begin_day(int, std::span<const float>) override {}
  void observe(const TransitionBatch& transitions) override { rollouts_.add(transitions); }
  void update_multipliers(std::span<const double> values) override;
  std::optional<UpdateLog> update() override;
  void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> probability) override;
  void save(AgentState& state) const override;
  void load(const AgentState& state) override;
  void transfer(StateArchive& archive) override;

 private:
  UpdateLog learn_from_minibatch();
  void look_at_rollout();  // values, advantages and the actor's logits at every row
  void move_actor();
  void groups_of(std::span<const std::int32_t>, std::span<std::uint8_t> groups) const override { std::fill(groups.begin(), groups.end(), std::uint8_t{0}); }
  BatchOptions batching() const { return {.batch_size = learning_.batch_size, .discount = config_.discounting(), .dictated_discount = spec_.discount}; }

  const std::string kind_;
  const OnPolicyConfig config_;
  const std::unique_ptr<PolicyRule> rule_;
  const double scale_;
  ValueNetwork critic_;
  GroupedMlp actor_;
  FlatParameters critic_parameters_, actor_parameters_;
  Adam critic_adam_, actor_adam_;
  Rollouts rollouts_;
  std::vector<double> cost_values_;  // RolloutStep::cost_values
  std::vector<std::int64_t> learned_;  // value columns that matter
  std::vector<float> advantage_, target_, old_logits_;  // [m, 1 + C], [m, 1 + C], [m, A]
  TorchBatch batch_;
};

/// How many requests a cost's measured value (Environment::take_cost_values) sums up.  Tabular, discounted per episode:
/// Σ_t γ^t·P(not ended) = 1/(1 − mean discount), the discount being 0 where an episode ended.  Feed: requests of a user-day,
/// rows/(days from each row's request to its user's next, summed).
double requests_per_value(const TransitionBatch& rows, const EnvSpec& spec);

/// (x − mean x)/(sd x + 1e-8).
torch::Tensor standardise(const torch::Tensor& x);

}  // namespace sluice
