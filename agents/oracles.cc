#include "agents/oracles.h"

#include <algorithm>

#include "agents/planner_features.h"
#include "agents/rule.h"
#include "agents/user_groups.h"

namespace sluice {
namespace {

class Oracle : public Rule {
 public:
  using Rule::Rule;
  bool needs_observations() const override { return true; }
  bool needs_latent() const override { return true; }
  void probabilities(std::span<const float>, std::span<const std::uint8_t>, std::span<float>) override {
    throw data_error("an oracle decides on what the observation does not hold: its probabilities cannot be told from it");
  }
};

class MyopicOracle final : public Oracle {
 public:
  MyopicOracle(const MyopicOracleConfig& config, const EnvSpec& spec)
      : Oracle(spec), lambda_(static_cast<float>(config.lagrange_multiplier)),
        threshold_s_(static_cast<float>(config.threshold_s)), width_(static_cast<std::size_t>(spec.schema.width)),
        latents_(spec.latent_names.size()),
        mean_watch_(required_latent(spec, "mean_watch_s", MyopicOracleConfig::kKind)),
        displaced_(required_column(spec, "displaced_s", MyopicOracleConfig::kKind)) {}

  void act(const RequestBatch& requests, Mode, std::span<Decision> decisions) override {
    ENSURE(requests.latent.size() == decisions.size() * latents_, "the latent state is switched off");
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      const float watch = requests.latent[i * latents_ + mean_watch_];
      const float reward = (1 + lambda_) * watch - lambda_ * requests.observation[i * width_ + displaced_];
      decisions[i] = {.action = static_cast<std::uint8_t>(reward > threshold_s_ ? 1 : 0)};
    }
  }

 private:
  const float lambda_, threshold_s_;
  const std::size_t width_, latents_, mean_watch_, displaced_;
};

class Planner final : public Oracle {
 public:
  Planner(const PlannerConfig& config, const EnvSpec& spec)
      : Oracle(spec), features_(spec), start_threshold_s_(config.start_threshold_s),
        boundaries_(config.boundaries_s.begin(), config.boundaries_s.end()),
        num_groups_(static_cast<int>(boundaries_.size()) + 2), width_(static_cast<std::size_t>(spec.schema.width)),
        latents_(spec.latent_names.size()), group_(static_cast<std::size_t>(spec.num_users), 0), x_(features_.num_inputs()) {}

  void begin_day(int, std::span<const float> group_keys) override {
    for (std::size_t user = 0; user < group_.size(); ++user) group_[user] = group_of(group_keys[user], boundaries_, num_groups_);
  }
  void act(const RequestBatch& requests, Mode, std::span<Decision> decisions) override {
    ENSURE(requests.latent.size() == decisions.size() * latents_, "the latent state is switched off");
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      const std::uint8_t group = group_[static_cast<std::size_t>(requests.user[i])];
      features_.inputs(requests.observation.data() + i * width_, requests.latent.data() + i * latents_, x_);
      const bool inject = advantage(group) > 0;
      decisions[i] = {.action = static_cast<std::uint8_t>(inject ? 1 : 0), .group = group};
    }
  }
  void transfer(StateArchive& archive) override { archive.fixed("group", group_); }

  void save(AgentState& state) const override { sluice::save(table_, state); }
  void load(const AgentState& state) override {
    const auto& arrays = state.arrays;
    const auto inputs = features_.num_inputs(), size = features_.size();
    const auto groups = static_cast<std::size_t>(num_groups_);
    const bool fits = arrays.contains("mean") && arrays.contains("scale") && arrays.contains("weights") &&
                      arrays.at("mean").values.size() == inputs && arrays.at("scale").values.size() == inputs &&
                      arrays.at("weights").values.size() == groups * size;
    if (!fits) throw data_error("planner: the saved tables do not fit this environment's user model and `boundaries_s`");
    table_ = {.mean = arrays.at("mean").values, .scale = arrays.at("scale").values, .weights = {}};
    const auto& all = arrays.at("weights").values;
    for (std::size_t g = 0; g < groups; ++g)
      table_.weights.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(g * size), all.begin() + static_cast<std::ptrdiff_t>((g + 1) * size));
  }

 private:
  double advantage(std::uint8_t group) {
    if (table_.weights.empty()) return x_[features_.mean_watch()] - start_threshold_s_;
    PlannerFeatures::standardise(x_, table_.mean, table_.scale);
    return PlannerFeatures::value(x_, table_.weights[group]);
  }

  const PlannerFeatures features_;
  const double start_threshold_s_;
  const std::vector<float> boundaries_;
  const int num_groups_;
  const std::size_t width_, latents_;
  PlannerTable table_;
  std::vector<std::uint8_t> group_;  // [user]
  std::vector<double> x_;            // inputs of the request at hand
};

}  // namespace

void save(const PlannerTable& table, AgentState& state) {
  if (table.weights.empty()) return;
  const auto rows = static_cast<std::int64_t>(table.weights.size()), columns = static_cast<std::int64_t>(table.weights[0].size());
  state.arrays["mean"] = {{static_cast<std::int64_t>(table.mean.size())}, table.mean};
  state.arrays["scale"] = {{static_cast<std::int64_t>(table.scale.size())}, table.scale};
  AgentState::Array& weights = state.arrays["weights"];
  weights.shape = {rows, columns};
  for (const auto& row : table.weights) weights.values.insert(weights.values.end(), row.begin(), row.end());
}

std::unique_ptr<Agent> make(const MyopicOracleConfig& config, const EnvSpec& spec, Seed) {
  return std::make_unique<MyopicOracle>(config, spec);
}

std::unique_ptr<Agent> make(const PlannerConfig& config, const EnvSpec& spec, Seed) {
  if (!std::is_sorted(config.boundaries_s.begin(), config.boundaries_s.end()) || config.boundaries_s.size() > 200)
    throw data_error("agent.boundaries_s: must ascend, and be at most 200");
  return std::make_unique<Planner>(config, spec);
}

}  // namespace sluice
