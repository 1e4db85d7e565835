#pragma once
// Between our columns and torch's tensors, and between modules and saved agents.

#include <torch/torch.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "agents/agent.h"
#include "agents/agent_state.h"
#include "agents/bellman.h"
#include "agents/nets.h"
#include "agents/replay_buffer.h"

namespace sluice {

/// A minibatch sorted by group.  The tensors are views of `columns`, which must outlive them.
struct TorchBatch {
  TransitionBatch columns;
  GroupSlices slices;
  torch::Tensor observation, next_observation;  // [n, w] raw
  torch::Tensor action;                         // [n] int64
  torch::Tensor group;                          // [n] int64
  torch::Tensor reward, watch_time_s;           // [n] raw
  torch::Tensor costs;                          // [n, num_costs] raw
  torch::Tensor discount;                       // [n], bellman.h
};

struct BatchOptions {
  int batch_size = 0;
  int num_groups = 1;
  DiscountConfig discount = {};
  double dictated_discount = 0;
};

/// Samples update number `update`.  Overwrites `batch`.
void sample_batch(const ReplayBuffer& replay, Seed seed, std::uint64_t update,
                  const BatchOptions& options, TorchBatch& batch);

/// These rows, in their order within each group.  options.batch_size is not used.
void gather_batch(const ReplayBuffer& replay, std::vector<std::int64_t> rows, const BatchOptions& options, TorchBatch& batch);

/// r^λ/scale = (reward − Σ_i λ_i·cost_i)/scale.  [n]
torch::Tensor lagrangian_reward(const TorchBatch& batch, const std::vector<double>& multipliers,
                                double scale);

/// Order of rows by group (stable), and the slices.
struct GroupOrder {
  std::vector<std::int64_t> row;
  GroupSlices slices;
};
GroupOrder order_by_group(std::span<const std::uint8_t> groups, int num_groups);

/// Numbers per row that depend on the row's group: `values` gets the rows sorted by group (stable), their slices and their
/// groups [n], and gives [n, k]; they arrive in `out` in the rows' own order.  Without groups everybody is in group 0.
void write_by_group(std::span<const float> observations, std::span<const std::uint8_t> groups, int num_groups, std::int64_t width,
                    const std::function<torch::Tensor(const torch::Tensor& raw, const GroupSlices& slices, const torch::Tensor& group)>& values,
                    std::span<float> out);

/// Row-major observations as a tensor [rows, width] that looks at them, which must outlive it.
torch::Tensor view_rows(std::span<const float> observations, std::int64_t width);
/// The numbers of a tensor, row by row; out.size() of them.
void copy_out(const torch::Tensor& values, std::span<float> out);

/// Copies the given rows of a row-major [?, width] array into a new tensor [rows, width].
torch::Tensor gather_rows(std::span<const float> values, std::int64_t width,
                          std::span<const std::int64_t> rows);

void save_module(const std::string& prefix, const torch::nn::Module& module, AgentState& state);
/// Throws data_error when a parameter is missing or has another shape.
void load_module(const std::string& prefix, torch::nn::Module& module, const AgentState& state);

}  // namespace sluice
