#include "agents/sl_mgac.h"

#include <torch/torch.h>

#include "agents/adam.h"
#include "agents/learning_base.h"
#include "agents/learning_library.h"
#include "agents/losses.h"
#include "agents/reward_model.h"
#include "agents/sl_mgac_nets.h"
#include "agents/torch_batch.h"
#include "agents/user_groups.h"
#include "sim/check.h"

// Notation
//   n  rows of a batch, sorted by group      A  actions         K  groups      M  buckets
//   φ(x)    features                         R̂  predicted_reward [n, A]
//   Q̃       residual [n, A]                  Q = R̂ + Q̃  [n, A], in units of reward_scale
//   π(·|s)  softmax of the actor's logits    Q' target critic (extractor, RPN and QRN)

namespace sluice {
namespace {

constexpr double kTypicalWatch_s = 665;  // e^6.5: the centre of the column live_watch_21d_s

class SlMgac final : public LearningAgent {
 public:
  SlMgac(const SlMgacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning)
      : LearningAgent(spec, seed, learning, config.multiplier),
        config_(config),
        scale_(resolve_reward_scale(config.reward_scale, spec)),
        groups_(config.num_groups, spec.num_users, config.reassign_days, config.grouping, seed),
        watch_column_(config.reward_unit == RewardUnit::kUser ? spec.schema.column("live_watch_21d_s") : -1),
        reward_model_(spec_, config, scale_),
        critic_(config, spec, reward_model_.num_heads()),
        target_critic_(config, spec, reward_model_.num_heads()),
        actor_(config, spec, critic_.num_features()),
        critic_parameters_(critic_),
        target_parameters_(target_critic_),
        actor_parameters_(actor_),
        critic_adam_(critic_parameters_),
        actor_adam_(actor_parameters_) {
    polyak(target_parameters_, critic_parameters_, 1);
  }

  void begin_day(int day, std::span<const float> group_keys) override {
    // New groups mean new distributions of watch time, hence new edges at the next update.
    if (groups_.begin_day(day, group_keys)) buckets_are_current_ = false;
  }

  void observe(const TransitionBatch& transitions) override {
    if (transitions.size() > 0) groups_.note_learning();
    replay_.add(transitions);
  }

  std::optional<UpdateLog> update() override {
    if (!warmed_up()) return std::nullopt;
    if (reward_model_.is_discretised() && !buckets_are_current_) {
      reward_model_.form_buckets(replay_.rows());
      buckets_are_current_ = true;
    }
    sample_batch(replay_, seed_, updates_++,
                 {.batch_size = learning_.batch_size,
                  .num_groups = config_.num_groups,
                  .discount = {.unit = config_.discount_unit,
                               .discount = config_.discount,
                               .session_end = config_.discount_session_end},
                  .dictated_discount = spec_.discount},
                 batch_);
    const torch::Tensor target = bellman_target();  // [n]

    // Critic: L = ℓ(R̂(s,a) + Q̃(s,a) − y) + α_SL·L_supervised.
    const SlMgacCritic::Output output = critic_.forward(batch_.observation, batch_.slices);
    const torch::Tensor predicted_reward = predict_reward(output, batch_.observation);
    // The digest leaves open whether TD moves the RPN.  Ours does not by default: the reward it
    // learned from labels should not be bent by bootstrapped errors.
    const torch::Tensor q_all =
        (config_.td_trains_rpn ? predicted_reward : predicted_reward.detach()) + output.residual;
    const torch::Tensor q = q_all.gather(1, batch_.action.unsqueeze(1)).squeeze(1);  // [n]
    const torch::Tensor td = td_loss(q, target, config_.td_loss);
    torch::Tensor critic_loss = td, supervised;
    if (config_.reward_prediction) {
      supervised = reward_model_.loss(output.reward_heads, batch_);
      critic_loss = critic_loss + config_.supervised_coefficient * supervised;
    }

    // Actor: max Σ_a π(a|s)·Qn(s,a) + c_H·H.  It sees the features but does not move them by default.
    const torch::Tensor logits = actor_.forward(
        config_.actor_trains_extractor ? output.features : output.features.detach(), batch_.slices);
    const torch::Tensor policy_loss = actor_loss(
        logits, normalise_q(q_all, config_.q_normalization), config_.entropy_coefficient);

    // The two losses share no parameter but the extractor, so one backward pass serves both.
    (critic_loss + policy_loss).backward();
    UpdateLog log;
    const double decay = config_.decay_updates > 0
                             ? 1 + static_cast<double>(updates_) / config_.decay_updates
                             : 1;
    log.gradient_norm = critic_adam_.step(config_.learning_rate / decay, config_.max_gradient_norm);
    actor_adam_.step(config_.actor_learning_rate / decay, config_.max_gradient_norm);
    polyak(target_parameters_, critic_parameters_, config_.polyak);

    log.td_loss = td.item<double>();
    if (supervised.defined()) log.reward_loss = supervised.item<double>();
    log.actor_loss = policy_loss.item<double>();
    describe(q, logits, log);
    return log;
  }

