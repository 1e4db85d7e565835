#include "agents/iql.h"

#include "agents/advantage_weights.h"

namespace sluice {
namespace {

constexpr double kCap = 100;  // of the weights; as in the authors' code

class Iql final : public ActorCriticRule {
 public:
  explicit Iql(const IqlConfig& config) : config_(config) {}
  CriticShape shape() const override { return {.num_critics = config_.num_critics, .has_value = true}; }
  bool needs_target_q() const override { return true; }

  torch::Tensor critic_loss(const ActorCriticStep& step) override {
    const torch::Tensor y = step.reward + step.batch.discount * step.next_value;
    return critics_td_loss(step, y) + expectile_loss(step.value, step.taken(step.target_q).amin(0), config_.expectile);
  }

  torch::Tensor actor_loss(const ActorCriticStep& step) override {
    const torch::Tensor advantage = step.taken(step.target_q).amin(0) - step.value.detach();
    return weighted_imitation(step.logits, step.batch.action, (config_.inverse_temperature * advantage).exp().clamp_max(kCap));
  }

 private:
  const IqlConfig config_;
};

}  // namespace

std::unique_ptr<ActorCriticRule> iql_rule(const IqlConfig& config) { return std::make_unique<Iql>(config); }

std::unique_ptr<Agent> make(const IqlConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<ActorCriticAgent>(IqlConfig::kKind, config, iql_rule(config), spec, seed, learning);
}

}  // namespace sluice
