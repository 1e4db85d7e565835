#pragma once
// The agent behind everything that acts by a learned Q(s, ·): one network, copies of it as targets, a head that says
// how values are represented (value_head.h).  Private to the learning library; dqn.cc, c51.cc, … say what is theirs.

#include <torch/torch.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agents/adam.h"
#include "agents/learner_config.h"
#include "agents/learning_base.h"
#include "agents/nets.h"
#include "agents/torch_batch.h"
#include "agents/value_head.h"

namespace sluice {

struct QOptions {
  std::string kind;
  bool double_q = true;   // the online network's policy is evaluated by the target; else the target's own
  bool dueling = false;
  int num_targets = 1;    // the target is the mean of the last so many copies
  /// ≥ 0: a network G on the same features imitates the data's decisions, and actions with G(a|s)/max_b G(b|s) below
  /// this are never taken (BCQ).
  double imitation_threshold = -1;
  /// Added to the loss: of Q(s, ·) [n, A].  May be empty.
  std::function<torch::Tensor(const torch::Tensor& q, const TorchBatch& batch)> regulariser = {};
};

/// Extractor → MLP → z(s, ·) [n, A, N].  Dueling: the last layer gives A advantages and one value, z = V + A − mean_a A.
class QNetwork : public torch::nn::Module {
 public:
  QNetwork(const LearnerConfig& config, const EnvSpec& spec, std::int64_t head_size, const QOptions& options);
  struct Output {
    torch::Tensor z;          // [n, A, N]
    torch::Tensor imitation;  // logits of G [n, A]; undefined without
  };
  Output forward(const torch::Tensor& raw);

 private:
  std::int64_t num_actions_, head_size_;
  bool dueling_;
  std::shared_ptr<Extractor> extractor_;
  std::shared_ptr<GroupedMlp> net_, imitation_;
};

/// mean [ln Σ_b exp Q(s,b) − Q(s,a)] ≥ 0: CQL's gap.
torch::Tensor conservative_gap(const torch::Tensor& q, const torch::Tensor& action);
/// Q with actions that G would hardly take far below the others; all of them at threshold 0.  [n, A]
torch::Tensor allow_imitated(const torch::Tensor& q, const torch::Tensor& imitation, double threshold);

/// A trailing mean over batches of max_a Q − min_a Q; 0: nothing seen yet.
struct ActionGap {
  double value = 0;
  void see(const torch::Tensor& q);  // [n, A]
};
/// sparsemax(q/width); width ≤ 0: greedy, ties to action 0.  [n, A]
torch::Tensor near_greedy(const torch::Tensor& q, double width);

class QAgent final : public LearningAgent {
 public:
  QAgent(const QLearnerConfig& config, QOptions options, std::unique_ptr<ValueHead> head, const EnvSpec& spec, Seed seed,
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
  torch::Tensor q_of(const QNetwork::Output& output) const;  // [n, A], of allowed actions
  torch::Tensor policy_of(const torch::Tensor& q) const;     // [n, A] → π [n, A]
  torch::Tensor target_values(const torch::Tensor& raw);  // z' of the mean of the target networks [n, A, N]
  void find_support(BatchOptions sampling);  // from the rewards so far, at the present prices
  void move_targets();
  void groups_of(std::span<const std::int32_t>, std::span<std::uint8_t> groups) const override { std::fill(groups.begin(), groups.end(), std::uint8_t{0}); }

  const QLearnerConfig config_;
  const QOptions options_;
  const double scale_;
  std::unique_ptr<ValueHead> head_;
  QNetwork online_;
  FlatParameters online_parameters_;
  std::vector<std::unique_ptr<QNetwork>> targets_;
  std::vector<FlatParameters> target_parameters_;
  std::int64_t next_target_ = 0;  // the copy that is overwritten next
  Adam adam_;
  ActionGap gap_;
  bool is_prepared_ = false;          // the head has found its support …
  std::vector<double> prepared_for_;  // … at these prices
  TorchBatch batch_;
};

}  // namespace sluice
