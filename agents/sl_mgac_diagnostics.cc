// What /diagnostics holds of SL-MGAC.

#include "agents/losses.h"
#include "agents/ntk.h"
#include "agents/sl_mgac_agent.h"

namespace sluice {

std::vector<Diagnostic> SlMgac::diagnose(int rows) {
  std::vector<Diagnostic> found;
  if (!warmed_up() || updates_ == 0) return found;
  const auto add = [&](const std::string& name, const char* unit, const std::string& text, double value) {
    found.push_back({name, unit, text, value});
  };
  TorchBatch batch;
  sample_batch(replay_, seed_, ~updates_, batch_options(rows), batch);  // not a minibatch of learning
  const torch::Tensor target = bellman_target(batch);
  const SlMgacCritic::Output output = critic_.forward(batch.observation, batch.slices);
  const torch::Tensor q = taken(q_of(output, batch, batch.observation).first, batch);
  const torch::Tensor logits = actor_.forward(output.features.detach(), batch.slices);
  torch::Tensor unit = torch::full_like(q, scale_).detach();
  if (watch_column_ >= 0) unit = unit * unit_of(batch.observation);
  const torch::Tensor error = ((q - target) * unit).detach();
  add("td_error_mean", "reward", "mean of Q(s,a) − y", error.mean().item<double>());
  add("td_error_rms", "reward", "root mean square of Q(s,a) − y", error.square().mean().sqrt().item<double>());
  add("q_variance", "reward^2", "variance of Q(s,a) over rows", (q * unit).var(false).item<double>());
  add("target_variance", "reward^2", "variance of y over rows", (target * unit).var(false).item<double>());
  diagnose_labels(batch, add);
  diagnose_kernel(batch, add);

  const torch::Tensor loss = td_loss(q, target, config_.td_loss);
  const auto add_norms = [&](const std::string& name, const std::string& text, const std::vector<double>& norms) {
    for (std::size_t g = 0; g < norms.size(); ++g) add(name + "_" + std::to_string(g), "1", text, norms[g]);
  };
  if (critic_.residual_net() != nullptr)
    add_norms("gradient_norm_residual", "norm of the TD loss's gradient in this group's layers of Q̃", critic_.residual_net()->gradient_norms(loss));
  const torch::Tensor policy_loss = actor_loss(logits, normalise_q(combined(q_of(output, batch, batch.observation)), config_.q_normalization), config_.entropy_coefficient);
  add_norms("gradient_norm_actor", "norm of the actor's loss's gradient in this group's layers", actor_.net().gradient_norms(policy_loss));

  const torch::Tensor features = output.features.detach();
  if (critic_.reward_net() != nullptr)
    add("dead_units_reward", "1", "share of the RPN's hidden units that are 0 on every row of their group", critic_.reward_net()->dead_units(features, batch.slices));
  if (critic_.residual_net() != nullptr)
    add("dead_units_residual", "1", "the same of Q̃", critic_.residual_net()->dead_units(features, batch.slices));
  add("dead_units_actor", "1", "the same of the actor", actor_.net().dead_units(features, batch.slices));
  add("parameter_norm", "1", "norm of the critic's parameters", critic_parameters_.values().norm().item<double>());
  add("injection_rate", "1", "mean probability of injecting", 1 - torch::softmax(logits, 1).select(1, 0).mean().item<double>());
  add("entropy", "nat", "mean entropy of the policy", mean_entropy(logits).item<double>());
  add("group_crossings", "1", "share of users whose group changed when groups were last formed anew", groups_.crossings());
  add("clipped_labels", "1", "labels beyond the last bucket since the edges were formed", static_cast<double>(reward_model_.num_clipped()));
  return found;
}

// How much calmer δ, the position in a bucket, is than the watch time y that it stands for.
void SlMgac::diagnose_labels(const TorchBatch& batch, const AddDiagnostic& add) const {
  if (!reward_model_.is_discretised()) return;
  std::vector<float> watch, delta;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (batch.columns.action[i] != 1 || !(batch.columns.watch_time_s[i] > 0)) continue;
    watch.push_back(batch.columns.watch_time_s[i]);
    delta.push_back(reward_model_.buckets()[batch.columns.group[i]].locate(watch.back()).delta);
  }
  const auto variance = [](const std::vector<float>& values) {
    return values.size() < 2 ? UpdateLog::kNone : torch::tensor(values).to(torch::kDouble).var(false).item<double>();
  };
  add("watch_variance", "s^2", "variance of positive watch times y", variance(watch));
  for (float& y : watch) y /= static_cast<float>(scale_);
  add("scaled_watch_variance", "1", "variance of y/reward_scale, the label of the mse head", variance(watch));
  add("delta_variance", "1", "variance of δ, the position in the bucket", variance(delta));
}

