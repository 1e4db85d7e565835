#pragma once
// Features of a request for the planner: 1, x_i, x_i², m·x_i, where the inputs x are all that the user model
// hides (EnvSpec::latent_names; m, its mean_watch_s, is the first) and the observed columns displaced_s and
// page, standardised and clipped to ±4.  What a second of live watch is worth may depend on every input, what
// an injection costs on each of them alone: all products (120 features) cost more in noise than they gained.

#include <span>
#include <vector>

#include "sim/environment.h"

namespace sluice {

class PlannerFeatures {
 public:
  explicit PlannerFeatures(const EnvSpec& spec);  // data_error if there is nothing hidden or a column is missing
  std::size_t num_inputs() const { return num_latents_ + 2; }
  std::size_t size() const { return 3 * num_inputs(); }
  static constexpr std::size_t mean_watch() { return 0; }  // the input, and latent column, E[y]

  /// Inputs of a request, as they are.
  void inputs(const float* observation, const float* latent, std::span<double> x) const;
  static void standardise(std::span<double> x, std::span<const double> mean, std::span<const double> scale);
  /// Features of standardised inputs.
  static void expand(std::span<const double> x, std::span<double> features);
  /// weights · expand(x), without writing the features down.
  static double value(std::span<const double> x, std::span<const double> weights);

 private:
  std::size_t num_latents_, displaced_, page_;
};

}  // namespace sluice
