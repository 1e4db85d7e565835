#pragma once
// Small tensors of doubles, and numbers out of them.

#include <vector>

#include "agents/losses.h"

namespace sluice {

inline const auto kDouble = torch::TensorOptions(torch::kDouble);

inline double number(const torch::Tensor& scalar) { return scalar.item<double>(); }

inline torch::Tensor doubles(std::vector<double> values, std::vector<std::int64_t> shape) {
  return torch::tensor(values, torch::kDouble).view(shape);
}

}  // namespace sluice