  void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups,
                     std::span<float> probability) override {
    const c10::InferenceMode inference;
    const auto num_actions = static_cast<std::size_t>(spec_.num_actions);
    const std::size_t n = probability.size() / num_actions;
    const auto width = static_cast<std::int64_t>(spec_.schema.width);
    const bool grouped = config_.num_groups > 1 && config_.group_actor && !groups.empty();
    if (!grouped) {
      GroupSlices everyone;
      everyone.size.assign(static_cast<std::size_t>(config_.num_groups), 0);
      everyone.size[0] = static_cast<std::int64_t>(n);
      const torch::Tensor raw = torch::from_blob(const_cast<float*>(observations.data()),
                                                 {static_cast<std::int64_t>(n), width}, torch::kFloat);
      const torch::Tensor policy = act_policy(raw, everyone);
      std::copy_n(policy.data_ptr<float>(), probability.size(), probability.begin());
      return;
    }
    const GroupOrder order = order_by_group(groups, config_.num_groups);
    const torch::Tensor policy =
        act_policy(gather_rows(observations, width, order.row), order.slices);
    const float* from = policy.data_ptr<float>();
    for (std::size_t i = 0; i < n; ++i)
      std::copy_n(from + i * num_actions, num_actions,
                  probability.begin() + order.row[i] * spec_.num_actions);
  }

  void save(AgentState& state) const override {
    save_identity(SlMgacConfig::kKind, spec_.schema, state);
    save_module("critic.", critic_, state);
    save_module("actor.", actor_, state);
    save_vector("multipliers", multipliers_.values(), state);
    save_vector("decisions", {static_cast<double>(decisions_)}, state);
    const std::vector<float>& boundaries = groups_.boundaries();
    save_vector("group_boundaries", {boundaries.begin(), boundaries.end()}, state);
    for (std::size_t g = 0; g < reward_model_.buckets().size(); ++g) {
      const std::vector<float>& edges = reward_model_.buckets()[g].edges();
      save_vector("bucket_edges_" + std::to_string(g), {edges.begin(), edges.end()}, state);
    }
  }

  void load(const AgentState& state) override {
    check_identity(SlMgacConfig::kKind, spec_.schema, state);
    load_module("critic.", critic_, state);
    load_module("actor.", actor_, state);
    polyak(target_parameters_, critic_parameters_, 1);
    multipliers_.set_values(load_vector("multipliers", state));
    decisions_ = static_cast<std::int64_t>(load_vector("decisions", state).at(0));
    const std::vector<double> boundaries = load_vector("group_boundaries", state);
    groups_.set_boundaries({boundaries.begin(), boundaries.end()});
    std::vector<Buckets> buckets;
    for (std::size_t g = 0; g < reward_model_.buckets().size(); ++g) {
      const std::vector<double> edges = load_vector("bucket_edges_" + std::to_string(g), state);
      buckets.emplace_back(std::vector<float>(edges.begin(), edges.end()));
    }
    if (!buckets.empty()) reward_model_.set_buckets(std::move(buckets));
    buckets_are_current_ = true;
  }

  void transfer(StateArchive& archive) override {
    LearningAgent::transfer(archive);
    critic_parameters_.transfer("critic", archive);
    target_parameters_.transfer("target_critic", archive);
    actor_parameters_.transfer("actor", archive);
    critic_adam_.transfer("critic_adam", archive);
    actor_adam_.transfer("actor_adam", archive);
    archive.section("groups", [&] { groups_.transfer(archive); });
    archive.section("reward_model", [&] { reward_model_.transfer(archive); });
    archive.value("buckets_are_current", buckets_are_current_);
  }

