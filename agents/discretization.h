#pragma once
// Distribution discretisation of a positive, heavy-tailed number (live watch time y, s).
//
// Edges b_0 = 0 < b_1 < … < b_M.  b_m (m ≥ 1) is the empirical quantile of the positive values at
//   q_m = (1 − e^{−αm/M}) / (1 − e^{−α}),        α = 0: m/M, equal frequency
// so buckets are narrower in probability towards the tail.  A value in bucket m (b_m ≤ y < b_{m+1}) has
//   δ = (y − b_m) / (b_{m+1} − b_m) ∈ [0, 1),
// whose variance is that of something near uniform, however long the tail of y is.  Beyond b_M, δ is
// clipped to 1 and counted.  Restoration: ŷ = p_enter·Σ_m p_m·(b_m + δ_m·(b_{m+1} − b_m)).

#include <cstdint>
#include <span>
#include <vector>

namespace sluice {

struct BucketPosition {
  int bucket = 0;
  float delta = 0;
  bool clipped = false;  // y lay beyond the last edge
};

class Buckets {
 public:
  explicit Buckets(std::vector<float> edges);
  int size() const { return static_cast<int>(edges_.size()) - 1; }
  const std::vector<float>& edges() const { return edges_; }

  /// y > 0.
  BucketPosition locate(float y) const;
  /// Σ_m probability_m·(b_m + delta_m·(b_{m+1} − b_m)).
  double restore(std::span<const double> probability, std::span<const double> delta) const;

 private:
  std::vector<float> edges_;
};

/// Without positives: edges at 0 and evenly in the logarithm from 1 to 3600 s.
Buckets make_buckets(std::vector<float> positives, int num_buckets, double tail_refinement);

/// One set of buckets per group.  Group 0 of several, and a group with fewer than `least` positive
/// values, use the edges of all groups together.
std::vector<Buckets> make_group_buckets(std::span<const float> values,
                                        std::span<const std::uint8_t> groups, int num_groups,
                                        int num_buckets, double tail_refinement, std::size_t least);

}  // namespace sluice
