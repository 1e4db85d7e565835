#include "agents/focops.h"

#include "agents/on_policy.h"
#include "agents/policy_losses.h"

namespace sluice {
namespace {

class Focops final : public PolicyRule {
 public:
  explicit Focops(const FocopsConfig& config) : config_(config) {}
  torch::Tensor actor_loss(const PolicyStep& step) override {
    return focops_loss(step.logits, step.old_logits, step.ratio(), standardise(step.advantage) * step.weight(), config_.temperature, config_.trust);
  }

 private:
  const FocopsConfig config_;
};

}  // namespace

std::unique_ptr<Agent> make(const FocopsConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<OnPolicyAgent>(FocopsConfig::kKind, config, std::make_unique<Focops>(config), spec, seed, learning);
}

}  // namespace sluice
