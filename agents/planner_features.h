#pragma once
// Features of a request for the planner: 1, x_i, x_i·x_j (i ≤ j), where the inputs x are all that the user
// model hides (EnvSpec::latent_names) and the observed columns displaced_s and page, standardised and
// clipped to ±4.

#include <span>
#include <vector>

#include "sim/environment.h"

namespace sluice {

class PlannerFeatures {
 public:
  explicit PlannerFeatures(const EnvSpec& spec);  // data_error if there is nothing hidden or a column is missing
  std::size_t num_inputs() const { return num_latents_ + 2; }
  std::size_t size() const { return 1 + num_inputs() + num_inputs() * (num_inputs() + 1) / 2; }
  std::size_t mean_watch() const { return mean_watch_; }  // the latent column E[y]

  /// Inputs of a request, as they are.
  void inputs(const float* observation, const float* latent, std::span<double> x) const;
  static void standardise(std::span<double> x, std::span<const double> mean, std::span<const double> scale);
  /// Features of standardised inputs.
  static void expand(std::span<const double> x, std::span<double> features);
  /// weights · expand(x), without writing the features down.
  static double value(std::span<const double> x, std::span<const double> weights);

 private:
  std::size_t num_latents_, mean_watch_, displaced_, page_;
};

}  // namespace sluice
