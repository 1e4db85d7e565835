#include "agents/reward_model.h"

#include "agents/agent_state.h"
#include "sim/check.h"

namespace sluice {
namespace {

constexpr double kSmoothing = 0.75;  // σ of hl_gauss in widths of a bucket; Farebrother et al. 2024

}  // namespace

RewardModel::RewardModel(const EnvSpec& spec, const SlMgacConfig& config, double scale)
    : spec_(spec),
      watch_(spec.has_watch_outcome),
      head_(config.reward_head),
      num_groups_(config.num_groups),
      options_{.num_buckets = config.num_buckets, .scheme = config.bucket_scheme, .tail_refinement = config.tail_refinement},
      scale_(scale),
      displaced_column_(spec.schema.column("displaced_s")) {
  if (is_discretised()) form_buckets({});
}

int RewardModel::num_heads() const {
  if (!watch_) return (1 + static_cast<int>(spec_.cost_names.size())) * spec_.num_actions;
  switch (head_) {
    case RewardHead::kBucketProportion: return 1 + 2 * num_buckets();
    case RewardHead::kTwoHot:
    case RewardHead::kHlGauss: return 1 + static_cast<int>(num_classes());
    case RewardHead::kQuantile: return num_buckets();
    case RewardHead::kMse: return 1;
  }
  return 1;
}

torch::Tensor RewardModel::support() const {
  if (head_ == RewardHead::kHlGauss) return low_ + width_ / 2;
  return torch::cat({low_, (low_ + width_).narrow(1, num_buckets() - 1, 1)}, 1);  // b_0 … b_M
}

torch::Tensor RewardModel::predict_watch(const torch::Tensor& heads,
                                         const torch::Tensor& group) const {
  if (!is_discretised()) return heads.mean(1) * scale_;  // of one head, or of quantiles
  const auto type = heads.scalar_type();
  if (head_ != RewardHead::kBucketProportion) {
    const torch::Tensor probability = torch::softmax(heads.narrow(1, 1, num_classes()), 1);
    return torch::sigmoid(heads.select(1, 0)) * (probability * support().to(type).index_select(0, group)).sum(1);
  }
  return expected_watch(split_watch_heads(heads), low_.to(type).index_select(0, group),
                        width_.to(type).index_select(0, group));
}

torch::Tensor RewardModel::predict(const torch::Tensor& heads, const torch::Tensor& raw,
                                   const torch::Tensor& group,
                                   const std::vector<double>& multipliers) const {
  const std::int64_t n = heads.size(0), num_actions = spec_.num_actions;
  if (!watch_) {
    const torch::Tensor parts = heads.view({n, -1, num_actions});  // [n, 1 + costs, A]
    torch::Tensor reward = parts.select(1, 0);
    for (std::size_t i = 0; i < multipliers.size(); ++i)
      reward = reward - multipliers[i] * parts.select(1, 1 + static_cast<std::int64_t>(i));
    return reward;
  }
  AffineInWatch price = spec_.reward_affine;
  for (std::size_t i = 0; i < multipliers.size(); ++i) {
    price.watch -= multipliers[i] * spec_.cost_affine[i].watch;
    price.displaced -= multipliers[i] * spec_.cost_affine[i].displaced;
  }
  torch::Tensor injected = predict_watch(heads, group) * (price.watch / scale_);
  if (displaced_column_ >= 0)
    injected = injected + raw.select(1, displaced_column_) * (price.displaced / scale_);
  const torch::Tensor is_injection =
      (torch::arange(num_actions) == 1).to(heads.scalar_type()).unsqueeze(0);  // [1, A]
  return injected.unsqueeze(1) * is_injection;
}

torch::Tensor RewardModel::loss(const torch::Tensor& heads, const TorchBatch& batch) {
  if (watch_) return watch_labels_loss(heads, batch);
  const std::int64_t n = heads.size(0);
  const torch::Tensor parts = heads.view({n, -1, spec_.num_actions});
  const torch::Tensor index = batch.action.view({n, 1, 1}).expand({n, parts.size(1), 1});
  const torch::Tensor predicted = parts.gather(2, index).squeeze(2);  // [n, 1 + costs]
  const torch::Tensor label = torch::cat({batch.reward.unsqueeze(1), batch.costs}, 1) / scale_;
  return torch::mse_loss(predicted, label.to(heads.scalar_type())) *
         static_cast<double>(parts.size(1));  // a sum over the parts, a mean over rows
}

torch::Tensor RewardModel::watch_labels_loss(const torch::Tensor& heads, const TorchBatch& batch) {
  const TransitionBatch& c = batch.columns;
  std::vector<std::int64_t> rows, bucket;
  std::vector<float> entered, delta, watch;
  std::vector<float> classes;  // [rows, num_classes] of two_hot and hl_gauss
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (c.action[i] != 1) continue;
    rows.push_back(static_cast<std::int64_t>(i));
    // A stream that plays without being entered is watched too: ŷ has to cover it.
    const bool enters = c.entered[i] != 0 || c.watch_time_s[i] > 0;
    entered.push_back(enters ? 1.0f : 0.0f);
    watch.push_back(c.watch_time_s[i]);
    if (!is_discretised()) continue;
    const BucketPosition position = buckets_[c.group[i]].locate(c.watch_time_s[i]);
    num_clipped_ += position.clipped ? 1 : 0;
    bucket.push_back(position.bucket);
    delta.push_back(position.delta);
    if (head_ == RewardHead::kBucketProportion) continue;
    classes.resize(classes.size() + static_cast<std::size_t>(num_classes()));
    const std::span<float> own_classes(classes.end() - num_classes(), classes.end());
    if (head_ == RewardHead::kTwoHot)
      two_hot(buckets_[c.group[i]], c.watch_time_s[i], own_classes);
    else
      hl_gauss(buckets_[c.group[i]], c.watch_time_s[i], kSmoothing, own_classes);
  }
  const torch::Tensor own = heads.index_select(0, torch::tensor(rows, torch::kLong));
  const auto type = heads.scalar_type();
  if (!is_discretised()) {
    if (rows.empty()) return own.sum();
    const torch::Tensor label = torch::tensor(watch).to(type) / scale_;
    return head_ == RewardHead::kMse ? torch::mse_loss(own.select(1, 0), label) : quantile_huber(own, label);
  }
  if (head_ != RewardHead::kBucketProportion) {
    if (rows.empty()) return own.sum();
    const torch::Tensor enters = torch::tensor(entered).to(type);
    torch::Tensor loss = torch::binary_cross_entropy_with_logits(own.select(1, 0), enters);
    const torch::Tensor chosen = torch::nonzero(enters > 0.5).squeeze(1);
    if (chosen.size(0) == 0) return loss;
    const torch::Tensor target = torch::tensor(classes).to(type).view({-1, num_classes()});
    return loss + soft_cross_entropy(own.narrow(1, 1, num_classes()).index_select(0, chosen), target.index_select(0, chosen));
  }
  return watch_loss(split_watch_heads(own),
                    {.entered = torch::tensor(entered).to(type),
                     .bucket = torch::tensor(bucket, torch::kLong),
                     .delta = torch::tensor(delta).to(type)});
}

