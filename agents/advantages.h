#pragma once
// Returns and advantages along users' trajectories: pure functions of columns in the order of time.
//
// Row i runs from a user's request to the same user's next; its successor is that user's next row, unless the process
// ended there or the horizon cut it.  discount_i is the factor on the value of its end (bellman.h): 0 where the process
// terminated.  Where a trajectory is cut (horizon, end of the rows) it bootstraps, and nothing is carried across.

#include <cstdint>
#include <span>
#include <vector>

#include "sim/environment.h"

namespace sluice {

/// Index of each row's successor; −1: none.
std::vector<std::int32_t> successors(const TransitionBatch& rows);

/// Columns of m rows.
struct Trajectories {
  std::span<const std::int32_t> successor;
  std::span<const float> reward, discount;
};

/// Generalised advantage estimation (Schulman et al. 2016):
///   A_i = δ_i + discount_i·λ·A_successor(i),   δ_i = r_i + discount_i·V(s'_i) − V(s_i)
std::vector<float> gae(const Trajectories& t, std::span<const float> value, std::span<const float> next_value, double lambda);

/// Q(λ) returns (Daley & Amato 2019; as in PQN):
///   G_i = r_i + discount_i·[λ·G_successor(i) + (1 − λ)·next_i],  next_i = max_a Q(s'_i, a); without a successor: r_i + discount_i·next_i
std::vector<float> lambda_returns(const Trajectories& t, std::span<const float> next, double lambda);

/// V-trace (Espeholt et al. 2018), with ratio_i = π(a_i|s_i)/propensity_i:
///   v_i = V(s_i) + ρ_i·δ_i + discount_i·c_i·(v_successor(i) − V(s'_i)),   ρ_i = min(ρ̄, ratio_i), c_i = min(c̄, ratio_i)
std::vector<float> vtrace(const Trajectories& t, std::span<const float> value, std::span<const float> next_value, std::span<const float> ratio,
                          double rho_bar, double c_bar);

}  // namespace sluice
