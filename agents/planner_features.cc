#include "agents/planner_features.h"

#include <algorithm>

#include "agents/rule.h"

namespace sluice {

PlannerFeatures::PlannerFeatures(const EnvSpec& spec)
    : num_latents_(spec.latent_names.size()), displaced_(required_column(spec, "displaced_s", "planner")),
      page_(required_column(spec, "page", "planner")) {
  if (required_latent(spec, "mean_watch_s", "planner") != 0)
    throw data_error("planner: mean_watch_s must be the first of what the user model hides");
}

void PlannerFeatures::inputs(const float* observation, const float* latent, std::span<double> x) const {
  std::copy_n(latent, num_latents_, x.begin());
  x[num_latents_] = static_cast<double>(observation[displaced_]);
  x[num_latents_ + 1] = static_cast<double>(observation[page_]);
}

void PlannerFeatures::standardise(std::span<double> x, std::span<const double> mean, std::span<const double> scale) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp((x[i] - mean[i]) / scale[i], -4.0, 4.0);
}

void PlannerFeatures::expand(std::span<const double> x, std::span<double> features) {
  double* out = features.data();
  *out++ = 1;
  for (const double xi : x) *out++ = xi;
  for (const double xi : x) *out++ = xi * xi;
  for (std::size_t i = 1; i < x.size(); ++i) *out++ = x[0] * x[i];
}

double PlannerFeatures::value(std::span<const double> x, std::span<const double> weights) {
  const double* w = weights.data();
  double sum = *w++;
  for (const double xi : x) sum += *w++ * xi;
  for (const double xi : x) sum += *w++ * xi * xi;
  for (std::size_t i = 1; i < x.size(); ++i) sum += *w++ * x[0] * x[i];
  return sum;
}

}  // namespace sluice
