#pragma once
// Moves free parameters of a feed world until its simulated marginals meet targets again: for new
// defaults, for scenarios, and for every point of a sweep over what no data identifies.
//
// Levenberg–Marquardt on residuals r_j = (moment_j − target_j) / tolerance_j, in parameters scaled by
// their step (logarithms where they must stay positive):
//   (JᵀJ + λ I) d = −Jᵀ r,     λ ← λ/3 if the step lowers |r|², else λ ← 4 λ and the step is undone,
// with J by forward differences in worlds of the same seed (common random numbers: the noise of a world
// cancels), and Broyden's rank-one update J += (Δr − J d) dᵀ/|d|² after every evaluation.  Steps are cut
// at the knobs' bounds and at 4 steps per knob.  The same seed gives the same result at any number of
// threads.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/experiment_config.h"
#include "experiments/moments.h"

namespace sluice {

/// A parameter that may be moved.
struct CalibrationKnob {
  std::string path;  // below environment, as in YAML
  std::function<double&(FeedConfig&)> value;
  bool log = false;  // moved on a logarithmic scale
  double step = 0.1; // of the difference quotient, in its scale
  double low = 0, high = 0;
};

/// All that the data identify, or those which a prior can move.
enum class Knobs { kAll, kLight };
std::vector<CalibrationKnob> calibration_knobs(Knobs which);

struct RecalibrateOptions {
  Knobs knobs = Knobs::kAll;
  int users = 4000;            // of the worlds that residuals come from
  int jacobian_users = 2000;   // of those that differences come from
  std::uint64_t seed = 1;
  int num_threads = 1;         // worlds at the same time
  int iterations = 8;          // evaluations after the Jacobian
  double damping = 1;          // first λ
  double good_enough = 0;      // misfit at which to stop
  bool hours = false;          // hour_percent too, by hour_percent ×= (data / simulated)^0.7 at each step
  std::string progress;        // shown under this name; empty: silent
};

/// d residual / d knob, [moment][knob] in scaled units; can be carried to another config as a start.
using CalibrationJacobian = std::vector<std::vector<double>>;

struct Recalibration {
  FeedConfig config;
  std::vector<Moment> before, after;
  CalibrationJacobian jacobian;
  int worlds = 0;              // simulated
};

/// `targets`: each moment's target, by position, in the order of moments(); empty: what the data say.
/// To recalibrate a scenario to the default's own marginals, give the default's values: its noise is
/// then shared.  `jacobian`: from an earlier call with the same knobs; saves one world per knob.
Recalibration recalibrate(const FeedConfig& start, const MarginalTargets& data, const RecalibrateOptions& options,
                          const std::vector<double>& targets = {},
                          const std::optional<CalibrationJacobian>& jacobian = std::nullopt);

/// The knobs of a config as a scenario: YAML with old and new values and the moments as comments.
std::string recalibrated_yaml(const FeedConfig& before, const Recalibration& result, const RecalibrateOptions& options);

}  // namespace sluice