// SEEM and the kernel along a ray, of the critic that TD trains (ntk.h).
void SlMgac::diagnose_kernel(const TorchBatch& batch, const AddDiagnostic& add) {
  std::vector<torch::Tensor> parameters = critic_.extractor_parameters();
  const auto append = [&](const GroupedMlp* net) {
    if (net == nullptr) return;
    for (const torch::Tensor& parameter : net->parameter_list()) parameters.push_back(parameter);
  };
  append(critic_.residual_net());
  if (config_.td_trains_rpn) append(critic_.reward_net());
  if (critic_.residual_net() == nullptr && !config_.td_trains_rpn) return;  // TD trains nothing
  const auto row_of = [&](const torch::Tensor& all, std::int64_t i) { return all.narrow(0, i, 1); };
  const auto row_q = [&](const torch::Tensor& raw, std::int64_t i) {  // [A]
    TorchBatch one;
    one.group = row_of(batch.group, i);
    one.slices.size.assign(static_cast<std::size_t>(config_.num_groups), 0);
    one.slices.size[static_cast<std::size_t>(batch.columns.group[static_cast<std::size_t>(i)])] = 1;
    const torch::Tensor row = row_of(raw, i);
    return q_of(critic_.forward(row, one.slices), one, row).first.squeeze(0);
  };
  torch::Tensor policy;
  {
    const torch::NoGradGuard no_grad;
    policy = torch::softmax(actor_.forward(critic_.features(batch.next_observation), batch.slices), 1);
  }
  const std::int64_t n = batch.action.size(0);
  const torch::Tensor own = row_gradients(n, [&](std::int64_t i) { return row_q(batch.observation, i)[batch.action[i].item<std::int64_t>()]; }, parameters);
  const torch::Tensor next = row_gradients(n, [&](std::int64_t i) { return (policy[i] * row_q(batch.next_observation, i)).sum(); }, parameters);
  const Seem found = seem(td_error_dynamics(own, next, batch.discount));
  add("seem", "1", "λ_max of the TD error's own dynamics (Yue et al. 2023); gradients divided by √P", found.largest);
  add("seem_normalised", "1", "seem/‖A‖_F: some hundredths are harmless, near 1 errors feed themselves", found.normalised);

  const GroupedMlp* const net = critic_.residual_net() != nullptr ? critic_.residual_net() : critic_.reward_net();
  const std::vector<double> lambdas = {1, 10, 100, 1000, 10000};
  torch::Tensor features;
  {
    const torch::NoGradGuard no_grad;
    features = critic_.before_norm(critic_.read(batch.observation.narrow(0, 0, std::min<std::int64_t>(16, n))));
  }
  torch::Tensor direction = torch::empty({features.size(1)});
  Rng rng = seed_.stream(Purpose::kDiagnose);
  for (std::int64_t i = 0; i < direction.size(0); ++i) direction[i] = static_cast<float>(rng() >> 40) * 0x1p-24f - 0.5f;
  const std::vector<double> ratios = ntk_ratios(features, direction / direction.norm(), lambdas, [&](const torch::Tensor& row) {
    GroupSlices slices;
    slices.size.assign(static_cast<std::size_t>(config_.num_groups), 0);
    slices.size[0] = 1;
    const SlMgacCritic::Output output = critic_.forward_features(critic_.normalise(row), slices);
    return config_.residual ? output.residual[0][0] : output.reward_heads[0][0];
  }, net->parameter_list());
  for (std::size_t i = 0; i < lambdas.size(); ++i)
    add("ntk_ratio_1e" + std::to_string(i), "1", "k(x, x + λv)/k(x, x), λ = 10^" + std::to_string(i) + ", of group 0's network", ratios[i]);
}

}  // namespace sluice
