#pragma once
// Autograd against central differences, in double.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "agents/losses.h"

namespace sluice {

/// Largest relative difference between autograd and (f(x+h) − f(x−h))/2h.
inline double gradient_error(const torch::Tensor& at, const std::function<torch::Tensor(const torch::Tensor&)>& loss) {
  torch::Tensor x = at.clone().requires_grad_(true);
  loss(x).backward();
  const torch::Tensor gradient = x.grad().contiguous();
  const double h = 1e-5;
  double worst = 0;
  for (std::int64_t i = 0; i < at.numel(); ++i) {
    torch::Tensor up = at.clone(), down = at.clone();
    up.view({-1})[i] += h;
    down.view({-1})[i] -= h;
    const double difference = (loss(up).item<double>() - loss(down).item<double>()) / (2 * h);
    worst = std::max(worst, std::abs(gradient.view({-1})[i].item<double>() - difference) / std::max(1e-2, std::abs(difference)));
  }
  return worst;
}

inline void check_gradient(const torch::Tensor& at, const std::function<torch::Tensor(const torch::Tensor&)>& loss) {
  CHECK(gradient_error(at, loss) < 1e-6);
}

}  // namespace sluice
