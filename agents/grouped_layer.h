#pragma once
// K parallel layers as one autograd node with its gradient written out: as torch's own operators they are
// hundreds of small calls, whose dispatch costs more than their arithmetic.  float32 and double.
// Private to the learning library: includes libtorch.
//
// Shapes: n rows sorted by group, K groups.

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace sluice {

/// Parameters of K parallel layers, stacked: one tensor each, whatever K is.
struct LayerParameters {
  torch::Tensor weight;       // [K, outputs, inputs]
  torch::Tensor bias;         // [K, outputs]
  torch::Tensor gain, shift;  // [K, outputs]: LayerNorm and ReLU follow; undefined: the layer ends here
  bool is_output = false;     // neither LayerNorm nor ReLU
};

/// Rows of group g, of which there are sizes[g], one group after another:
///   z = W_g·x + b_g;   ẑ = (z − mean z)/√(var z + 1e-5);   y = max(0, gain_g·ẑ + shift_g)
/// without gain: y = max(0, z); of an output layer: y = z.   x [n, inputs] → [n, outputs].
torch::Tensor grouped_layer(const torch::Tensor& x, const LayerParameters& layer, const std::vector<std::int64_t>& sizes);

}  // namespace sluice
