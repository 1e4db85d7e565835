#include "agents/q_agent.h"

#include <cmath>

#include "agents/describe.h"
#include "sim/check.h"

namespace sluice {
namespace {

constexpr double kGapMemory = 0.99;  // of the trailing mean of the actions' difference
constexpr double kLogitPenalty = 0.01;  // of G; as in the authors' code

// Cross-entropy of G to the data's actions.
torch::Tensor imitation_loss(const torch::Tensor& logits, const torch::Tensor& action) {
  return torch::nn::functional::cross_entropy(logits, action) + kLogitPenalty * logits.square().mean();
}

}  // namespace

QNetwork::QNetwork(const LearnerConfig& config, const EnvSpec& spec, std::int64_t head_size, const QOptions& options)
    : num_actions_(spec.num_actions),
      head_size_(head_size),
      dueling_(options.dueling),
      extractor_(register_module("extractor", std::make_shared<Extractor>(spec.schema, ExtractorOptions{config.embedding_size, config.attention_size,
                                                                                                       config.layer_norm != LayerNorm::kNone}))),
      net_(register_module("head", std::make_shared<GroupedMlp>(MlpShape{.inputs = extractor_->num_features(),
                                                                         .hidden = config.hidden,
                                                                         .outputs = head_size * (num_actions_ + (dueling_ ? 1 : 0)),
                                                                         .layer_norm = config.layer_norm}))) {
  if (options.imitation_threshold >= 0)
    imitation_ = register_module("imitation", std::make_shared<GroupedMlp>(MlpShape{.inputs = extractor_->num_features(), .hidden = config.hidden, .outputs = num_actions_, .layer_norm = config.layer_norm}));
}

QNetwork::Output QNetwork::forward(const torch::Tensor& raw) {
  const torch::Tensor features = extractor_->forward(raw);
  Output output;
  output.z = net_->forward(features, {}).view({raw.size(0), -1, head_size_});
  if (dueling_) {
    const torch::Tensor advantage = output.z.narrow(1, 0, num_actions_), value = output.z.narrow(1, num_actions_, 1);
    output.z = value + advantage - advantage.mean(1, true);
  }
  if (imitation_) output.imitation = imitation_->forward(features, {});
  return output;
}

torch::Tensor conservative_gap(const torch::Tensor& q, const torch::Tensor& action) {
  return (torch::logsumexp(q, 1) - q.gather(1, action.unsqueeze(1)).squeeze(1)).mean();
}

torch::Tensor allow_imitated(const torch::Tensor& q, const torch::Tensor& imitation, double threshold) {
  constexpr double kNever = -1e8;
  const torch::Tensor share = (imitation - imitation.amax(1, true)).exp();  // G(a)/max G
  return torch::where(share >= threshold, q, torch::full_like(q, kNever));
}

void ActionGap::see(const torch::Tensor& q) {
  const double gap = (q.amax(1) - q.amin(1)).mean().item<double>();
  value = value > 0 ? kGapMemory * value + (1 - kGapMemory) * gap : gap;
}

torch::Tensor near_greedy(const torch::Tensor& q, double width) {
  if (width > 0) return sparsemax(q / width);
  return torch::zeros_like(q).scatter_(1, q.argmax(1, true), 1);
}

QAgent::QAgent(const QLearnerConfig& config, QOptions options, std::unique_ptr<ValueHead> head, const EnvSpec& spec, Seed seed,
               const LearningContext& learning)
    : LearningAgent(spec, seed, learning, config.multiplier),
      config_(config),
      options_(std::move(options)),
      scale_(resolve_reward_scale(config.reward_scale, spec)),
      head_(std::move(head)),
      online_(config, spec, head_->size(), options_),
      online_parameters_(online_),
      adam_(online_parameters_) {
  for (int k = 0; k < options_.num_targets; ++k) {
    targets_.push_back(std::make_unique<QNetwork>(config, spec, head_->size(), options_));
    target_parameters_.emplace_back(*targets_.back());
    polyak(target_parameters_.back(), online_parameters_, 1);
  }
}

std::optional<UpdateLog> QAgent::update() {
  if (!warmed_up()) return std::nullopt;
  const BatchOptions sampling{.batch_size = learning_.batch_size, .discount = config_.discounting(), .dictated_discount = spec_.discount};
  if (head_->finds_support() && (!is_prepared_ || prepared_for_ != multipliers_.values())) find_support(sampling);
  sample_batch(replay_, seed_, updates_++, sampling, batch_);

  Bootstrap target;
  {
    const torch::NoGradGuard no_grad;
    target.reward = lagrangian_reward(batch_, multipliers_.values(), scale_);
    target.discount = batch_.discount;
    target.next = target_values(batch_.next_observation);
    target.policy = policy_of(options_.double_q ? q_of(online_.forward(batch_.next_observation)) : head_->mean(target.next));
  }
  const QNetwork::Output output = online_.forward(batch_.observation);
  const torch::Tensor& all = output.z;  // [n, A, N]
  const torch::Tensor taken = all.gather(1, batch_.action.view({-1, 1, 1}).expand({-1, 1, all.size(2)})).squeeze(1);
  const torch::Tensor td = head_->loss(taken, target), q = head_->mean(all);
  torch::Tensor loss = td;
  if (options_.regulariser) loss = loss + options_.regulariser(q, batch_);
  if (output.imitation.defined()) loss = loss + imitation_loss(output.imitation, batch_.action);
  loss.backward();

  UpdateLog log;
  log.gradient_norm = adam_.step(config_.step_size(config_.learning_rate, updates_), config_.max_gradient_norm);
  move_targets();

  const torch::NoGradGuard no_grad;
  gap_.see(q);
  const torch::Tensor own = q.gather(1, batch_.action.unsqueeze(1));
  log.td_loss = td.item<double>();
  const torch::Tensor y = target.reward + target.discount * (target.policy * head_->mean(target.next)).sum(1);
  log.td_error_rms = scale_ * (own.squeeze(1) - y).square().mean().sqrt().item<double>();
  describe_values(scale_ * own, log);
  describe_policy(policy_of(q_of(output)), log);
  return log;
}

void QAgent::find_support(BatchOptions sampling) {
  sampling.batch_size = static_cast<int>(std::min<std::int64_t>(replay_.size(), 10000));
  sample_batch(replay_, seed_, ~updates_, sampling, batch_);
  const Support now = support_of(lagrangian_reward(batch_, multipliers_.values(), scale_), batch_.discount), before = head_->support();
  // It only grows: what was learned of a value beyond it would be lost.
  head_->set_support(is_prepared_ ? Support{std::min(now.low, before.low), std::max(now.high, before.high)} : now);
  is_prepared_ = true;
  prepared_for_ = multipliers_.values();
}

torch::Tensor QAgent::q_of(const QNetwork::Output& output) const {
  const torch::Tensor q = head_->mean(output.z);
  return output.imitation.defined() ? allow_imitated(q, output.imitation, options_.imitation_threshold) : q;
}

torch::Tensor QAgent::policy_of(const torch::Tensor& q) const {
  return near_greedy(q, config_.randomized_band * gap_.value);
}

torch::Tensor QAgent::target_values(const torch::Tensor& raw) {
  // Slots are filled from the first on; before its first copy a slot holds the initial network, which is no estimate.
  const std::uint64_t copies = targets_.size() == 1 ? 1 : (updates_ - 1) / static_cast<std::uint64_t>(config_.target_period);
  const std::size_t used = std::clamp<std::size_t>(copies, 1, targets_.size());
  torch::Tensor sum = targets_.front()->forward(raw).z;
  for (std::size_t k = 1; k < used; ++k) sum = sum + targets_[k]->forward(raw).z;
  return used == 1 ? sum : sum / static_cast<double>(used);
}

void QAgent::move_targets() {
  if (config_.target_period == 0) {
    for (FlatParameters& target : target_parameters_) polyak(target, online_parameters_, config_.polyak);
    return;
  }
  if (updates_ % static_cast<std::uint64_t>(config_.target_period) != 0) return;
  polyak(target_parameters_[static_cast<std::size_t>(next_target_)], online_parameters_, 1);
  next_target_ = (next_target_ + 1) % options_.num_targets;
}

void QAgent::probabilities(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> probability) {
  const c10::InferenceMode inference;
  copy_out(policy_of(q_of(online_.forward(view_rows(observations, spec_.schema.width)))), probability);
}

bool QAgent::action_values(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> values) {
  const c10::InferenceMode inference;
  copy_out(head_->mean(online_.forward(view_rows(observations, spec_.schema.width)).z) * scale_, values);
  return true;
}

void QAgent::save(AgentState& state) const {
  save_identity(options_.kind.c_str(), spec_.schema, state);
  save_module("online.", online_, state);
  save_progress(state);
  save_vector("policy", {gap_.value, head_->support().low, head_->support().high, is_prepared_ ? 1.0 : 0.0}, state);
}

void QAgent::load(const AgentState& state) {
  check_identity(options_.kind.c_str(), spec_.schema, state);
  load_module("online.", online_, state);
  for (FlatParameters& target : target_parameters_) polyak(target, online_parameters_, 1);
  load_progress(state);
  const std::vector<double> policy = load_vector("policy", state);
  if (policy.size() != 4) throw data_error("the saved agent's 'policy' has another shape than this configuration gives it");
  gap_.value = policy[0];
  head_->set_support({policy[1], policy[2]});
  is_prepared_ = policy[3] != 0;
}

void QAgent::transfer(StateArchive& archive) {
  LearningAgent::transfer(archive);
  online_parameters_.transfer("online", archive);
  for (std::size_t k = 0; k < targets_.size(); ++k) target_parameters_[k].transfer("target" + std::to_string(k), archive);
  adam_.transfer("adam", archive);
  archive.value("next_target", next_target_);
  archive.value("gap", gap_.value);
  archive.value("is_prepared", is_prepared_);
  archive.values("prepared_for", prepared_for_);
  Support support = head_->support();
  archive.value("support_low", support.low);
  archive.value("support_high", support.high);
  head_->set_support(support);
}

}  // namespace sluice