void RewardModel::form_buckets(const TransitionBatch& rows) {
  // Fewer than 10 positives a bucket say little about a group of its own.
  set_buckets(make_group_buckets(rows.watch_time_s, rows.group, num_groups_, options_,
                                 static_cast<std::size_t>(10 * num_buckets())));
}

void RewardModel::transfer(StateArchive& archive) {
  std::vector<Buckets> loaded;
  for (std::size_t g = 0; g < buckets_.size(); ++g) {
    std::vector<float> edges = buckets_[g].edges();
    archive.fixed("edges_" + std::to_string(g), edges);
    loaded.emplace_back(std::move(edges));
  }
  std::int64_t clipped = num_clipped_;
  archive.value("num_clipped", clipped);
  if (archive.is_loading() && !loaded.empty()) set_buckets(std::move(loaded));
  num_clipped_ = clipped;
}

void RewardModel::set_buckets(std::vector<Buckets> buckets) {
  ENSURE(static_cast<int>(buckets.size()) == num_groups_, "buckets for every group");
  buckets_ = std::move(buckets);
  num_clipped_ = 0;
  low_ = torch::empty({num_groups_, num_buckets()}, torch::kFloat);
  width_ = torch::empty_like(low_);
  for (int g = 0; g < num_groups_; ++g) {
    const std::vector<float>& edges = buckets_[static_cast<std::size_t>(g)].edges();
    for (int m = 0; m < num_buckets(); ++m) {
      const auto i = static_cast<std::size_t>(m);
      low_[g][m] = edges[i];
      width_[g][m] = edges[i + 1] - edges[i];
    }
  }
}

void RewardModel::save(AgentState& state) const {
  for (std::size_t g = 0; g < buckets_.size(); ++g) {
    const std::vector<float>& edges = buckets_[g].edges();
    save_vector("bucket_edges_" + std::to_string(g), {edges.begin(), edges.end()}, state);
  }
}

void RewardModel::load(const AgentState& state) {
  std::vector<Buckets> buckets;
  for (std::size_t g = 0; g < buckets_.size(); ++g) {
    const std::vector<double> edges = load_vector("bucket_edges_" + std::to_string(g), state);
    buckets.emplace_back(std::vector<float>(edges.begin(), edges.end()));
  }
  if (!buckets.empty()) set_buckets(std::move(buckets));
}

}  // namespace sluice
