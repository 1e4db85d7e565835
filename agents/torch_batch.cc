#include "agents/torch_batch.h"

#include <algorithm>

#include "sim/check.h"

namespace sluice {
namespace {

torch::Tensor view(std::vector<float>& values, at::IntArrayRef shape) {
  return torch::from_blob(values.data(), shape, torch::kFloat);
}

torch::Tensor to_int64(const std::vector<std::uint8_t>& values) {
  torch::Tensor result = torch::empty({static_cast<std::int64_t>(values.size())}, torch::kLong);
  std::copy(values.begin(), values.end(), result.data_ptr<std::int64_t>());
  return result;
}

}  // namespace

void sample_batch(const ReplayBuffer& replay, Seed seed, std::uint64_t update,
                  const BatchOptions& options, TorchBatch& batch) {
  gather_batch(replay, replay.sample(seed, update, options.batch_size), options, batch);
}

void gather_batch(const ReplayBuffer& replay, std::vector<std::int64_t> rows, const BatchOptions& options, TorchBatch& batch) {
  if (options.num_groups > 1) {
    // The order within a minibatch is free, so it is the one that makes groups contiguous.
    const std::vector<std::uint8_t>& group = replay.rows().group;
    std::stable_sort(rows.begin(), rows.end(), [&](std::int64_t a, std::int64_t b) {
      return group[static_cast<std::size_t>(a)] < group[static_cast<std::size_t>(b)];
    });
  }
  replay.gather(rows, batch.columns);
  TransitionBatch& c = batch.columns;
  const auto n = static_cast<std::int64_t>(c.size());
  batch.slices.size.assign(static_cast<std::size_t>(options.num_groups), 0);
  for (std::uint8_t& group : c.group) {
    group = std::min(group, static_cast<std::uint8_t>(options.num_groups - 1));
    ++batch.slices.size[group];
  }
  batch.observation = view(c.observation, {n, c.width});
  batch.next_observation = view(c.next_observation, {n, c.width});
  batch.action = to_int64(c.action);
  batch.group = to_int64(c.group);
  batch.reward = view(c.reward, {n});
  batch.watch_time_s = view(c.watch_time_s, {n});
  batch.costs = view(c.costs, {n, c.num_costs});
  batch.discount = torch::empty({n}, torch::kFloat);
  discount_factors(options.discount, options.dictated_discount, c.elapsed_s, c.session_ended,
                   c.terminated, {batch.discount.data_ptr<float>(), static_cast<std::size_t>(n)});
}

torch::Tensor lagrangian_reward(const TorchBatch& batch, const std::vector<double>& multipliers,
                                double scale) {
  torch::Tensor result = batch.reward.clone();
  for (std::size_t i = 0; i < multipliers.size(); ++i)
    if (multipliers[i] != 0)
      result.sub_(batch.costs.select(1, static_cast<std::int64_t>(i)), multipliers[i]);
  return result.div_(scale);
}

GroupOrder order_by_group(std::span<const std::uint8_t> groups, int num_groups) {
  GroupOrder order;
  order.slices.size.assign(static_cast<std::size_t>(num_groups), 0);
  const auto clamp = [&](std::uint8_t g) { return std::min<std::size_t>(g, static_cast<std::size_t>(num_groups - 1)); };
  for (const std::uint8_t group : groups) ++order.slices.size[clamp(group)];
  std::vector<std::int64_t> next(order.slices.size.size(), 0);
  for (std::size_t g = 1; g < next.size(); ++g) next[g] = next[g - 1] + order.slices.size[g - 1];
  order.row.resize(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i)
    order.row[static_cast<std::size_t>(next[clamp(groups[i])]++)] = static_cast<std::int64_t>(i);
  return order;
}

torch::Tensor gather_rows(std::span<const float> values, std::int64_t width,
                          std::span<const std::int64_t> rows) {
  torch::Tensor result = torch::empty({static_cast<std::int64_t>(rows.size()), width}, torch::kFloat);
  float* out = result.data_ptr<float>();
  for (const std::int64_t row : rows) {
    std::copy_n(values.data() + row * width, width, out);
    out += width;
  }
  return result;
}

void write_by_group(std::span<const float> observations, std::span<const std::uint8_t> groups, int num_groups, std::int64_t width,
                    const std::function<torch::Tensor(const torch::Tensor& raw, const GroupSlices& slices, const torch::Tensor& group)>& values,
                    std::span<float> out) {
  const std::size_t n = observations.size() / static_cast<std::size_t>(width), k = out.size() / n;
  std::vector<std::uint8_t> group(n, 0);
  if (!groups.empty()) std::copy(groups.begin(), groups.end(), group.begin());
  const GroupOrder order = order_by_group(group, num_groups);
  torch::Tensor index = torch::empty({static_cast<std::int64_t>(n)}, torch::kLong);
  for (std::size_t i = 0; i < n; ++i)
    index.data_ptr<std::int64_t>()[i] = std::min<std::int64_t>(group[static_cast<std::size_t>(order.row[i])], num_groups - 1);
  const torch::Tensor result = values(gather_rows(observations, width, order.row), order.slices, index).contiguous();
  ENSURE(result.numel() == static_cast<std::int64_t>(out.size()), "as many numbers as there is room for");
  for (std::size_t i = 0; i < n; ++i) std::copy_n(result.data_ptr<float>() + i * k, k, out.begin() + order.row[i] * static_cast<std::int64_t>(k));
}

torch::Tensor view_rows(std::span<const float> observations, std::int64_t width) {
  return torch::from_blob(const_cast<float*>(observations.data()), {static_cast<std::int64_t>(observations.size()) / width, width}, torch::kFloat);
}

void copy_out(const torch::Tensor& values, std::span<float> out) {
  const torch::Tensor rows = values.contiguous();
  ENSURE(rows.numel() == static_cast<std::int64_t>(out.size()), "as many numbers as there is room for");
  std::copy_n(rows.data_ptr<float>(), out.size(), out.begin());
}

void save_module(const std::string& prefix, const torch::nn::Module& module, AgentState& state) {
  for (const auto& item : module.named_parameters()) {
    const torch::Tensor values = item.value().detach().to(torch::kDouble).contiguous();
    AgentState::Array& array = state.arrays[prefix + item.key()];
    array.shape = values.sizes().vec();
    array.values.assign(values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
  }
}

void load_module(const std::string& prefix, torch::nn::Module& module, const AgentState& state) {
  torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    const AgentState::Array& array = require_array(prefix + item.key(), state);
    if (array.shape != item.value().sizes().vec())
      throw data_error("the saved agent's '" + prefix + item.key() +
                       "' has another shape than this configuration gives it");
    torch::Tensor values = torch::empty(item.value().sizes(), torch::kDouble);
    std::copy(array.values.begin(), array.values.end(), values.data_ptr<double>());
    item.value().copy_(values);
  }
}

}  // namespace sluice
