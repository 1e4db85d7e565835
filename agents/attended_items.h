#pragma once
// Attention over the items of a behaviour sequence as one autograd node with its gradient written out: as
// torch's own operators it is a dozen passes over memory.  Private to the learning library.
//
// Shapes: n rows, L items of a sequence, c columns of an item beside its topic, e embedding size.

#include <torch/torch.h>

namespace sluice {

/// Σ_i softmax_i(key·x_i)·x_i over a row's items, x_i = (embedding of topic_i, other columns); items with
/// topic 0 are unused and weigh nothing, a row without items gives zeros.
///   topic [n, L] of whole numbers, columns [n, L, c] (no gradient), embedding [topics, e], key [n, e + c]
///   → [n, e + c]
torch::Tensor attended_items(const torch::Tensor& topic, const torch::Tensor& columns, const torch::Tensor& embedding,
                             const torch::Tensor& key);

}  // namespace sluice
