#pragma once
// A number read off data, with its error.  Errors are of sampling users: the rows of one user are
// alike, so the users are cut into 64 groups by their hashed id, and the number is computed again
// without each of them (delete-a-group jackknife, Kott 2001; Shao & Tu 1995 §5.5):
//
//   error² = (G − 1)/G Σ_g (θ̂₍₋g₎ − mean θ̂₍₋·₎)²,   G groups that hold anything

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace sluice {

struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::quiet_NaN();  // one standard error; NaN: not known
  std::int64_t n = 0;                                       // what it was read off: rows, users, …
  bool known() const { return std::isfinite(value); }
};

/// The jackknife's error from the G values, each with one group left out.
inline double jackknife_error(const std::vector<double>& without) {
  if (without.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto g = static_cast<double>(without.size());
  double mean = 0, squares = 0;
  for (const double x : without) mean += x / g;
  for (const double x : without) squares += (x - mean) * (x - mean);
  return std::sqrt((g - 1) / g * squares);
}

/// θ = statistic(sums over all groups), for a statistic of K sums.  sums[0] counts; a group in which it
/// is 0 is left out of the error.
template <std::size_t K, class F>
Estimate jackknife(std::span<const std::array<double, K>> groups, F statistic) {
  std::array<double, K> total{};
  for (const auto& group : groups)
    for (std::size_t k = 0; k < K; ++k) total[k] += group[k];
  std::vector<double> without;
  for (const auto& group : groups) {
    if (group[0] == 0) continue;
    std::array<double, K> rest = total;
    for (std::size_t k = 0; k < K; ++k) rest[k] -= group[k];
    without.push_back(statistic(rest));
  }
  return {statistic(total), jackknife_error(without), static_cast<std::int64_t>(total[0])};
}

}  // namespace sluice
