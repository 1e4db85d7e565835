#include "agents/cmpo.h"

#include <cmath>

#include "agents/actor_critic_rules.h"
#include "agents/policy_losses.h"

namespace sluice {
namespace {

constexpr double kMemory = 0.99;  // of the advantages' mean square
constexpr double kSmallest = 1e-6;

class Cmpo final : public ActorCriticRule {
 public:
  explicit Cmpo(const CmpoConfig& config) : config_(config) {}
  CriticShape shape() const override { return {.num_critics = config_.num_critics}; }
  bool needs_target_q() const override { return true; }
  bool needs_target_actor() const override { return true; }

  torch::Tensor critic_loss(const ActorCriticStep& step) override {
    const torch::Tensor next = (torch::softmax(step.target_next_logits, 1) * step.next_q.mean(0)).sum(1);
    return critics_td_loss(step, step.reward + step.batch.discount * next);
  }

  torch::Tensor actor_loss(const ActorCriticStep& step) override {
    torch::Tensor advantage;
    {
      const torch::NoGradGuard no_grad;
      const torch::Tensor q = step.target_q.mean(0), prior = torch::softmax(step.target_logits, 1);
      advantage = q - (prior * q).sum(1, true);
      weight_ = kMemory * weight_ + (1 - kMemory);
      square_ = kMemory * square_ + (1 - kMemory) * (prior * advantage.square()).sum(1).mean().item<double>();
      advantage = advantage / std::sqrt(square_ / weight_ + kSmallest);
    }
    const torch::Tensor gain = (torch::softmax(step.logits, 1) * advantage).sum(1).mean();
    return -gain + config_.kl_weight * cmpo_divergence(step.logits, step.target_logits, advantage, config_.clip);
  }

  void transfer(StateArchive& archive) override {
    archive.value("square", square_);
    archive.value("weight", weight_);
  }

 private:
  const CmpoConfig config_;
  double square_ = 0, weight_ = 0;  // weight_ → 1: the trailing mean is square_/weight_
};

}  // namespace

std::unique_ptr<ActorCriticRule> cmpo_rule(const CmpoConfig& config) { return std::make_unique<Cmpo>(config); }

std::unique_ptr<Agent> make(const CmpoConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<ActorCriticAgent>(CmpoConfig::kKind, config, cmpo_rule(config), spec, seed, learning);
}

}  // namespace sluice
