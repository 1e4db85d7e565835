#pragma once
// How much of the spread of a quantity belongs to the user (or the video): one-way random effects,
//
//   x_ij = μ + u_i + e_ij,   sd(u) and sd(e) by the method of moments for unequal numbers n_i of rows
//   (Searle, Casella & McCulloch 1992, §3.6):
//
//   n₀ = (N − Σ n_i²/N)/(a − 1),   sd(u)² = (MSB − MSW)/n₀,   sd(e)² = MSW,   ICC = sd(u)²/(sd(u)² + sd(e)²)
//
// where a is the number of users and N that of rows, so a user with one row counts for MSB, and not for
// MSW.  A negative estimate of a variance is given as 0.

#include <cstddef>
#include <cstdint>

#include "experiments/estimate.h"
#include "experiments/id_map.h"

namespace sluice {

/// Sums of a quantity per id.  Memory is bounded: beyond `capacity` ids it goes on with a hashed half
/// of them, each with all its rows.
class SumsById {
 public:
  explicit SumsById(std::size_t capacity) : capacity_(capacity) {}

  void add(std::uint64_t id, double x) {
    if (!sample_.holds(id)) return;
    Sums& sums = by_id_[id];
    sums.n += 1;
    sums.sum += x;
    sums.squares += x * x;
    while (by_id_.size() > capacity_) {
      sample_.halve();
      by_id_.keep_only(sample_);
    }
  }

  struct Sums {
    double n = 0, sum = 0, squares = 0;
  };
  const IdMap<Sums>& by_id() const { return by_id_; }
  double sampled_share() const { return sample_.share(); }

 private:
  std::size_t capacity_;
  IdSample sample_;
  IdMap<Sums> by_id_;
};

struct RandomEffects {
  Estimate sd, within_sd, icc;  // n: rows
  std::int64_t ids = 0;
  double sampled_share = 1;  // of the ids
};

/// Not known with fewer than two ids, or without an id that has two rows.
RandomEffects fit_random_effects(const SumsById& sums);

}  // namespace sluice
