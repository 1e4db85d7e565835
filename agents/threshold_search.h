#pragma once
// Bisection of a threshold while the world is being measured: the smallest one under which every limit is kept.
//
// A violation v(τ) = max over limits of (J − d)/|d| falls in the threshold τ, is measured with noise, and may drift.
// Each threshold is held for `hold` measurements.  Their mean v > 0 makes τ the lower end of the bracket, else the upper;
// an upper end that is not known yet is found by doubling, a lower one lies at 0.  A bracket narrower than `resolution`
// is opened again around its middle, to ± twice that, or, when all that was seen in it had one sign, to four times what it
// was: so the search follows what drifts.

#include <algorithm>
#include <optional>

#include "sim/state_archive.h"

namespace sluice {

class ThresholdSearch {
 public:
  /// first: the first threshold after 0, and a scale.  All > 0.
  ThresholdSearch(double first, double resolution, int hold) : first_(first), resolution_(resolution), hold_(hold) {}
  double threshold() const { return threshold_; }

  void see(double violation) {
    sum_ += violation;
    if (++count_ < hold_) return;
    const bool exceeds = sum_ > 0;
    sum_ = 0;
    count_ = 0;
    (exceeds ? low_ : high_) = threshold_;
    (exceeds ? saw_excess_ : saw_kept_) = true;
    if (high_ == kUnknown) {
      threshold_ = low_ > 0 ? 2 * low_ : first_;
      return;
    }
    threshold_ = (low_ + high_) / 2;
    if (high_ - low_ >= resolution_) return;
    half_width_ = saw_excess_ && saw_kept_ ? 2 * resolution_ : 4 * half_width_;
    low_ = std::max(0.0, threshold_ - half_width_);
    high_ = threshold_ + half_width_;
    saw_excess_ = saw_kept_ = false;
  }

  void transfer(StateArchive& archive) {
    archive.value("threshold", threshold_);
    archive.value("low", low_);
    archive.value("high", high_);
    archive.value("sum", sum_);
    archive.value("count", count_);
    archive.value("half_width", half_width_);
    archive.value("saw_excess", saw_excess_);
    archive.value("saw_kept", saw_kept_);
  }

 private:
  static constexpr double kUnknown = 1e300;
  double first_, resolution_;
  int hold_;
  double threshold_ = 0, low_ = 0, high_ = kUnknown, sum_ = 0;
  int count_ = 0;
  double half_width_ = resolution_;
  bool saw_excess_ = false, saw_kept_ = false;  // since the bracket was opened
};

}  // namespace sluice
