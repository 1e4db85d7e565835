#pragma once
// Distribution discretisation of a positive, heavy-tailed number (live watch time y, s).
//
// Edges b_0 = 0 < b_1 < … < b_M, by scheme (b_m for m ≥ 1):
//   error_adaptive    the empirical quantile of the positive values at q_m = (1 − e^{−αm/M}) / (1 − e^{−α}):
//                     buckets are narrower in probability towards the tail (CREAD, AAAI 2024)
//   equal_frequency   the quantile at m/M, the limit α → 0
//   equal_width       m/M of the largest value  A value in bucket m (b_m ≤ y < b_{m+1}) has
//   δ = (y − b_m) / (b_{m+1} − b_m) ∈ [0, 1),
// whose variance is that of something near uniform, however long the tail of y is.  Beyond b_M, δ is
// clipped to 1 and counted.  Restoration: ŷ = p_enter·Σ_m p_m·(b_m + δ_m·(b_{m+1} − b_m)).

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice {

enum class BucketScheme { kErrorAdaptive, kEqualFrequency, kEqualWidth };
constexpr std::array<const char*, 3> enum_names(BucketScheme) { return {"error_adaptive", "equal_frequency", "equal_width"}; }

/// How edges are placed.
struct BucketOptions {
  int num_buckets = 20;  // M ≥ 1
  BucketScheme scheme = BucketScheme::kErrorAdaptive;
  double tail_refinement = 2;  // α of error_adaptive; 0: equal frequency
};

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

  /// y > 0.  Buckets are half-open: y = b_m is in bucket m, with δ = 0.
  BucketPosition locate(float y) const;
  /// Σ_m probability_m·(b_m + delta_m·(b_{m+1} − b_m)).
  double restore(std::span<const double> probability, std::span<const double> delta) const;

 private:
  std::vector<float> edges_;
};

/// Mass on the two edges around y that has mean y; all on the last edge beyond it.  [M + 1]
void two_hot(const Buckets& buckets, float y, std::span<float> weight);

/// Mass of a normal distribution N(y, σ²) in each bucket, σ = `smoothing` times the width of y's bucket,
/// normalised over [b_0, b_M].  [M]   (HL-Gauss: Imani and White 2018; Farebrother et al. 2024, with
/// smoothing .75 on buckets of one width.  On buckets that widen its mean is not quite y.)
void hl_gauss(const Buckets& buckets, float y, double smoothing, std::span<float> weight);

/// Without positives: edges at 0 and evenly in the logarithm from 1 to 3600 s.
Buckets make_buckets(std::vector<float> positives, const BucketOptions& options);

/// One set of buckets per group.  Group 0 of several, and a group with fewer than `least` positive
/// values, use the edges of all groups together.
std::vector<Buckets> make_group_buckets(std::span<const float> values,
                                        std::span<const std::uint8_t> groups, int num_groups,
                                        const BucketOptions& options, std::size_t least);

}  // namespace sluice
