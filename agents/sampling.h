#pragma once
// Choosing an action from probabilities, and the propensity that goes with it.

#include <span>

#include "sim/environment.h"

namespace sluice {

/// Uniform on [0, 1) with 53 bits.
inline double uniform01(Rng rng) { return static_cast<double>(rng() >> 11) * 0x1.0p-53; }

/// Samples from (1 − ε)·π + ε/|A| by its cumulative sums at u; the propensity is that mixture's.
inline Decision sample_action(std::span<const float> policy, double epsilon, double u) {
  const double floor = epsilon / static_cast<double>(policy.size());
  Decision decision;
  double sum = 0;
  for (std::size_t a = 0; a < policy.size(); ++a) {
    const double probability = (1 - epsilon) * policy[a] + floor;
    if (probability <= 0) continue;  // never chosen, however the sums round
    decision.action = static_cast<std::uint8_t>(a);
    decision.propensity = static_cast<float>(probability);
    sum += probability;
    if (u < sum) break;
  }
  return decision;
}

}  // namespace sluice
