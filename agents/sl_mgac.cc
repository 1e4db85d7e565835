#include "agents/sl_mgac.h"

#include "agents/describe.h"
#include "agents/losses.h"
#include "agents/sl_mgac_agent.h"
#include "sim/check.h"

// Notation
//   n  rows of a batch, sorted by group      A  actions         K  groups      M  buckets
//   φ(x)    features                         R̂  predicted_reward [n, A]
//   Q̃       residual [n, A]                  Q = R̂ + Q̃  [n, A], in units of reward_scale
//   π(·|s)  softmax of the actor's logits    Q' target critic (extractor, RPN and QRN)

namespace sluice {
namespace {

constexpr double kTypicalWatch_s = 665;  // e^6.5: the centre of the column live_watch_21d_s

}  // namespace

void SlMgac::begin_day(int day, std::span<const float> group_keys) {
  // New groups mean new distributions of watch time, hence new edges at the next update.
  if (groups_.begin_day(day, group_keys)) buckets_are_current_ = false;
}

void SlMgac::observe(const TransitionBatch& transitions) {
  if (transitions.size() > 0) groups_.note_learning();
  replay_.add(transitions);
}

std::optional<UpdateLog> SlMgac::update() {
  if (!warmed_up()) return std::nullopt;
  if (reward_model_.is_discretised() && !buckets_are_current_) {
    reward_model_.form_buckets(replay_.rows());
    buckets_are_current_ = true;
  }
  sample_batch(replay_, seed_, updates_++, batch_options(learning_.batch_size), batch_);
  const torch::Tensor target = bellman_target(batch_);  // [n]

  // Critic: L = ℓ(R̂(s,a) + Q̃(s,a) − y) + α_SL·L_supervised; with a twin ℓ is added up over both Q̃.
  const SlMgacCritic::Output output = critic_.forward(batch_.observation, batch_.slices);
  const Q all = q_of(output, batch_, batch_.observation);
  const torch::Tensor q = taken(all.first, batch_);
  torch::Tensor td = td_loss(q, target, config_.td_loss);
  if (all.second.defined()) td = td + td_loss(taken(all.second, batch_), target, config_.td_loss);
  torch::Tensor critic_loss = td, supervised;
  if (config_.reward_prediction) {
    supervised = reward_model_.loss(output.reward_heads, batch_);
    critic_loss = critic_loss + config_.supervised_coefficient * supervised;
  }

  // Actor: max Σ_a π(a|s)·Qn(s,a) + c_H·H.  It sees the features but does not move them by default.
  const torch::Tensor logits = actor_.forward(
      config_.actor_trains_extractor ? output.features : output.features.detach(), batch_.slices);
  const torch::Tensor policy_loss = actor_loss(
      logits, normalise_q(combined(all), config_.q_normalization), config_.entropy_coefficient);

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
  torch::Tensor error = scale_ * (q.detach() - target);
  if (watch_column_ >= 0) error = error * unit_of(batch_.observation);
  log.td_error_rms = error.square().mean().sqrt().item<double>();
  if (supervised.defined()) log.reward_loss = supervised.item<double>();
  log.actor_loss = policy_loss.item<double>();
  describe(q, logits, log);
  return log;
}

void SlMgac::probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups,
                   std::span<float> probability) {
  const c10::InferenceMode inference;
  const auto num_actions = static_cast<std::size_t>(spec_.num_actions);
  const std::size_t n = probability.size() / num_actions;
  const auto width = static_cast<std::int64_t>(spec_.schema.width);
  const bool grouped = config_.num_groups > 1 && config_.group_actor && !groups.empty();
  if (!grouped) {
    GroupSlices everyone;
    everyone.size.assign(static_cast<std::size_t>(config_.num_groups), 0);
    everyone.size[0] = static_cast<std::int64_t>(n);
    copy_out(act_policy(view_rows(observations, width), everyone), probability);
    return;
  }
  write_by_group(observations, groups, config_.num_groups, width,
                 [&](const torch::Tensor& raw, const GroupSlices& slices, const torch::Tensor&) { return act_policy(raw, slices); }, probability);
}

void SlMgac::save(AgentState& state) const {
  save_identity(SlMgacConfig::kKind, spec_.schema, state);
  save_module("critic.", critic_, state);
  save_module("actor.", actor_, state);
  save_progress(state);
  groups_.save(state);
  reward_model_.save(state);
}

void SlMgac::load(const AgentState& state) {
  check_identity(SlMgacConfig::kKind, spec_.schema, state);
  load_module("critic.", critic_, state);
  load_module("actor.", actor_, state);
  polyak(target_parameters_, critic_parameters_, 1);
  load_progress(state);
  groups_.load(state);
  reward_model_.load(state);
  buckets_are_current_ = true;
}

