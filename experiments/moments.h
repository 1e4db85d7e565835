#pragma once
// Marginals as a vector of numbers that move smoothly with the parameters, for fitting: means, and
// distribution functions at fixed points (the surrogate of a KS distance, which is their largest error).

#include <string>
#include <vector>

#include "experiments/marginal_targets.h"
#include "experiments/marginals.h"

namespace sluice {

struct Moment {
  std::string name;
  double value = 0;
  double target = 0;
  double tolerance = 1;  // an error that counts as one
};

/// What the data say of each, beside what `m` has.
std::vector<Moment> moments(const Marginals& m, const MarginalTargets& targets);

/// Those that a prior can move: what live streams do, sessions, usage and coming back.
std::vector<std::string> light_moments();

/// Root of the mean squared (value − target) / tolerance.
double misfit(const std::vector<Moment>& moments);

}  // namespace sluice
