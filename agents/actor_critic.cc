#include "agents/actor_critic.h"

#include "agents/losses.h"
#include "sim/check.h"

namespace sluice {
namespace {

constexpr double kSmallStart = 0.1;  // the actor starts near the uniform policy

std::shared_ptr<GroupedMlp> make_mlp(const ActorCriticConfig& config, std::int64_t inputs, std::int64_t outputs, int groups) {
  return std::make_shared<GroupedMlp>(MlpShape{.inputs = inputs, .hidden = config.hidden, .outputs = outputs, .num_groups = groups, .layer_norm = config.layer_norm});
}

// Units drop out as long as it lives.
class Dropping {
 public:
  Dropping(CriticStack& online, CriticStack& target, Rng* rng) : online_(online), target_(target) { online_.drop_with(rng), target_.drop_with(rng); }
  ~Dropping() { online_.drop_with(nullptr), target_.drop_with(nullptr); }
  Dropping(const Dropping&) = delete;
  Dropping& operator=(const Dropping&) = delete;

 private:
  CriticStack &online_, &target_;
};

}  // namespace

CriticStack::CriticStack(const ActorCriticConfig& config, const EnvSpec& spec, const CriticShape& shape)
    : num_critics_(shape.num_critics),
      num_actions_(spec.num_actions),
      dropout_(shape.dropout),
      extractor_(register_module("extractor", std::make_shared<Extractor>(spec.schema, ExtractorOptions{config.embedding_size, config.attention_size,
                                                                                                       config.layer_norm != LayerNorm::kNone}))),
      q_(register_module("q", make_mlp(config, extractor_->num_features(), spec.num_actions, shape.num_critics))) {
  if (shape.has_value) value_ = register_module("value", make_mlp(config, extractor_->num_features(), 1, 1));
}

torch::Tensor CriticStack::q(const torch::Tensor& features) {
  const std::int64_t n = features.size(0);
  GroupSlices slices;
  slices.size.assign(static_cast<std::size_t>(num_critics_), n);
  const torch::Tensor rows = num_critics_ == 1 ? features : features.repeat({num_critics_, 1});
  const Dropout dropout{.rate = rng_ != nullptr ? dropout_ : 0, .rng = rng_};
  return q_->forward(rows, slices, dropout).view({num_critics_, n, num_actions_});
}

torch::Tensor CriticStack::value(const torch::Tensor& features) { return value_->forward(features, {}).squeeze(1); }

torch::Tensor ActorCriticStep::taken(const torch::Tensor& values) const {
  torch::Tensor index = batch.action.unsqueeze(1);
  if (values.dim() == 3) index = index.unsqueeze(0).expand({values.size(0), -1, -1});
  return values.gather(-1, index).squeeze(-1);
}

torch::Tensor critics_td_loss(const ActorCriticStep& step, const torch::Tensor& target) {
  step.target = target.detach();
  const torch::Tensor q = step.taken(step.q);  // [N, n]
  return (q - target.detach().unsqueeze(0)).square().mean(1).sum();
}

ActorCriticAgent::ActorCriticAgent(const char* kind, const ActorCriticConfig& config, std::unique_ptr<ActorCriticRule> rule, const EnvSpec& spec,
                                   Seed seed, const LearningContext& learning)
    : LearningAgent(spec, seed, learning, config.multiplier),
      kind_(kind),
      config_(config),
      rule_(std::move(rule)),
      scale_(resolve_reward_scale(config.reward_scale, spec)),
      critic_(config, spec, rule_->shape()),
      target_critic_(config, spec, rule_->shape()),
      actor_(MlpShape{.inputs = critic_.num_features(), .hidden = config.hidden, .outputs = spec.num_actions, .layer_norm = config.layer_norm, .last_layer_gain = kSmallStart}),
      critic_parameters_(critic_),
      target_parameters_(target_critic_),
      actor_parameters_(actor_),
      critic_adam_(critic_parameters_),
      actor_adam_(actor_parameters_) {
  polyak(target_parameters_, critic_parameters_, 1);
}

std::optional<UpdateLog> ActorCriticAgent::update() {
  if (!warmed_up()) return std::nullopt;
  sample_batch(replay_, seed_, updates_++, {.batch_size = learning_.batch_size, .discount = config_.discounting(), .dictated_discount = spec_.discount}, batch_);
  Rng drop = seed_.stream(Purpose::kDropout, updates_);
  const Dropping dropping(critic_, target_critic_, &drop);

  ActorCriticStep step{.batch = batch_, .reward = {}, .q = {}, .value = {}, .logits = {}, .target_q = {}, .next_q = {}, .next_value = {}, .next_logits = {}, .update = updates_, .target = {}};
  const bool has_value = rule_->shape().has_value;
  if (rule_->has_critic()) {
    const torch::NoGradGuard no_grad;
    step.reward = lagrangian_reward(batch_, multipliers_.values(), scale_);
    const torch::Tensor next = critic_.features(batch_.next_observation);
    step.next_logits = actor_.forward(next, {});
    if (has_value) step.next_value = critic_.value(next);
    step.next_q = target_critic_.q(target_critic_.features(batch_.next_observation));
    if (rule_->needs_target_q()) step.target_q = target_critic_.q(target_critic_.features(batch_.observation));
  }
  const torch::Tensor features = critic_.features(batch_.observation);
  if (rule_->has_critic()) step.q = critic_.q(features);
  if (has_value) step.value = critic_.value(features);
  step.logits = actor_.forward(rule_->has_critic() ? features.detach() : features, {});

  UpdateLog log;
  const torch::Tensor policy_loss = rule_->actor_loss(step);
  torch::Tensor critic_loss;
  if (rule_->has_critic()) {
    critic_loss = rule_->critic_loss(step);
    (critic_loss + policy_loss).backward();  // they share no parameter but the extractor, which the actor does not move
  } else {
    policy_loss.backward();
  }
  log.gradient_norm = critic_adam_.step(config_.step_size(config_.learning_rate, updates_), config_.max_gradient_norm);
  actor_adam_.step(config_.step_size(config_.actor_learning_rate, updates_), config_.max_gradient_norm);
  polyak(target_parameters_, critic_parameters_, config_.polyak);
  rule_->finish(step);

  const torch::NoGradGuard no_grad;
  log.actor_loss = policy_loss.item<double>();
  log.injection_rate = 1 - torch::softmax(step.logits, 1).select(1, 0).mean().item<double>();
  log.entropy = mean_entropy(step.logits).item<double>();
  if (!critic_loss.defined()) return log;
  const torch::Tensor q = step.taken(step.q).mean(0);
  log.td_loss = critic_loss.item<double>();
  log.td_error_rms = scale_ * (step.taken(step.q) - step.target.unsqueeze(0)).square().mean().sqrt().item<double>();
  log.q_mean = scale_ * q.mean().item<double>();
  log.q_std = scale_ * q.std(false).item<double>();
  log.q_abs_max = scale_ * q.abs().max().item<double>();
  return log;
}

void ActorCriticAgent::probabilities(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> probability) {
  const c10::InferenceMode inference;
  copy_out(torch::softmax(actor_.forward(critic_.features(view_rows(observations, spec_.schema.width)), {}), 1), probability);
}

bool ActorCriticAgent::action_values(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> values) {
  if (!rule_->has_critic()) return false;
  const c10::InferenceMode inference;
  copy_out(critic_.q(critic_.features(view_rows(observations, spec_.schema.width))).mean(0) * scale_, values);
  return true;
}

void ActorCriticAgent::save(AgentState& state) const {
  save_identity(kind_.c_str(), spec_.schema, state);
  save_module("critic.", critic_, state);
  save_module("actor.", actor_, state);
  save_progress(state);
}

void ActorCriticAgent::load(const AgentState& state) {
  check_identity(kind_.c_str(), spec_.schema, state);
  load_module("critic.", critic_, state);
  load_module("actor.", actor_, state);
  polyak(target_parameters_, critic_parameters_, 1);
  load_progress(state);
}

void ActorCriticAgent::transfer(StateArchive& archive) {
  LearningAgent::transfer(archive);
  critic_parameters_.transfer("critic", archive);
  target_parameters_.transfer("target_critic", archive);
  actor_parameters_.transfer("actor", archive);
  critic_adam_.transfer("critic_adam", archive);
  actor_adam_.transfer("actor_adam", archive);
  archive.section("rule", [&] { rule_->transfer(archive); });
}

}  // namespace sluice
