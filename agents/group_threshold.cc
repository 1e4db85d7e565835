#include "agents/group_threshold.h"

#include <algorithm>

#include "agents/rule.h"
#include "agents/user_groups.h"

namespace sluice {
namespace {

class GroupThreshold final : public Rule {
 public:
  GroupThreshold(const GroupThresholdConfig& config, const EnvSpec& spec)
      : Rule(spec), lambda_(static_cast<float>(config.lagrange_multiplier)),
        boundaries_(config.boundaries_s.begin(), config.boundaries_s.end()),
        thresholds_(config.thresholds_s.begin(), config.thresholds_s.end()),
        width_(static_cast<std::size_t>(spec.schema.width)),
        watch_(required_column(spec, "predicted_watch_s", GroupThresholdConfig::kKind)),
        displaced_(required_column(spec, "displaced_s", GroupThresholdConfig::kKind)),
        group_(static_cast<std::size_t>(spec.num_users), 0) {}

  bool needs_observations() const override { return true; }
  void begin_day(int, std::span<const float> group_keys) override {
    for (std::size_t user = 0; user < group_.size(); ++user)
      group_[user] = group_of(group_keys[user], boundaries_, static_cast<int>(thresholds_.size()));
  }
  void act(const RequestBatch& requests, Mode, std::span<Decision> decisions) override {
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      const std::uint8_t group = group_[static_cast<std::size_t>(requests.user[i])];
      const bool inject = injects(requests.observation.data() + i * width_, group);
      decisions[i] = {.action = static_cast<std::uint8_t>(inject ? 1 : 0), .group = group};
    }
  }
  void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups,
                     std::span<float> probability) override {
    for (std::size_t i = 0; i < probability.size(); ++i) {
      const std::size_t row = i / num_actions_;
      const bool inject = injects(observations.data() + row * width_, groups.empty() ? std::uint8_t{0} : groups[row]);
      probability[i] = i % num_actions_ == (inject ? 1u : 0u) ? 1.0f : 0.0f;
    }
  }
  void transfer(StateArchive& archive) override { archive.fixed("group", group_); }

 private:
  bool injects(const float* row, std::uint8_t group) const {
    return (1 + lambda_) * row[watch_] - lambda_ * row[displaced_] > thresholds_[group];
  }

  const float lambda_;
  const std::vector<float> boundaries_, thresholds_;
  const std::size_t width_, watch_, displaced_;
  std::vector<std::uint8_t> group_;  // [user]
};

}  // namespace

std::unique_ptr<Agent> make(const GroupThresholdConfig& config, const EnvSpec& spec, Seed) {
  if (config.thresholds_s.size() != config.boundaries_s.size() + 2 || config.thresholds_s.size() > 255)
    throw data_error("agent.thresholds_s: " + std::to_string(config.thresholds_s.size()) + " thresholds for " +
                     std::to_string(config.boundaries_s.size()) + " boundaries; two more than boundaries are needed");
  if (!std::is_sorted(config.boundaries_s.begin(), config.boundaries_s.end()))
    throw data_error("agent.boundaries_s: must ascend");
  return std::make_unique<GroupThreshold>(config, spec);
}

}  // namespace sluice
