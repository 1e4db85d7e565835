#pragma once
// Watch time as a quick skip or a watch, a mixture of two log-normals:
//
//   ln X ~ w N(μ₁, σ₁²) + (1 − w) N(μ₂, σ₂²),   μ₁ < μ₂
//
// fitted by expectation-maximisation (Dempster, Laird & Rubin 1977) on a histogram of X, from several
// starts that are read off the data: the same data, the same fit.  The errors take it that users are
// drawn and rows are not: the sandwich I⁻¹ (G/(G−1) Σ_g s_g s_gᵀ) I⁻¹ of the observed information I
// (Louis 1982) and the scores s_g of the user groups (Liang & Zeger 1986).

#include <array>
#include <cstdint>
#include <span>

#include "experiments/estimate.h"
#include "experiments/value_histogram.h"

namespace sluice {

struct LogNormalMixture {
  double share = 0.5;  // w, of the first component
  std::array<double, 2> mu{}, sigma{};

  /// P(X ≤ x).
  double cdf(double x) const;
  /// ln of the density of ln X.
  double log_density(double ln_x) const;
};

struct MixtureFit {
  LogNormalMixture mixture;
  Estimate share;
  std::array<Estimate, 2> mu, sigma;
  double ks = 0;              // Kolmogorov-Smirnov distance of fit and data
  double log_likelihood = 0;  // per row
  int iterations = 0;
  bool converged = false;
};

/// `groups`: the rows of each group of users.  Zeros must be left out.  The result is not known
/// (share.known() is false) where two components cannot be told apart: fewer than 20 different values,
/// or a component that shrinks to a point.
MixtureFit fit_mixture(std::span<const ValueHistogram> groups);

}  // namespace sluice
