#include "agents/on_policy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "agents/advantages.h"
#include "agents/describe.h"
#include "agents/losses.h"
#include "sim/check.h"

namespace sluice {
namespace {

constexpr double kSmallStart = 0.1;              // the actor starts near the uniform policy
constexpr std::int64_t kRowsAtOnce = 8192;       // of a pass over a rollout

// Columns 0: reward, 1 + i: cost i, in units of scale.  [n, 1 + C]
torch::Tensor signals(const TorchBatch& batch, double scale) { return torch::cat({batch.reward.unsqueeze(1), batch.costs}, 1) / scale; }

// column 0 − Σ_i λ_i·column (1 + i).
torch::Tensor priced(const torch::Tensor& columns, const std::vector<double>& multipliers) {
  torch::Tensor sum = columns.select(1, 0).clone();
  for (std::size_t i = 0; i < multipliers.size(); ++i)
    if (multipliers[i] != 0) sum.sub_(columns.select(1, static_cast<std::int64_t>(i) + 1), multipliers[i]);
  return sum;
}

}  // namespace

ValueNetwork::ValueNetwork(const OnPolicyConfig& config, const EnvSpec& spec)
    : extractor_(register_module("extractor", std::make_shared<Extractor>(spec.schema, ExtractorOptions{config.embedding_size, config.attention_size,
                                                                                                       config.layer_norm != LayerNorm::kNone}))),
      values_(register_module("values", std::make_shared<GroupedMlp>(MlpShape{.inputs = extractor_->num_features(),
                                                                              .hidden = config.hidden,
                                                                              .outputs = 1 + static_cast<std::int64_t>(spec.cost_names.size()),
                                                                              .layer_norm = config.layer_norm}))) {}

OnPolicyAgent::OnPolicyAgent(const char* kind, const OnPolicyConfig& config, std::unique_ptr<PolicyRule> rule, const EnvSpec& spec, Seed seed,
                             const LearningContext& learning)
    : LearningAgent(spec, seed, learning, config.multiplier),
      kind_(kind),
      config_(config),
      rule_(std::move(rule)),
      scale_(resolve_reward_scale(config.reward_scale, spec)),
      critic_(config, spec),
      actor_(MlpShape{.inputs = critic_.num_features(), .hidden = config.hidden, .outputs = spec.num_actions, .layer_norm = config.layer_norm, .last_layer_gain = kSmallStart}),
      critic_parameters_(critic_),
      actor_parameters_(actor_),
      critic_adam_(critic_parameters_),
      actor_adam_(actor_parameters_),
      rollouts_(config.rollout_transitions, spec, seed),
      cost_values_(spec.cost_names.size(), std::nan("")),
      learned_{0} {
  for (std::size_t i = 0; i < spec.cost_names.size(); ++i)
    if (multipliers_.may_price(i) || rule_->keeps(static_cast<int>(i))) learned_.push_back(static_cast<std::int64_t>(i) + 1);
}

void OnPolicyAgent::update_multipliers(std::span<const double> values) {
  LearningAgent::update_multipliers(values);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isnan(values[i])) cost_values_[i] = values[i];
}

std::optional<UpdateLog> OnPolicyAgent::update() {
  const bool begins = rollouts_.begin_next();
  if (begins) look_at_rollout();
  if (rollouts_.rollout().size() == 0) return std::nullopt;
  if (begins && rule_->rows_of_move() > 0) move_actor();
  ++updates_;
  for (int i = 1; i < config_.steps_per_update; ++i) learn_from_minibatch();
  return learn_from_minibatch();
}

UpdateLog OnPolicyAgent::learn_from_minibatch() {
  const bool moves_once = rule_->rows_of_move() > 0;
  const std::vector<std::int64_t> rows = rollouts_.next_rows(learning_.batch_size);
  gather_batch(rollouts_.rollout(), rows, batching(), batch_);
  const auto columns = static_cast<std::int64_t>(1 + spec_.cost_names.size());

  const torch::Tensor advantage = gather_rows(advantage_, columns, rows), target = gather_rows(target_, columns, rows);
  const torch::Tensor features = critic_.features(batch_.observation), values = critic_.values(features);
  const torch::Tensor learned = torch::tensor(learned_, torch::kLong);
  const torch::Tensor value_loss = torch::mse_loss(values.index_select(1, learned), target.index_select(1, learned));
  const PolicyStep step{.logits = actor_.forward(features.detach(), {}),
                        .action = batch_.action,
                        .log_propensity = torch::from_blob(batch_.columns.propensity.data(), {batch_.action.size(0)}, torch::kFloat).log(),
                        .old_logits = gather_rows(old_logits_, spec_.num_actions, rows),
                        .advantage = priced(advantage, multipliers_.values())};
  const torch::Tensor policy_loss = moves_once ? torch::zeros({}) : rule_->actor_loss(step) - config_.entropy_coefficient * mean_entropy(step.logits);
  (value_loss + policy_loss).backward();

  UpdateLog log;
  log.gradient_norm = critic_adam_.step(config_.step_size(config_.learning_rate, updates_), config_.max_gradient_norm);
  if (!moves_once) actor_adam_.step(config_.step_size(config_.actor_learning_rate, updates_), config_.max_gradient_norm);
  const torch::NoGradGuard no_grad;
  const torch::Tensor value = priced(values.detach(), multipliers_.values()) * scale_;
  log.td_loss = value_loss.item<double>();
  log.td_error_rms = (value - priced(target, multipliers_.values()) * scale_).square().mean().sqrt().item<double>();
  log.actor_loss = policy_loss.item<double>();
  describe_values(value, log);
  describe_policy(torch::softmax(step.logits, 1), log);
  return log;
}

