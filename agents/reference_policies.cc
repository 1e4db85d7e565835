#include "agents/reference_policies.h"

#include <algorithm>

#include "agents/rule.h"
#include "agents/sampling.h"
#include "sim/check.h"

namespace sluice {
namespace {

class Constant final : public Rule {
 public:
  Constant(const EnvSpec& spec, std::uint8_t action) : Rule(spec), action_(action) {}
  void act(const RequestBatch&, Mode, std::span<Decision> decisions) override {
    std::fill(decisions.begin(), decisions.end(), Decision{.action = action_});
  }
  void probabilities(std::span<const float>, std::span<const std::uint8_t>,
                     std::span<float> probability) override {
    for (std::size_t i = 0; i < probability.size(); ++i)
      probability[i] = i % num_actions_ == action_ ? 1.0f : 0.0f;
  }

 private:
  std::uint8_t action_;
};

class Random final : public Rule {
 public:
  Random(const RandomConfig& config, const EnvSpec& spec, Seed seed) : Rule(spec), seed_(seed) {
    const auto others = static_cast<double>(num_actions_ - 1);
    policy_.assign(num_actions_, static_cast<float>(config.probability / std::max(others, 1.0)));
    policy_[0] = static_cast<float>(num_actions_ == 1 ? 1 : 1 - config.probability);
  }
  void act(const RequestBatch& requests, Mode, std::span<Decision> decisions) override {
    for (std::size_t i = 0; i < decisions.size(); ++i)
      decisions[i] =
          sample_action(policy_, 0, uniform01(stream(seed_, Purpose::kPolicy, requests.key[i])));
  }
  void probabilities(std::span<const float>, std::span<const std::uint8_t>,
                     std::span<float> probability) override {
    for (std::size_t i = 0; i < probability.size(); ++i) probability[i] = policy_[i % num_actions_];
  }

 private:
  const Seed seed_;
  std::vector<float> policy_;
};

class Interval final : public Rule {
 public:
  Interval(const IntervalConfig& config, const EnvSpec& spec, Seed seed)
      : Rule(spec), every_(static_cast<std::uint32_t>(config.every)), seed_(seed) {
    left_.assign(static_cast<std::size_t>(spec.num_users), kNotSeen);
  }
  void act(const RequestBatch& requests, Mode, std::span<Decision> decisions) override {
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      std::uint32_t& left = left_[static_cast<std::size_t>(requests.user[i])];
      // The first wait depends on the user alone, not on the part of the world that holds the user.
      if (left == kNotSeen)
        left = static_cast<std::uint32_t>(seed_.stream(Purpose::kPolicy, requests.key[i].user)() %
                                          every_);
      const bool inject = left == 0;
      left = inject ? every_ - 1 : left - 1;
      decisions[i] = {.action = static_cast<std::uint8_t>(inject ? 1 : 0)};
    }
  }
  // The observation does not tell where in the interval a user is: the marginal rate.
  void probabilities(std::span<const float>, std::span<const std::uint8_t>,
                     std::span<float> probability) override {
    const float rate = 1.0f / static_cast<float>(every_);
    for (std::size_t i = 0; i < probability.size(); ++i) {
      const std::size_t action = i % num_actions_;
      probability[i] = action == 0 ? 1 - rate : action == 1 ? rate : 0;
    }
  }
  void transfer(StateArchive& archive) override { archive.fixed("requests_left", left_); }

 private:
  static constexpr std::uint32_t kNotSeen = 0xffffffff;
  const std::uint32_t every_;
  const Seed seed_;
  std::vector<std::uint32_t> left_;  // per user: requests to pass by before the next injection
};

// threshold is fatigue_threshold with slope 0, and then without the third column.
class Threshold final : public Rule {
 public:
  Threshold(const FatigueThresholdConfig& config, const EnvSpec& spec, const char* kind)
      : Rule(spec),
        watch_weight_(static_cast<float>(1 + config.lagrange_multiplier)),
        displaced_weight_(static_cast<float>(config.lagrange_multiplier)),
        threshold_s_(static_cast<float>(config.threshold_s)),
        slope_s_(static_cast<float>(config.slope_s)),
        width_(static_cast<std::size_t>(spec.schema.width)),
        watch_(required_column(spec, "predicted_watch_s", kind)),
        displaced_(required_column(spec, "displaced_s", kind)),
        exposures_(slope_s_ == 0 ? watch_ : required_column(spec, "recent_exposures", kind)) {}

  bool needs_observations() const override { return true; }
  void act(const RequestBatch& requests, Mode, std::span<Decision> decisions) override {
    ENSURE(requests.observation.size() == decisions.size() * width_, "observations are switched off");
    for (std::size_t i = 0; i < decisions.size(); ++i)
      decisions[i] = {.action = static_cast<std::uint8_t>(
                          injects(requests.observation.data() + i * width_) ? 1 : 0)};
  }
  void probabilities(std::span<const float> observations, std::span<const std::uint8_t>,
                     std::span<float> probability) override {
    for (std::size_t i = 0; i < probability.size(); ++i) {
      const bool inject = injects(observations.data() + i / num_actions_ * width_);
      probability[i] = i % num_actions_ == (inject ? 1u : 0u) ? 1.0f : 0.0f;
    }
  }

 private:
  bool injects(const float* row) const {
    const float predicted = watch_weight_ * row[watch_] - displaced_weight_ * row[displaced_];
    const float fatigue = slope_s_ == 0 ? 0 : slope_s_ * row[exposures_];
    return predicted > threshold_s_ + fatigue;
  }

  const float watch_weight_, displaced_weight_, threshold_s_, slope_s_;
  const std::size_t width_, watch_, displaced_, exposures_;
};

}  // namespace

std::unique_ptr<Agent> make(const NeverConfig&, const EnvSpec& spec, Seed) {
  return std::make_unique<Constant>(spec, std::uint8_t{0});
}
std::unique_ptr<Agent> make(const AlwaysConfig&, const EnvSpec& spec, Seed) {
  return std::make_unique<Constant>(spec, std::uint8_t{1});
}
std::unique_ptr<Agent> make(const RandomConfig& config, const EnvSpec& spec, Seed seed) {
  return std::make_unique<Random>(config, spec, seed);
}
std::unique_ptr<Agent> make(const IntervalConfig& config, const EnvSpec& spec, Seed seed) {
  return std::make_unique<Interval>(config, spec, seed);
}
std::unique_ptr<Agent> make(const ThresholdConfig& config, const EnvSpec& spec, Seed) {
  const FatigueThresholdConfig general{.lagrange_multiplier = config.lagrange_multiplier,
                                       .threshold_s = config.threshold_s,
                                       .slope_s = 0};
  return std::make_unique<Threshold>(general, spec, ThresholdConfig::kKind);
}
std::unique_ptr<Agent> make(const FatigueThresholdConfig& config, const EnvSpec& spec, Seed) {
  return std::make_unique<Threshold>(config, spec, FatigueThresholdConfig::kKind);
}

}  // namespace sluice