void SlMgac::transfer(StateArchive& archive) {
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

BatchOptions SlMgac::batch_options(int rows) const {
  return {.batch_size = rows,
          .num_groups = config_.num_groups,
          .discount = {.unit = config_.discount_unit, .discount = config_.discount, .session_end = config_.discount_session_end},
          .dictated_discount = spec_.discount};
}

torch::Tensor SlMgac::bellman_target(const TorchBatch& batch) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor& next = batch.next_observation;
  const Columns columns = critic_.read(next);
  const torch::Tensor policy = torch::softmax(actor_.forward(critic_.features(columns), batch.slices), 1);
  const torch::Tensor next_q = combined(q_of(target_critic_.forward(columns, batch.slices), batch, next));
  const torch::Tensor reward = lagrangian_reward(batch, multipliers_.values(), scale_);
  if (watch_column_ < 0) return td_target(reward, batch.discount, policy, next_q);
  // Q of either state is in its own unit: u(s)·y = r^λ/scale + discount·u(s')·Σ_a π(a|s')·Q'(s',a).
  return td_target(reward, batch.discount, policy, next_q * unit_of(next).unsqueeze(1)) / unit_of(batch.observation);
}

SlMgac::Q SlMgac::q_of(const SlMgacCritic::Output& output, const TorchBatch& batch, const torch::Tensor& raw) const {
  // The digest leaves open whether TD moves the RPN.  Ours does not by default: the reward it
  // learned from labels should not be bent by bootstrapped errors.
  const torch::Tensor predicted = predict_reward(output, batch.group, raw);
  const torch::Tensor reward = config_.td_trains_rpn ? predicted : predicted.detach();
  return {reward + output.residual, output.twin.defined() ? reward + output.twin : torch::Tensor()};
}

torch::Tensor SlMgac::combined(const Q& q) const {
  if (!q.second.defined()) return q.first;
  return config_.twin_critic == TwinCritic::kMin ? torch::minimum(q.first, q.second) : (q.first + q.second) / 2;
}

torch::Tensor SlMgac::predict_reward(const SlMgacCritic::Output& output, const torch::Tensor& group, const torch::Tensor& raw) const {
  if (!config_.reward_prediction) return torch::zeros_like(output.residual);
  const torch::Tensor common = reward_model_.predict(output.reward_heads, raw, group, multipliers_.values());
  return watch_column_ < 0 ? common : common / unit_of(raw).unsqueeze(1);
}

torch::Tensor SlMgac::unit_of(const torch::Tensor& raw) const {
  return torch::sqrt((raw.select(1, watch_column_) + kTypicalWatch_s) / (2 * kTypicalWatch_s));
}

torch::Tensor SlMgac::act_policy(const torch::Tensor& raw, const GroupSlices& slices) {
  return torch::softmax(actor_.forward(critic_.features(raw), slices), 1).contiguous();
}

void SlMgac::describe(const torch::Tensor& q_scaled, const torch::Tensor& logits, UpdateLog& log) const {
  const torch::NoGradGuard no_grad;
  torch::Tensor q = q_scaled.detach() * scale_;  // in units of the reward
  if (watch_column_ >= 0) q = q * unit_of(batch_.observation);
  describe_values(q, log);
  describe_policy(torch::softmax(logits, 1), log);
  std::int64_t start = 0;
  for (const std::int64_t rows : batch_.slices.size) {
    const torch::Tensor own = q.narrow(0, start, rows);
    log.group_q_mean.push_back(rows > 0 ? own.mean().item<double>() : UpdateLog::kNone);
    log.group_q_std.push_back(rows > 0 ? own.std(false).item<double>() : UpdateLog::kNone);
    start += rows;
  }
}

void SlMgac::groups_of(std::span<const std::int32_t> users, std::span<std::uint8_t> groups) const {
  for (std::size_t i = 0; i < users.size(); ++i) groups[i] = groups_.of(users[i]);
}

bool SlMgac::action_values(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> values) {
  const torch::NoGradGuard no_grad;
  const auto q_values = [&](const torch::Tensor& raw, const GroupSlices& slices, const torch::Tensor& group) {
    TorchBatch batch;
    batch.slices = slices;
    batch.group = group;
    const torch::Tensor q = combined(q_of(critic_.forward(raw, slices), batch, raw)) * scale_;
    return watch_column_ >= 0 ? q * unit_of(raw).unsqueeze(1) : q;
  };
  write_by_group(observations, groups, config_.num_groups, spec_.schema.width, q_values, values);
  return true;
}

std::unique_ptr<Agent> make(const SlMgacConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  if (!config.reward_prediction && !config.residual)
    throw data_error("agent: reward_prediction and residual are both false, so there is no Q; keep one");
  if (!config.residual && config.twin_critic != TwinCritic::kNone)
    throw data_error("agent: twin_critic is a second residual network, and residual is false; set twin_critic: none");
  if (config.reward_unit == RewardUnit::kUser && spec.schema.column("live_watch_21d_s") < 0)
    throw data_error("agent.reward_unit: user: this environment does not tell users' live watch of 21 days; use common");
  return std::make_unique<SlMgac>(config, spec, seed, learning);
}

}  // namespace sluice
