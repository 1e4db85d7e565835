#include "agents/awac.h"

#include "agents/advantage_weights.h"

namespace sluice {
namespace {

constexpr double kCap = 100;  // of the weights; as in CORL

class Awac final : public ActorCriticRule {
 public:
  explicit Awac(const AwacConfig& config) : config_(config) {}
  CriticShape shape() const override { return {.num_critics = config_.num_critics}; }
  torch::Tensor critic_loss(const ActorCriticStep& step) override { return critics_td_loss(step, pessimistic_target(step)); }
  torch::Tensor actor_loss(const ActorCriticStep& step) override {
    return weighted_imitation(step.logits, step.batch.action, exponential_weights(policy_advantage(step), config_.temperature, kCap));
  }

 private:
  const AwacConfig config_;
};

}  // namespace

std::unique_ptr<ActorCriticRule> awac_rule(const AwacConfig& config) { return std::make_unique<Awac>(config); }

std::unique_ptr<Agent> make(const AwacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<ActorCriticAgent>(AwacConfig::kKind, config, awac_rule(config), spec, seed, learning);
}

}  // namespace sluice
