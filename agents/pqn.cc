#include "agents/pqn.h"

#include <numeric>

#include "agents/advantages.h"
#include "agents/describe.h"
#include "agents/q_agent.h"
#include "agents/rollouts.h"

namespace sluice {
namespace {

constexpr std::int64_t kRowsAtOnce = 8192;  // of a pass over a rollout

class Pqn final : public LearningAgent {
 public:
  Pqn(const PqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning)
      : LearningAgent(spec, seed, learning, config.multiplier),
        config_(config),
        scale_(resolve_reward_scale(config.reward_scale, spec)),
        q_(config, spec, 1, {.kind = PqnConfig::kKind}),
        parameters_(q_),
        adam_(parameters_),
        rollouts_(config.rollout_transitions, spec, seed) {}

  void begin_day(int, std::span<const float>) override {}
  void observe(const TransitionBatch& transitions) override { rollouts_.add(transitions); }

  std::optional<UpdateLog> update() override {
    if (rollouts_.begin_next()) form_returns();
    if (rollouts_.rollout().size() == 0) return std::nullopt;
    ++updates_;
    const std::vector<std::int64_t> rows = rollouts_.next_rows(learning_.batch_size);
    gather_batch(rollouts_.rollout(), rows, batching(), batch_);
    const torch::Tensor target = gather_rows(returns_, 1, rows).squeeze(1), all = q_of(batch_.observation);
    const torch::Tensor own = all.gather(1, batch_.action.unsqueeze(1)).squeeze(1), loss = torch::mse_loss(own, target);
    loss.backward();
    UpdateLog log;
    log.gradient_norm = adam_.step(config_.step_size(config_.learning_rate, updates_), config_.max_gradient_norm);
    const torch::NoGradGuard no_grad;
    gap_.see(all);
    log.td_loss = loss.item<double>();
    log.td_error_rms = scale_ * std::sqrt(log.td_loss);
    describe_values(scale_ * own, log);
    describe_policy(policy_of(all), log);
    return log;
  }

  void probabilities(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> probability) override {
    const c10::InferenceMode inference;
    copy_out(policy_of(q_of(view_rows(observations, spec_.schema.width))), probability);
  }
  bool action_values(std::span<const float> observations, std::span<const std::uint8_t>, std::span<float> values) override {
    const c10::InferenceMode inference;
    copy_out(q_of(view_rows(observations, spec_.schema.width)) * scale_, values);
    return true;
  }
  void save(AgentState& state) const override {
    save_identity(PqnConfig::kKind, spec_.schema, state);
    save_module("q.", q_, state);
    save_progress(state);
    save_vector("policy", {gap_.value}, state);
  }
  void load(const AgentState& state) override {
    check_identity(PqnConfig::kKind, spec_.schema, state);
    load_module("q.", q_, state);
    load_progress(state);
    gap_.value = load_vector("policy", state).at(0);
  }
  void transfer(StateArchive& archive) override {
    LearningAgent::transfer(archive);
    parameters_.transfer("q", archive);
    adam_.transfer("adam", archive);
    archive.section("rollouts", [&] { rollouts_.transfer(archive); });
    archive.values("returns", returns_);
    archive.value("gap", gap_.value);
  }

 private:
  torch::Tensor q_of(const torch::Tensor& raw) { return q_.forward(raw).z.squeeze(2); }
  torch::Tensor policy_of(const torch::Tensor& q) const { return near_greedy(q, config_.randomized_band * gap_.value); }
  void groups_of(std::span<const std::int32_t>, std::span<std::uint8_t> groups) const override { std::fill(groups.begin(), groups.end(), std::uint8_t{0}); }
  BatchOptions batching() const { return {.batch_size = learning_.batch_size, .discount = config_.discounting(), .dictated_discount = spec_.discount}; }

  // G of every row of the rollout, at the present prices.
  void form_returns() {
    const torch::NoGradGuard no_grad;
    const std::int64_t m = rollouts_.rollout().size();
    std::vector<torch::Tensor> reward, discount, next;
    for (std::int64_t first = 0; first < m; first += kRowsAtOnce) {
      std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(kRowsAtOnce, m - first)));
      std::iota(rows.begin(), rows.end(), first);
      gather_batch(rollouts_.rollout(), rows, batching(), batch_);
      reward.push_back(lagrangian_reward(batch_, multipliers_.values(), scale_));
      discount.push_back(batch_.discount.clone());
      next.push_back(q_of(batch_.next_observation).amax(1));
    }
    const auto numbers = [](const std::vector<torch::Tensor>& parts) {
      const torch::Tensor all = torch::cat(parts);
      return std::vector<float>(all.data_ptr<float>(), all.data_ptr<float>() + all.numel());
    };
    const std::vector<std::int32_t> successor = successors(rollouts_.rollout().rows());
    const std::vector<float> r = numbers(reward), d = numbers(discount);
    returns_ = lambda_returns({successor, r, d}, numbers(next), config_.trace);
  }

  const PqnConfig config_;
  const double scale_;
  QNetwork q_;
  FlatParameters parameters_;
  Adam adam_;
  Rollouts rollouts_;
  std::vector<float> returns_;  // one per row of the rollout
  ActionGap gap_;
  TorchBatch batch_;
};

}  // namespace

std::unique_ptr<Agent> make(const PqnConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning) {
  return std::make_unique<Pqn>(config, spec, seed, learning);
}

}  // namespace sluice
