#include "agents/behaviour_cloning.h"

#include "agents/advantage_weights.h"

namespace sluice {
namespace {

class BehaviourCloning final : public ActorCriticRule {
 public:
  CriticShape shape() const override { return {.num_critics = 1}; }
  bool has_critic() const override { return false; }
  torch::Tensor critic_loss(const ActorCriticStep&) override { return {}; }
  torch::Tensor actor_loss(const ActorCriticStep& step) override {
    return weighted_imitation(step.logits, step.batch.action, torch::ones({step.logits.size(0)}));
  }
};

}  // namespace

std::unique_ptr<Agent> make(const BehaviourCloningConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<ActorCriticAgent>(BehaviourCloningConfig::kKind, config, std::make_unique<BehaviourCloning>(), spec, seed, learning);
}

}  // namespace sluice
