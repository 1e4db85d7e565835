#include "agents/supervised_greedy.h"

#include <cmath>

#include "agents/adam.h"
#include "agents/describe.h"
#include "agents/learning_base.h"
#include "agents/reward_model.h"
#include "agents/sl_mgac_nets.h"
#include "agents/threshold_search.h"
#include "agents/torch_batch.h"
#include "agents/user_groups.h"
#include "sim/check.h"

namespace sluice {
namespace {

// SL-MGAC of which only the reward prediction is left.
SlMgacConfig as_sl_mgac(const SupervisedGreedyConfig& c) {
  SlMgacConfig config;
  config.num_groups = c.num_groups;
  config.reassign_days = c.reassign_days;
  config.hidden = c.hidden;
  config.embedding_size = c.embedding_size;
  config.attention_size = c.attention_size;
  config.layer_norm = c.layer_norm;
  config.residual = false;
  config.reward_head = c.reward_head;
  config.num_buckets = c.num_buckets;
  config.bucket_scheme = c.bucket_scheme;
  config.tail_refinement = c.tail_refinement;
  return config;
}

class SupervisedGreedy final : public LearningAgent {
 public:
  SupervisedGreedy(const SupervisedGreedyConfig& config, std::vector<CostLimit> limits, const EnvSpec& spec, Seed seed, const LearningContext& learning)
      : LearningAgent(spec, seed, learning, config.multiplier),
        config_(config),
        limits_(std::move(limits)),
        scale_(resolve_reward_scale(config.reward_scale, spec)),
        groups_(config.num_groups, spec.num_users, config.reassign_days, Grouping::kLiveWatch, seed),
        reward_model_(spec_, as_sl_mgac(config), scale_),
        net_(as_sl_mgac(config), spec, reward_model_.num_heads()),
        parameters_(net_),
        adam_(parameters_),
        search_(scale_, config.threshold_resolution, config.threshold_hold) {}

  void begin_day(int day, std::span<const float> group_keys) override {
    if (groups_.begin_day(day, group_keys)) buckets_are_current_ = false;
  }
  void observe(const TransitionBatch& transitions) override {
    if (transitions.size() > 0) groups_.note_learning();
    replay_.add(transitions);
  }
  void update_multipliers(std::span<const double> values) override {
    double worst = std::nan("");
    for (const CostLimit& limit : limits_) {
      const double value = values[static_cast<std::size_t>(limit.cost)], size = limit.limit == 0 ? 1 : std::abs(limit.limit);
      if (!std::isnan(value) && !((value - limit.limit) / size <= worst)) worst = (value - limit.limit) / size;
    }
    if (!std::isnan(worst)) search_.see(worst);
  }

  std::optional<UpdateLog> update() override {
    if (!warmed_up()) return std::nullopt;
    if (reward_model_.is_discretised() && !buckets_are_current_) {
      reward_model_.form_buckets(replay_.rows());
      buckets_are_current_ = true;
    }
    sample_batch(replay_, seed_, updates_++, {.batch_size = learning_.batch_size, .num_groups = config_.num_groups, .discount = {}, .dictated_discount = spec_.discount}, batch_);
    const torch::Tensor heads = net_.forward(batch_.observation, batch_.slices).reward_heads;
    const torch::Tensor loss = reward_model_.loss(heads, batch_);
    loss.backward();
    UpdateLog log;
    log.gradient_norm = adam_.step(config_.step_size(config_.learning_rate, updates_), config_.max_gradient_norm);
    const torch::NoGradGuard no_grad;
    const torch::Tensor reward = predict(heads, batch_.observation, batch_.group), own = reward.gather(1, batch_.action.unsqueeze(1)).squeeze(1);
    log.reward_loss = log.td_loss = loss.item<double>();
    log.td_error_rms = scale_ * (own - lagrangian_reward(batch_, multipliers_.values(), scale_)).square().mean().sqrt().item<double>();
    describe_values(scale_ * own, log);
    describe_policy(policy_of(reward), log);
    return log;
  }

  void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> probability) override {
    const c10::InferenceMode inference;
    write(observations, groups, [&](const torch::Tensor& reward) { return policy_of(reward); }, probability);
  }
  // R̂: the value at γ = 0.
  bool action_values(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> values) override {
    const c10::InferenceMode inference;
    write(observations, groups, [&](const torch::Tensor& reward) { return reward * scale_; }, values);
    return true;
  }

  void save(AgentState& state) const override {
    save_identity(SupervisedGreedyConfig::kKind, spec_.schema, state);
    save_module("net.", net_, state);
    save_progress(state);
    save_vector("threshold", {threshold()}, state);
    groups_.save(state);
    reward_model_.save(state);
  }
  void load(const AgentState& state) override {
    check_identity(SupervisedGreedyConfig::kKind, spec_.schema, state);
    load_module("net.", net_, state);
    load_progress(state);
    loaded_threshold_ = load_vector("threshold", state).at(0);
    groups_.load(state);
    reward_model_.load(state);
    buckets_are_current_ = true;
  }
  void transfer(StateArchive& archive) override {
    LearningAgent::transfer(archive);
    parameters_.transfer("net", archive);
    adam_.transfer("adam", archive);
    archive.section("groups", [&] { groups_.transfer(archive); });
    archive.section("reward_model", [&] { reward_model_.transfer(archive); });
    archive.section("threshold", [&] { search_.transfer(archive); });
    archive.value("buckets_are_current", buckets_are_current_);
  }

 private:
  double threshold() const { return std::isnan(loaded_threshold_) ? config_.threshold + search_.threshold() : loaded_threshold_; }  // in units of the reward
  torch::Tensor predict(const torch::Tensor& heads, const torch::Tensor& raw, const torch::Tensor& group) const { return reward_model_.predict(heads, raw, group, multipliers_.values()); }

  // R̂ [n, A] in units of reward_scale → greedy, where action 0 is worth τ more.
  torch::Tensor policy_of(const torch::Tensor& reward) const {
    torch::Tensor handicapped = reward.clone();
    handicapped.select(1, 0).add_(threshold() / scale_);
    return torch::zeros_like(reward).scatter_(1, handicapped.argmax(1, true), 1);
  }

  template <class Function>
  void write(std::span<const float> observations, std::span<const std::uint8_t> groups, Function of_reward, std::span<float> out) {
    const auto values = [&](const torch::Tensor& raw, const GroupSlices& slices, const torch::Tensor& group) {
      return of_reward(predict(net_.forward(raw, slices).reward_heads, raw, group));
    };
    write_by_group(observations, groups, config_.num_groups, spec_.schema.width, values, out);
  }

  void groups_of(std::span<const std::int32_t> users, std::span<std::uint8_t> groups) const override {
    for (std::size_t i = 0; i < users.size(); ++i) groups[i] = groups_.of(users[i]);
  }

  const SupervisedGreedyConfig config_;
  const std::vector<CostLimit> limits_;  // of costs without a price
  const double scale_;
  UserGroups groups_;
  RewardModel reward_model_;
  bool buckets_are_current_ = false;
  SlMgacCritic net_;
  FlatParameters parameters_;
  Adam adam_;
  ThresholdSearch search_;
  double loaded_threshold_ = std::nan("");  // of a saved agent
  TorchBatch batch_;
};

}  // namespace

std::unique_ptr<Agent> make(const SupervisedGreedyConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  SupervisedGreedyConfig own = config;
  own.multiplier = own_prices_only(config.multiplier, spec, SupervisedGreedyConfig::kKind);
  return std::make_unique<SupervisedGreedy>(own, unpriced_limits(own.multiplier, spec), spec, seed, learning);
}

}  // namespace sluice