void OnPolicyAgent::move_actor() {
  const std::vector<std::int64_t> rows = rollouts_.next_rows(rule_->rows_of_move());
  gather_batch(rollouts_.rollout(), rows, batching(), batch_);
  const auto columns = static_cast<std::int64_t>(1 + spec_.cost_names.size());
  const torch::Tensor advantage = gather_rows(advantage_, columns, rows), old_logits = gather_rows(old_logits_, spec_.num_actions, rows);
  torch::Tensor features;
  {
    const torch::NoGradGuard no_grad;
    features = critic_.features(batch_.observation);
  }
  const PolicyStep step{.logits = old_logits, .action = batch_.action,
                        .log_propensity = torch::from_blob(batch_.columns.propensity.data(), {batch_.action.size(0)}, torch::kFloat).log(),
                        .old_logits = old_logits, .advantage = priced(advantage, multipliers_.values())};
  rule_->move({.actor = actor_, .parameters = actor_parameters_, .features = features, .old_logits = old_logits, .action = batch_.action, .weight = step.weight(),
               .advantage = step.advantage, .cost_advantages = advantage.narrow(1, 1, columns - 1), .cost_values = cost_values_,
               .requests_per_value = requests_per_value(rollouts_.rollout().rows(), spec_), .scale = scale_, .decay = config_.step_size(1, updates_)});
}

void OnPolicyAgent::look_at_rollout() {
  const ReplayBuffer& rollout = rollouts_.rollout();
  const torch::NoGradGuard no_grad;
  const std::int64_t m = rollout.size();
  std::vector<torch::Tensor> value, next_value, signal, logits, discount;
  for (std::int64_t first = 0; first < m; first += kRowsAtOnce) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(kRowsAtOnce, m - first)));
    std::iota(rows.begin(), rows.end(), first);
    gather_batch(rollout, rows, batching(), batch_);
    const torch::Tensor features = critic_.features(batch_.observation);
    value.push_back(critic_.values(features));
    next_value.push_back(critic_.values(critic_.features(batch_.next_observation)));
    logits.push_back(actor_.forward(features, {}));
    signal.push_back(signals(batch_, scale_));
    discount.push_back(batch_.discount);
  }
  const auto numbers = [](const torch::Tensor& t) {
    const torch::Tensor c = t.contiguous();
    return std::vector<float>(c.data_ptr<float>(), c.data_ptr<float>() + c.numel());
  };
  const torch::Tensor all_values = torch::cat(value), all_next = torch::cat(next_value), all_signals = torch::cat(signal);
  const std::vector<std::int32_t> successor = successors(rollout.rows());
  const std::vector<float> discounts = numbers(torch::cat(discount));
  std::vector<torch::Tensor> advantage;
  for (std::int64_t c = 0; c < all_values.size(1); ++c) {
    const std::vector<float> reward = numbers(all_signals.select(1, c)), v = numbers(all_values.select(1, c)), next = numbers(all_next.select(1, c));
    advantage.push_back(torch::tensor(gae({successor, reward, discounts}, v, next, config_.gae_lambda)));
  }
  const torch::Tensor advantages = torch::stack(advantage, 1);
  advantage_ = numbers(advantages);
  target_ = numbers(advantages + all_values);
  old_logits_ = numbers(torch::cat(logits));
}

void OnPolicyAgent::probabilities(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> probability) {
  const c10::InferenceMode inference;
  copy_out(torch::softmax(actor_.forward(critic_.features(view_rows(observations, spec_.schema.width)), {}), 1), probability);
}

void OnPolicyAgent::save(AgentState& state) const {
  save_identity(kind_.c_str(), spec_.schema, state);
  save_module("critic.", critic_, state);
  save_module("actor.", actor_, state);
  save_progress(state);
}

void OnPolicyAgent::load(const AgentState& state) {
  check_identity(kind_.c_str(), spec_.schema, state);
  load_module("critic.", critic_, state);
  load_module("actor.", actor_, state);
  load_progress(state);
}

void OnPolicyAgent::transfer(StateArchive& archive) {
  LearningAgent::transfer(archive);
  critic_parameters_.transfer("critic", archive);
  actor_parameters_.transfer("actor", archive);
  critic_adam_.transfer("critic_adam", archive);
  actor_adam_.transfer("actor_adam", archive);
  archive.section("rollouts", [&] { rollouts_.transfer(archive); });
  archive.fixed("cost_values", cost_values_);
  archive.values("advantage", advantage_);
  archive.values("target", target_);
  archive.values("old_logits", old_logits_);
}

double requests_per_value(const TransitionBatch& rows, const EnvSpec& spec) {
  const auto n = static_cast<double>(rows.size());
  if (spec.discount > 0) {
    const double ended = static_cast<double>(std::count(rows.terminated.begin(), rows.terminated.end(), 1)) / n;
    return 1 / (1 - spec.discount * (1 - ended));
  }
  const double days = std::accumulate(rows.elapsed_s.begin(), rows.elapsed_s.end(), 0.0) / kDay;
  constexpr double kShortest = 1.0 / 24;  // day: of a rollout in which no time passes, a guess is as good
  return n / std::max(kShortest, days);
}

torch::Tensor standardise(const torch::Tensor& x) { return (x - x.mean()) / (x.std(false) + 1e-8); }

}  // namespace sluice
