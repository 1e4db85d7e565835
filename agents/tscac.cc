#include "agents/tscac.h"

#include "agents/actor_critic_rules.h"
#include "agents/losses.h"
#include "agents/policy_losses.h"

namespace sluice {
namespace {

class Tscac final : public ActorCriticRule {
 public:
  Tscac(const TscacConfig& config, const std::vector<std::int64_t>& costs, double scale)
      : config_(config), costs_(costs), num_costs_(static_cast<std::int64_t>(costs.size())), scale_(scale) {}
  CriticShape shape() const override { return {.num_critics = static_cast<int>(1 + num_costs_)}; }
  int num_actors() const override { return static_cast<int>(1 + num_costs_); }
  torch::Tensor value_of(const torch::Tensor& q) const override { return q[0]; }
  bool prices_q() const override { return num_costs_ == 0; }

  torch::Tensor critic_loss(const ActorCriticStep& step) override {
    const torch::Tensor signals = torch::cat({step.batch.reward.unsqueeze(0), -step.batch.costs.t().index_select(0, torch::tensor(costs_, torch::kLong))}) / scale_;  // [1 + C, n]
    const torch::Tensor next = (torch::softmax(step.all_next_logits, 2) * step.next_q).sum(2);
    const torch::Tensor target = (signals + step.batch.discount * next).detach();
    step.target = target[0];
    return (step.taken(step.q) - target).square().mean(1).sum();
  }

  torch::Tensor actor_loss(const ActorCriticStep& step) override {
    const torch::Tensor q = step.q[0].detach(), advantage = q - (torch::softmax(step.logits.detach(), 1) * q).sum(1, true);
    const torch::Tensor others = step.all_logits.narrow(0, 1, num_costs_);
    std::vector<double> nearness;
    for (const std::int64_t cost : costs_) nearness.push_back(step.multipliers[static_cast<std::size_t>(cost)]);
    torch::Tensor loss = near_others(step.logits, others, advantage, nearness, config_.temperature);
    for (std::int64_t i = 0; i < num_costs_; ++i)
      loss = loss + sluice::actor_loss(others[i], normalise_q(step.q[1 + i], QNormalization::kGap), config_.entropy_coefficient);
    return loss;
  }

 private:
  const TscacConfig config_;
  const std::vector<std::int64_t> costs_;  // that have a critic and an actor
  const std::int64_t num_costs_;
  const double scale_;
};

}  // namespace

std::unique_ptr<ActorCriticRule> tscac_rule(const TscacConfig& config, const std::vector<std::int64_t>& costs, double scale) {
  return std::make_unique<Tscac>(config, costs, scale);
}

std::unique_ptr<Agent> make(const TscacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  ActorCriticConfig shared;
  static_cast<LearnerConfig&>(shared) = config;
  shared.actor_learning_rate = config.actor_learning_rate;
  shared.polyak = config.polyak;
  const Multipliers multipliers(config.multiplier, spec);
  std::vector<std::int64_t> costs;
  for (std::size_t i = 0; i < spec.cost_names.size(); ++i)
    if (multipliers.may_price(i)) costs.push_back(static_cast<std::int64_t>(i));
  auto rule = tscac_rule(config, costs, resolve_reward_scale(config.reward_scale, spec));
  return std::make_unique<ActorCriticAgent>(TscacConfig::kKind, shared, std::move(rule), spec, seed, learning);
}

}  // namespace sluice
