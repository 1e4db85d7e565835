#include "agents/a2c.h"

#include "agents/on_policy.h"

namespace sluice {
namespace {

class A2c final : public PolicyRule {
 public:
  torch::Tensor actor_loss(const PolicyStep& step) override {
    return -(step.weight() * standardise(step.advantage) * step.ratio()).mean();
  }
};

}  // namespace

std::unique_ptr<Agent> make(const A2cConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<OnPolicyAgent>(A2cConfig::kKind, config, std::make_unique<A2c>(), spec, seed, learning);
}

}  // namespace sluice
