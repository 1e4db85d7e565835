#include "agents/ppo.h"

#include "agents/on_policy.h"
#include "agents/policy_losses.h"

namespace sluice {
namespace {

class Ppo final : public PolicyRule {
 public:
  explicit Ppo(double clip) : clip_(clip) {}
  torch::Tensor actor_loss(const PolicyStep& step) override { return ppo_loss(step.ratio(), standardise(step.advantage) * step.weight(), clip_); }

 private:
  double clip_;
};

}  // namespace

std::unique_ptr<Agent> make(const PpoConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<OnPolicyAgent>(PpoConfig::kKind, config, std::make_unique<Ppo>(config.clip), spec, seed, learning);
}

}  // namespace sluice