 private:
  // y = r^λ/scale + discount·Σ_a π(a|s')·Q'(s',a)
  torch::Tensor bellman_target() {
    const torch::NoGradGuard no_grad;
    const torch::Tensor& next = batch_.next_observation;
    const torch::Tensor policy =
        torch::softmax(actor_.forward(critic_.features(next), batch_.slices), 1);
    const SlMgacCritic::Output output = target_critic_.forward(next, batch_.slices);
    const torch::Tensor next_q = predict_reward(output, next) + output.residual;
    const torch::Tensor reward = lagrangian_reward(batch_, multipliers_.values(), scale_);
    if (watch_column_ < 0) return td_target(reward, batch_.discount, policy, next_q);
    // Q of either state is in its own unit: u(s)·y = r^λ/scale + discount·u(s')·Σ_a π(a|s')·Q'(s',a).
    return td_target(reward, batch_.discount, policy, next_q * unit_of(next).unsqueeze(1)) / unit_of(batch_.observation);
  }

  torch::Tensor predict_reward(const SlMgacCritic::Output& output, const torch::Tensor& raw) const {
    if (!config_.reward_prediction) return torch::zeros_like(output.residual);
    const torch::Tensor common = reward_model_.predict(output.reward_heads, raw, batch_.group, multipliers_.values());
    return watch_column_ < 0 ? common : common / unit_of(raw).unsqueeze(1);
  }

  // u(s) of RewardUnit::kUser; m is where the schema centres ln(1 + w).  [n]
  torch::Tensor unit_of(const torch::Tensor& raw) const {
    return torch::sqrt((raw.select(1, watch_column_) + kTypicalWatch_s) / (2 * kTypicalWatch_s));
  }

  torch::Tensor act_policy(const torch::Tensor& raw, const GroupSlices& slices) {
    return torch::softmax(actor_.forward(critic_.features(raw), slices), 1).contiguous();
  }

  void describe(const torch::Tensor& q_scaled, const torch::Tensor& logits, UpdateLog& log) const {
    const torch::NoGradGuard no_grad;
    torch::Tensor q = q_scaled.detach() * scale_;  // in units of the reward
    if (watch_column_ >= 0) q = q * unit_of(batch_.observation);
    log.q_mean = q.mean().item<double>();
    log.q_std = q.std(false).item<double>();
    log.q_abs_max = q.abs().max().item<double>();
    log.injection_rate = 1 - torch::softmax(logits, 1).select(1, 0).mean().item<double>();
    log.entropy = mean_entropy(logits).item<double>();
    std::int64_t start = 0;
    for (const std::int64_t rows : batch_.slices.size) {
      const torch::Tensor own = q.narrow(0, start, rows);
      log.group_q_mean.push_back(rows > 0 ? own.mean().item<double>() : UpdateLog::kNone);
      log.group_q_std.push_back(rows > 0 ? own.std(false).item<double>() : UpdateLog::kNone);
      start += rows;
    }
  }

  void groups_of(std::span<const std::int32_t> users, std::span<std::uint8_t> groups) const override {
    for (std::size_t i = 0; i < users.size(); ++i) groups[i] = groups_.of(users[i]);
  }

  const SlMgacConfig config_;
  const double scale_;
  UserGroups groups_;
  int watch_column_;  // of the user's live watch, where it makes the unit of Q; else −1
  RewardModel reward_model_;
  bool buckets_are_current_ = false;
  SlMgacCritic critic_, target_critic_;
  SlMgacActor actor_;
  FlatParameters critic_parameters_, target_parameters_, actor_parameters_;
  Adam critic_adam_, actor_adam_;
  TorchBatch batch_;
};

}  // namespace
}  // namespace sluice

extern "C" sluice::Agent* sluice_make_sl_mgac(const sluice::SlMgacConfig& config,
                                              const sluice::EnvSpec& spec, sluice::Seed seed,
                                              const sluice::LearningContext& learning) {
  if (!config.reward_prediction && !config.residual)
    throw sluice::data_error(
        "agent: reward_prediction and residual are both false, so there is no Q; keep one");
  if (config.reward_unit == sluice::RewardUnit::kUser && spec.schema.column("live_watch_21d_s") < 0)
    throw sluice::data_error("agent.reward_unit: user: this environment does not tell users' live watch of 21 days; use common");
  sluice::start_torch(seed);
  return new sluice::SlMgac(config, spec, seed, learning);
}
