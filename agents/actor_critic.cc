#include "agents/actor_critic.h"

#include "agents/describe.h"
#include "sim/check.h"

namespace sluice {
namespace {

constexpr double kSmallStart = 0.1;  // the actor starts near the uniform policy

MlpShape actor_shape(const ActorCriticConfig& config, const EnvSpec& spec, std::int64_t inputs, int num_actors) {
  return {.inputs = inputs, .hidden = config.hidden, .outputs = spec.num_actions, .num_groups = num_actors, .layer_norm = config.layer_norm, .last_layer_gain = kSmallStart};
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
      actor_(actor_shape(config, spec, critic_.num_features(), rule_->num_actors())),
      target_actor_(actor_shape(config, spec, critic_.num_features(), rule_->num_actors())),
      critic_parameters_(critic_),
      target_parameters_(target_critic_),
      actor_parameters_(actor_),
      target_actor_parameters_(target_actor_),
      critic_adam_(critic_parameters_),
      actor_adam_(actor_parameters_) {
  polyak(target_parameters_, critic_parameters_, 1);
  polyak(target_actor_parameters_, actor_parameters_, 1);
}

std::optional<UpdateLog> ActorCriticAgent::update() {
  if (!warmed_up()) return std::nullopt;
  sample_batch(replay_, seed_, updates_++, {.batch_size = learning_.batch_size, .discount = config_.discounting(), .dictated_discount = spec_.discount}, batch_);
  Rng drop = seed_.stream(Purpose::kDropout, updates_);
  const Dropping dropping(critic_, target_critic_, &drop);

  const CriticShape shape = rule_->shape();
  const bool has_critic = rule_->has_critic(), acts_this_time = updates_ % static_cast<std::uint64_t>(rule_->period()) == 0;
  ActorCriticStep step{.batch = batch_};
  step.critic = &critic_;
  step.target_critic = &target_critic_;
  step.update = updates_;
  step.multipliers = multipliers_.values();
  if (has_critic) look_ahead(step);
  const torch::Tensor features = critic_.features(batch_.observation);
  step.features = features.detach();
  if (shape.batch_norm)
    q_together(features, step);
  else if (has_critic)
    step.q = critic_.q(features), step.policy_q = step.q.detach();
  if (shape.has_value) step.value = critic_.value(features);
  step.all_logits = actor_.forward(has_critic ? step.features : features);
  step.logits = step.all_logits[0];

  UpdateLog log;
  const torch::Tensor policy_loss = rule_->actor_loss(step);
  torch::Tensor loss = policy_loss, critic_loss;
  if (has_critic) loss = (critic_loss = rule_->critic_loss(step)) + policy_loss;
  loss.backward();  // the two share no parameter but the extractor, which the actor moves only where there is no critic
  log.gradient_norm = critic_adam_.step(config_.step_size(config_.learning_rate, updates_), config_.max_gradient_norm);
  if (acts_this_time) {
    actor_adam_.step(config_.step_size(config_.actor_learning_rate, updates_), config_.max_gradient_norm);
    polyak(target_parameters_, critic_parameters_, config_.polyak);
    if (rule_->needs_target_actor()) polyak(target_actor_parameters_, actor_parameters_, config_.polyak);
  } else {
    actor_parameters_.gradients().zero_();
  }
  rule_->finish(step);

  const torch::NoGradGuard no_grad;
  log.actor_loss = policy_loss.item<double>();
  describe_policy(torch::softmax(step.logits, 1), log);
  if (!critic_loss.defined()) return log;
  const torch::Tensor q = step.taken(rule_->value_of(step.q));
  log.td_loss = critic_loss.item<double>();
  log.td_error_rms = scale_ * (q - step.target).square().mean().sqrt().item<double>();
  describe_values(scale_ * q, log);
  return log;
}

// What is known of s' and of the targets.
void ActorCriticAgent::look_ahead(ActorCriticStep& step) {
  const torch::NoGradGuard no_grad;
  step.reward = lagrangian_reward(batch_, multipliers_.values(), scale_);
  const torch::Tensor next = critic_.features(batch_.next_observation);
  step.all_next_logits = actor_.forward(next);
  step.next_logits = step.all_next_logits[0];
  if (rule_->shape().has_value) step.next_value = critic_.value(next);
  if (rule_->shape().batch_norm) return;
  step.target_next_features = target_critic_.features(batch_.next_observation);
  step.next_q = target_critic_.q(step.target_next_features);
  const bool of_state = rule_->needs_target_q() || rule_->needs_target_actor();
  const torch::Tensor target_features = of_state ? target_critic_.features(batch_.observation) : torch::Tensor();
  if (rule_->needs_target_q()) step.target_q = target_critic_.q(target_features);
  if (!rule_->needs_target_actor()) return;
  step.target_logits = target_actor_.first(target_features);
  step.target_next_logits = target_actor_.first(step.target_next_features);
}

// s and s' in one batch, so that both are normalised alike (CrossQ).  Where the process ended there is no s'.
void ActorCriticAgent::q_together(const torch::Tensor& features, ActorCriticStep& step) {
  const std::int64_t n = features.size(0);
  const torch::Tensor ended = (batch_.discount == 0).unsqueeze(1);
  const torch::Tensor next = torch::where(ended, batch_.observation, batch_.next_observation);
  const torch::Tensor q = critic_.q_learning(torch::cat({features, critic_.features(next)}));
  step.q = q.narrow(1, 0, n);
  step.next_q = q.narrow(1, n, n).detach();
  const torch::NoGradGuard no_grad;
  step.policy_q = critic_.q(step.features);  // normalised as when acting, by trailing means
}

void ActorCriticAgent::probabilities(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> probability) {
  const c10::InferenceMode inference;
  copy_out(torch::softmax(actor_.first(critic_.features(view_rows(observations, spec_.schema.width))), 1), probability);
}

bool ActorCriticAgent::action_values(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> values) {
  if (!rule_->has_critic() || !rule_->prices_q()) return false;
  const c10::InferenceMode inference;
  copy_out(rule_->value_of(critic_.q(critic_.features(view_rows(observations, spec_.schema.width)))) * scale_, values);
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
  polyak(target_actor_parameters_, actor_parameters_, 1);
  load_progress(state);
}

void ActorCriticAgent::transfer(StateArchive& archive) {
  LearningAgent::transfer(archive);
  critic_parameters_.transfer("critic", archive);
  target_parameters_.transfer("target_critic", archive);
  actor_parameters_.transfer("actor", archive);
  target_actor_parameters_.transfer("target_actor", archive);
  critic_adam_.transfer("critic_adam", archive);
  actor_adam_.transfer("actor_adam", archive);
  archive.section("rule", [&] { rule_->transfer(archive); });
}

}  // namespace sluice
