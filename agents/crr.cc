#include "agents/crr.h"

#include "agents/advantage_weights.h"

namespace sluice {
namespace {

constexpr double kCap = 20;  // of the exponential weights; Wang et al. 2020

class Crr final : public ActorCriticRule {
 public:
  explicit Crr(const CrrConfig& config) : config_(config) {}
  CriticShape shape() const override { return {.num_critics = config_.num_critics}; }
  torch::Tensor critic_loss(const ActorCriticStep& step) override { return critics_td_loss(step, pessimistic_target(step)); }
  torch::Tensor actor_loss(const ActorCriticStep& step) override {
    const torch::Tensor advantage = policy_advantage(step);
    const torch::Tensor weight = config_.weight == CrrWeight::kBinary ? (advantage > 0).to(torch::kFloat) : exponential_weights(advantage, config_.temperature, kCap);
    return weighted_imitation(step.logits, step.batch.action, weight);
  }

 private:
  const CrrConfig config_;
};

}  // namespace

std::unique_ptr<ActorCriticRule> crr_rule(const CrrConfig& config) { return std::make_unique<Crr>(config); }

std::unique_ptr<Agent> make(const CrrConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<ActorCriticAgent>(CrrConfig::kKind, config, crr_rule(config), spec, seed, learning);
}

}  // namespace sluice
