#pragma once
// A module's parameters in one flat tensor, and Adam on it.  torch's own optimiser touches every
// parameter with a dozen small operations; with K groups there are hundreds of parameters, and that
// overhead would exceed the arithmetic.
//
//   m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  θ ← θ − α·(m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)
//   β₁ = .9, β₂ = .999, ε = 1e-8   (Kingma & Ba 2015)
//
// A group absent from a batch has gradient 0, and its momentum goes on for a while.

#include <torch/torch.h>

#include "sim/state_archive.h"

namespace sluice {

/// Makes parameters and gradients of `module` views of flat float tensors.  Parameters keep their
/// names, shapes and values.
class FlatParameters {
 public:
  explicit FlatParameters(torch::nn::Module& module);
  const torch::Tensor& values() const { return values_; }
  const torch::Tensor& gradients() const { return gradients_; }
  void transfer(const std::string& name, StateArchive& archive);

 private:
  torch::Tensor values_, gradients_;
};

class Adam {
 public:
  explicit Adam(const FlatParameters& parameters);
  /// Scales the gradient down to `max_norm` (0: never), steps, and sets the gradient to 0.
  /// Returns the norm before scaling.
  double step(double learning_rate, double max_norm);
  void transfer(const std::string& name, StateArchive& archive);

 private:
  FlatParameters parameters_;  // shares storage
  torch::Tensor first_, second_;
  std::int64_t steps_ = 0;
};

/// target ← (1 − rate)·target + rate·online.
void polyak(const FlatParameters& target, const FlatParameters& online, double rate);

}  // namespace sluice
