#pragma once
// Counts of whole numbers, e.g. milliseconds: exact below 1024, then 512 bins per doubling, so a bin is
// at most 0.2 % wide, whatever the range.  Bins by bit operations, without a logarithm.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

class ValueHistogram {
 public:
  static constexpr std::uint64_t kExact = 1024;
  static constexpr int kBinsPerDoubling = 512;

  static std::size_t bin_of(std::uint64_t value) {
    if (value < kExact) return static_cast<std::size_t>(value);
    const int doubling = std::bit_width(value) - 10;  // from 1 on
    return static_cast<std::size_t>(doubling * kBinsPerDoubling) + static_cast<std::size_t>(value >> doubling);
  }
  /// The smallest value of a bin.
  static std::uint64_t lowest(std::size_t bin) {
    if (bin < kExact) return bin;
    const auto doubling = (bin - kBinsPerDoubling) / kBinsPerDoubling;
    return static_cast<std::uint64_t>(bin - doubling * kBinsPerDoubling) << doubling;
  }
  /// ln of a bin's middle.
  static double ln_middle(std::size_t bin) {
    return std::log((static_cast<double>(lowest(bin)) + static_cast<double>(lowest(bin + 1) - 1)) / 2);
  }

  void add(std::uint64_t value, std::int64_t count = 1) {
    const std::size_t bin = bin_of(value);
    if (bin >= counts_.size()) counts_.resize(bin + 1);
    counts_[bin] += count;
    total_ += count;
  }
  void add(const ValueHistogram& other) {
    if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
  }
  void remove(const ValueHistogram& part) {
    for (std::size_t i = 0; i < part.counts_.size(); ++i) counts_[i] -= part.counts_[i];
    total_ -= part.total_;
  }
  std::size_t num_bins() const { return counts_.size(); }
  std::int64_t count(std::size_t bin) const { return bin < counts_.size() ? counts_[bin] : 0; }
  std::int64_t total() const { return total_; }

  /// The value with a share q of the others below it, to the width of its bin.
  double quantile(double q) const {
    double below = 0;
    const double wanted = q * static_cast<double>(total_);
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      below += static_cast<double>(counts_[i]);
      if (below >= wanted && counts_[i] > 0) return std::exp(ln_middle(i));
    }
    return std::nan("");
  }

  /// sup |empirical − model| over the values, for a model's cumulative distribution function; within a
  /// bin the empirical one is not known, which can hide as much as the bin's share.
  template <class Cdf>
  double kolmogorov_smirnov(Cdf cdf) const {
    double below = 0, worst = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] == 0) continue;
      const double n = static_cast<double>(total_), before = below / n;
      below += static_cast<double>(counts_[i]);
      worst = std::max(worst, std::abs(cdf(static_cast<double>(lowest(i))) - before));
      worst = std::max(worst, std::abs(cdf(static_cast<double>(lowest(i + 1) - 1)) - below / n));
    }
    return worst;
  }

 private:
  std::vector<std::int64_t> counts_;
  std::int64_t total_ = 0;
};

}  // namespace sluice
