#include "agents/dqn.h"

#include <torch/torch.h>

#include "agents/adam.h"
#include "agents/learning_base.h"
#include "agents/learning_library.h"
#include "agents/losses.h"
#include "agents/nets.h"
#include "agents/torch_batch.h"
#include "sim/check.h"

namespace sluice {
namespace {

// Q(s, ·): [n, w] → [n, num_actions].
class QNetwork : public torch::nn::Module {
 public:
  QNetwork(const DqnConfig& config, const EnvSpec& spec)
      : extractor_(register_module(
            "extractor",
            std::make_shared<Extractor>(spec.schema,
                                        ExtractorOptions{config.embedding_size,
                                                         config.attention_size, config.layer_norm != LayerNorm::kNone}))),
        head_(register_module("head", std::make_shared<GroupedMlp>(MlpShape{
                                          .inputs = extractor_->num_features(),
                                          .hidden = config.hidden,
                                          .outputs = spec.num_actions,
                                          .layer_norm = config.layer_norm}))) {}
  torch::Tensor forward(const torch::Tensor& raw) {
    return head_->forward(extractor_->forward(raw), {});
  }

 private:
  std::shared_ptr<Extractor> extractor_;
  std::shared_ptr<GroupedMlp> head_;
};

class Dqn final : public LearningAgent {
 public:
  Dqn(const DqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning)
      : LearningAgent(spec, seed, learning, config.multiplier),
        config_(config),
        scale_(resolve_reward_scale(config.reward_scale, spec)),
        online_(config, spec),
        target_(config, spec),
        online_parameters_(online_),
        target_parameters_(target_),
        adam_(online_parameters_) {
    polyak(target_parameters_, online_parameters_, 1);
  }

  void probabilities(std::span<const float> observations, std::span<const std::uint8_t>,
                     std::span<float> probability) override {
    const c10::InferenceMode inference;
    const auto n = static_cast<std::int64_t>(probability.size()) / spec_.num_actions;
    const torch::Tensor raw = torch::from_blob(const_cast<float*>(observations.data()),
                                               {n, spec_.schema.width}, torch::kFloat);
    const torch::Tensor q = online_.forward(raw).contiguous();
    const float* value = q.data_ptr<float>();
    for (std::int64_t i = 0; i < n; ++i) {
      std::int64_t best = 0;  // the first of equals
      for (std::int64_t a = 1; a < spec_.num_actions; ++a)
        if (value[i * spec_.num_actions + a] > value[i * spec_.num_actions + best]) best = a;
      for (std::int64_t a = 0; a < spec_.num_actions; ++a)
        probability[static_cast<std::size_t>(i * spec_.num_actions + a)] = a == best ? 1.0f : 0.0f;
    }
  }

  void begin_day(int, std::span<const float>) override {}
  void observe(const TransitionBatch& transitions) override { replay_.add(transitions); }

  std::optional<UpdateLog> update() override {
    if (!warmed_up()) return std::nullopt;
    sample_batch(replay_, seed_, updates_++,
                 {.batch_size = learning_.batch_size,
                  .discount = {.unit = config_.discount_unit,
                               .discount = config_.discount,
                               .session_end = config_.discount_session_end},
                  .dictated_discount = spec_.discount},
                 batch_);
    const torch::Tensor reward = lagrangian_reward(batch_, multipliers_.values(), scale_);
    const torch::Tensor action = batch_.action.unsqueeze(1);  // [n, 1]
    torch::Tensor target;                                     // [n]
    {
      const torch::NoGradGuard no_grad;
      const torch::Tensor next_q = target_.forward(batch_.next_observation);
      const torch::Tensor choice =
          (config_.double_q ? online_.forward(batch_.next_observation) : next_q).argmax(1, true);
      target = reward + batch_.discount * next_q.gather(1, choice).squeeze(1);
    }
    const torch::Tensor q_all = online_.forward(batch_.observation);  // [n, A]
    const torch::Tensor q = q_all.gather(1, action).squeeze(1);
    const torch::Tensor loss = td_loss(q, target, config_.td_loss);
    loss.backward();

    UpdateLog log;
    log.gradient_norm = adam_.step(config_.learning_rate, config_.max_gradient_norm);
    if (config_.target_period == 0)
      polyak(target_parameters_, online_parameters_, config_.polyak);
    else if (updates_ % static_cast<std::uint64_t>(config_.target_period) == 0)
      polyak(target_parameters_, online_parameters_, 1);

    const torch::NoGradGuard no_grad;
    log.td_loss = loss.item<double>();
    log.q_mean = scale_ * q.mean().item<double>();
    log.q_std = scale_ * q.std(false).item<double>();
    log.q_abs_max = scale_ * q.abs().max().item<double>();
    log.injection_rate = (q_all.argmax(1) != 0).to(torch::kDouble).mean().item<double>();
    log.entropy = 0;
    return log;
  }

  bool action_values(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> values) override {
    const c10::InferenceMode inference;
    const auto rows = static_cast<std::int64_t>(values.size()) / spec_.num_actions;
    const torch::Tensor raw = torch::from_blob(const_cast<float*>(observations.data()), {rows, spec_.schema.width}, torch::kFloat);
    const torch::Tensor q = (online_.forward(raw) * scale_).contiguous();
    std::copy_n(q.data_ptr<float>(), values.size(), values.begin());
    return true;
  }

  void save(AgentState& state) const override {
    save_identity(DqnConfig::kKind, spec_.schema, state);
    save_module("online.", online_, state);
    save_vector("multipliers", multipliers_.values(), state);
    save_vector("decisions", {static_cast<double>(decisions_)}, state);
  }

  void load(const AgentState& state) override {
    check_identity(DqnConfig::kKind, spec_.schema, state);
    load_module("online.", online_, state);
    polyak(target_parameters_, online_parameters_, 1);
    multipliers_.set_values(load_vector("multipliers", state));
    decisions_ = static_cast<std::int64_t>(load_vector("decisions", state).at(0));
  }

  void transfer(StateArchive& archive) override {
    LearningAgent::transfer(archive);
    online_parameters_.transfer("online", archive);
    target_parameters_.transfer("target", archive);
    adam_.transfer("adam", archive);
  }

 private:
  void groups_of(std::span<const std::int32_t>, std::span<std::uint8_t> groups) const override {
    std::fill(groups.begin(), groups.end(), std::uint8_t{0});
  }

  const DqnConfig config_;
  const double scale_;  // Q is in units of it
  QNetwork online_, target_;
  FlatParameters online_parameters_, target_parameters_;
  Adam adam_;
  TorchBatch batch_;
};

}  // namespace
}  // namespace sluice

extern "C" sluice::Agent* sluice_make_dqn(const sluice::DqnConfig& config, const sluice::EnvSpec& spec,
                                          sluice::Seed seed,
                                          const sluice::LearningContext& learning) {
  sluice::start_torch(seed);
  return new sluice::Dqn(config, spec, seed, learning);
}
