#include "agents/cpo.h"

#include <algorithm>
#include <cmath>

#include "agents/cpo_rule.h"
#include "agents/losses.h"
#include "agents/policy_losses.h"
#include "agents/trust_region.h"

namespace sluice {
namespace {

constexpr int kBacktracks = 15;
constexpr double kBacktrack = 0.8;

class Cpo final : public PolicyRule {
 public:
  Cpo(const CpoConfig& config, std::vector<CostLimit> limits) : config_(config), limits_(std::move(limits)) {}
  torch::Tensor actor_loss(const PolicyStep&) override { return {}; }
  int rows_of_move() const override { return config_.policy_rows; }
  bool keeps(int cost) const override {
    return std::any_of(limits_.begin(), limits_.end(), [&](const CostLimit& limit) { return limit.cost == cost; });
  }

  void move(const RolloutStep& step) override {
    const std::vector<Limit> limits = measured(step);
    const double excess = limits.empty() ? 0 : limits[0].excess, trust = config_.trust * step.decay * step.decay;  // a step is as √δ long
    const torch::Tensor gain = standardise(step.advantage) * step.weight;
    const auto logits = [&] { return step.actor.forward(step.features, {}); };
    const auto mean_of = [&](const torch::Tensor& advantage, const torch::Tensor& at) {
      const auto taken = [&](const torch::Tensor& l) { return torch::log_softmax(l, 1).gather(1, step.action.unsqueeze(1)).squeeze(1); };
      return ((taken(at) - taken(step.old_logits)).exp() * advantage).mean();
    };
    const auto objective = [&](const torch::Tensor& at) { return mean_of(gain, at) + config_.entropy_coefficient * mean_entropy(at); };
    const auto gradient = [&](const torch::Tensor& value) {
      value.backward();
      torch::Tensor accumulated = step.parameters.gradients();
      const torch::Tensor result = accumulated.clone();
      accumulated.zero_();
      return result;
    };
    const auto invert = [&](const torch::Tensor& b) {
      return conjugate_gradient([&](const torch::Tensor& v) { return fisher_product(logits, step.parameters.values(), step.parameters.gradients(), v) + config_.damping * v; }, b,
                                config_.conjugate_gradients);
    };
    const torch::Tensor g = gradient(objective(logits())), towards_g = invert(g);
    torch::Tensor b, towards_b;
    if (!limits.empty()) b = gradient(mean_of(limits[0].advantage, logits())), towards_b = invert(b);
    const auto dot = [](const torch::Tensor& x, const torch::Tensor& y) { return x.defined() && y.defined() ? x.dot(y).item<double>() : 0; };
    const TrustStep solution = solve_trust_region(dot(g, towards_g), dot(g, towards_b), dot(b, towards_b), excess, trust);
    torch::Tensor x = solution.along_g * towards_g;
    if (towards_b.defined()) x = x + solution.along_b * towards_b;

    // Line search: as far as the quadratic model holds, and the other limits too, unless that leaves no step at all.
    const torch::NoGradGuard no_grad;
    torch::Tensor theta = step.parameters.values();
    const torch::Tensor start = theta.clone(), before = logits();
    const double gain_before = objective(before).item<double>();
    const auto change = [&](const Limit& limit, const torch::Tensor& at) { return (mean_of(limit.advantage, at) - mean_of(limit.advantage, before)).item<double>(); };
    const auto search = [&](std::size_t kept) {
      double length = 1;
      for (int i = 0; i < kBacktracks; ++i, length *= kBacktrack) {
        theta.copy_(start).add_(x, length);
        const torch::Tensor at = logits();
        const bool is_near = policy_kl(at, step.old_logits).mean().item<double>() <= trust;
        const bool gains = excess > 0 || objective(at).item<double>() >= gain_before;
        const bool keeps = std::all_of(limits.begin(), limits.begin() + static_cast<std::ptrdiff_t>(kept),
                                       [&](const Limit& limit) { return change(limit, at) <= std::max(-limit.excess, 0.0); });
        if (is_near && gains && keeps) return true;
      }
      theta.copy_(start);
      return false;
    };
    if (!search(limits.size()) && (limits.size() < 2 || !search(1))) return;
    const torch::Tensor at = logits();
    for (const Limit& limit : limits)
      step.cost_values[static_cast<std::size_t>(limit.cost)] += change(limit, at) * step.requests_per_value * step.scale;
  }

 private:
  static torch::Tensor cost_advantage(const RolloutStep& step, int cost) {
    const torch::Tensor advantage = step.cost_advantages.select(1, cost);
    return (advantage - advantage.mean()) * step.weight;
  }

  struct Limit {
    int cost;
    double excess, relative;  // c, per request, in the unit of the advantages; and in that of the limit
    torch::Tensor advantage;
  };
  /// Limits whose values are known, that which is exceeded most first.
  std::vector<Limit> measured(const RolloutStep& step) const {
    std::vector<Limit> result;
    for (const CostLimit& limit : limits_) {
      const double excess = step.cost_values[static_cast<std::size_t>(limit.cost)] - limit.limit;
      if (std::isnan(excess)) continue;
      result.push_back({limit.cost, excess / step.requests_per_value / step.scale, excess / std::max(std::abs(limit.limit), 1e-9), cost_advantage(step, limit.cost)});
    }
    std::stable_sort(result.begin(), result.end(), [](const Limit& a, const Limit& b) { return a.relative > b.relative; });
    return result;
  }

  const CpoConfig config_;
  const std::vector<CostLimit> limits_;
};

}  // namespace

std::unique_ptr<PolicyRule> cpo_rule(const CpoConfig& config, std::vector<CostLimit> limits) { return std::make_unique<Cpo>(config, std::move(limits)); }

std::unique_ptr<Agent> make(const CpoConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  CpoConfig own = config;
  own.multiplier = own_prices_only(config.multiplier, spec, CpoConfig::kKind);
  return std::make_unique<OnPolicyAgent>(CpoConfig::kKind, own, cpo_rule(own, unpriced_limits(own.multiplier, spec)), spec, seed, learning);
}

}  // namespace sluice
