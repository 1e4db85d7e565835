#include "agents/soft_actor_critic.h"

#include <cmath>

#include "agents/losses.h"
#include "sim/check.h"

namespace sluice {
namespace {

class SoftRule final : public ActorCriticRule {
 public:
  SoftRule(int num_critics, const SoftOptions& options, int num_actions, Seed seed)
      : options_(options), num_critics_(num_critics), most_entropy_(std::log(num_actions)), seed_(seed), log_alpha_(std::log(options.temperature.initial)) {}

  CriticShape shape() const override { return {.num_critics = num_critics_, .dropout = options_.dropout, .batch_norm = options_.batch_norm}; }
  int period() const override { return options_.period; }
  bool needs_target_q() const override { return options_.q_clip > 0; }

  torch::Tensor critic_loss(const ActorCriticStep& step) override {
    const torch::Tensor next = options_.subset > 0 ? aggregate(step.next_q.index_select(0, torch::tensor(draw_critics(num_critics_, options_.subset, seed_, step.update))), Aggregation::kMin)
                                                   : aggregate(step.next_q, options_.target);
    const torch::Tensor y = soft_target(step.reward, step.batch.discount, step.next_logits, next, std::exp(log_alpha_));
    if (options_.q_clip <= 0) return critics_td_loss(step, y);
    step.target = y;
    const torch::Tensor rows = y.unsqueeze(0).expand({num_critics_, -1});
    return clipped_q_error(step.taken(step.q), step.taken(step.target_q), rows, options_.q_clip).mean(1).sum();
  }

  torch::Tensor actor_loss(const ActorCriticStep& step) override {
    return soft_actor_loss(step.logits, aggregate(step.policy_q, options_.actor), std::exp(log_alpha_));
  }

  void finish(const ActorCriticStep& step) override {
    const TemperatureConfig& t = options_.temperature;
    if (t.learning_rate <= 0) return;
    const double gradient = temperature_gradient(log_alpha_, mean_entropy(step.logits.detach()).item<double>(), t.target(step.update) * most_entropy_);
    // Adam on one number; the sign and size of its step are those of agents/adam.h.
    ++steps_;
    first_ = 0.9 * first_ + 0.1 * gradient;
    second_ = 0.999 * second_ + 0.001 * gradient * gradient;
    const double mean = first_ / (1 - std::pow(0.9, steps_)), square = second_ / (1 - std::pow(0.999, steps_));
    log_alpha_ = std::clamp(log_alpha_ - t.learning_rate * mean / (std::sqrt(square) + 1e-8), -20.0, 10.0);
  }

  void transfer(StateArchive& archive) override {
    archive.value("log_alpha", log_alpha_);
    archive.value("first", first_);
    archive.value("second", second_);
    archive.value("steps", steps_);
  }

 private:
  const SoftOptions options_;
  const int num_critics_;
  const double most_entropy_;
  const Seed seed_;
  double log_alpha_, first_ = 0, second_ = 0, steps_ = 0;
};

}  // namespace

double TemperatureConfig::target(std::uint64_t update) const {
  return entropy_end + (entropy_start - entropy_end) * std::exp(-static_cast<double>(update) / entropy_decay);
}

std::vector<std::int64_t> draw_critics(int num_critics, int wanted, Seed seed, std::uint64_t update) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(num_critics));
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = static_cast<std::int64_t>(k);
  Rng rng = seed.stream(Purpose::kEnsemble, update);
  const auto count = std::min(all.size(), static_cast<std::size_t>(wanted));
  for (std::size_t k = 0; k < count; ++k) std::swap(all[k], all[k + rng() % (all.size() - k)]);
  all.resize(count);
  return all;
}

torch::Tensor soft_target(const torch::Tensor& reward, const torch::Tensor& discount, const torch::Tensor& next_logits, const torch::Tensor& next_q, double alpha) {
  const torch::Tensor log_policy = torch::log_softmax(next_logits, 1);
  return (reward + discount * (log_policy.exp() * (next_q - alpha * log_policy)).sum(1)).detach();
}

torch::Tensor soft_actor_loss(const torch::Tensor& logits, const torch::Tensor& q, double alpha) {
  const torch::Tensor log_policy = torch::log_softmax(logits, 1);
  return (log_policy.exp() * (alpha * log_policy - q.detach())).sum(1).mean();
}

torch::Tensor clipped_q_error(const torch::Tensor& q, const torch::Tensor& old_q, const torch::Tensor& target, double clip) {
  const torch::Tensor fixed = target.detach(), old = old_q.detach();
  return torch::maximum((q - fixed).square(), (old + (q - old).clamp(-clip, clip) - fixed).square());
}

double temperature_gradient(double log_alpha, double entropy, double target) { return std::exp(log_alpha) * (entropy - target); }

torch::Tensor aggregate(const torch::Tensor& q, Aggregation kind) { return kind == Aggregation::kMin ? q.amin(0) : q.mean(0); }

std::unique_ptr<ActorCriticRule> soft_rule(int num_critics, const SoftOptions& options, int num_actions, Seed seed) {
  return std::make_unique<SoftRule>(num_critics, options, num_actions, seed);
}

}  // namespace sluice
