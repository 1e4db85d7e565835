#pragma once
// N networks of one shape through each of which all rows pass: ensembles of critics, actors beside each other.
// Private to the learning library.

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "agents/nets.h"

namespace sluice {

/// [n, f] → [N, n, outputs].  They are the groups of one stacked network: shape.num_groups of them.
class NetworkStack : public torch::nn::Module {
 public:
  explicit NetworkStack(const MlpShape& shape);
  torch::Tensor forward(const torch::Tensor& x, const Dropout& dropout = {});
  /// Of the first network alone.  [n, outputs]
  torch::Tensor first(const torch::Tensor& x);

 private:
  std::int64_t size_;
  std::shared_ptr<GroupedMlp> nets_;
};

/// The same with batch normalisation before every linear layer, in place of LayerNorm (CrossQ: Bhatt et al. 2024):
///   h ← γ·(h − m)/√(v + 1e-3) + β,   m, v: mean and variance of each column over the rows of the batch (learning), or
///   their trailing means of weight .99 (otherwise)
/// The paper's renormalisation, which bounds how far the two may differ, is left out.
class BatchNormStack : public torch::nn::Module {
 public:
  explicit BatchNormStack(const MlpShape& shape);
  /// Learning, the trailing means move.
  torch::Tensor forward(const torch::Tensor& x, bool is_learning);

 private:
  struct Norm {
    torch::Tensor gain, shift;     // [inputs]
    torch::Tensor mean, variance;  // [inputs] trailing: parameters without gradient, so that they are saved with the others
  };
  torch::Tensor normalise(const torch::Tensor& x, Norm& norm, bool is_learning) const;

  struct Net {
    std::vector<Norm> norms;
    std::vector<torch::nn::Linear> layers;
  };
  std::vector<Net> nets_;
};

}  // namespace sluice
