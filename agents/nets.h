#pragma once
// Networks that agents share.  Private to the learning library: includes libtorch.
//
// Shapes: n rows, w floats per observation, e embedding size, d attention size, f features.

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agents/attended_items.h"
#include "agents/grouped_layer.h"
#include "agents/learning.h"
#include "sim/observation.h"
#include "sim/rng.h"

namespace sluice {

/// Rows of a batch sorted by group: size[g] consecutive rows belong to group g.
struct GroupSlices {
  std::vector<std::int64_t> size;
};

struct ExtractorOptions {
  int embedding_size = 8;
  int attention_size = 16;
  bool layer_norm = false;  // of the features: LN(φ(x)) instead of φ(x)
};

/// Observations as the networks want them.
struct Columns {
  torch::Tensor raw;     // [n, w] ids are read from here
  torch::Tensor normal;  // [n, w] (transform(x) − mean)/scale
};

/// φ: raw observation [n, w] → features [n, f].
///   dense columns     (transform(x) − mean)/scale
///   id columns        embeddings; topics of equal cardinality share one table
///   sequence blocks   target attention with the candidate (dense columns c and topic t) as query:
///                     Σ_i softmax_i(qᵀK x_i/√d)·V x_i,  q = Q(c, t),  x_i = the item with its topic embedded;
///                     unused items (topic 0) get no weight.  Computed as V·Σ_i softmax_i((Kᵀq)ᵀx_i/√d)·x_i:
///                     the same numbers without keys and values of every item.
/// A schema without ids, sequences or candidate (tabular) passes through.
/// LN has no gain and shift of its own: a linear layer follows, which can have them.
class Extractor : public torch::nn::Module {
 public:
  Extractor(const ObservationSchema& schema, const ExtractorOptions& options);
  Columns read(const torch::Tensor& raw) const;
  torch::Tensor forward(const Columns& columns);
  torch::Tensor forward(const torch::Tensor& raw) { return forward(read(raw)); }
  torch::Tensor before_norm(const Columns& columns);                     // φ(x)
  torch::Tensor normalise(const torch::Tensor& features) const;          // LN, if there is one
  std::int64_t num_features() const { return num_features_; }

 private:
  struct Sequence {
    std::int64_t offset, length, columns;
    torch::nn::Embedding topic{nullptr};
    torch::nn::Linear key{nullptr};    // Kᵀ: [d] → [e + columns − 1]
    torch::nn::Linear value{nullptr};  // V: [e + columns − 1] → [d]
  };
  struct Id {
    std::int64_t column;
    torch::nn::Embedding embedding{nullptr};
  };
  torch::nn::Embedding embedding_for(const ObservationColumn& column);
  torch::Tensor attend(const Sequence& sequence, const torch::Tensor& normal,
                       const torch::Tensor& query) const;

  ExtractorOptions options_;
  std::int64_t num_features_ = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> dense_;      // (offset, width)
  std::vector<std::pair<std::int64_t, std::int64_t>> candidate_;  // the dense blocks of the query
  std::vector<Id> ids_;
  int topic_id_ = -1;  // index into ids_ of the candidate's topic
  std::vector<Sequence> sequences_;
  std::map<std::string, torch::nn::Embedding> embeddings_;
  torch::nn::Linear query_{nullptr};
  torch::Tensor constant_query_;  // stands in where a schema has sequences but no candidate
  bool any_log_ = false;
  bool any_affine_ = false;
  torch::Tensor is_log_, mean_, inverse_scale_;  // [w]
};

struct MlpShape {
  std::int64_t inputs = 0;
  std::vector<int> hidden;
  std::int64_t outputs = 0;
  int num_groups = 1;
  LayerNorm layer_norm = LayerNorm::kAll;
  double last_layer_gain = 1;  // scales the initial weights of the output layer
};

/// Hidden units that are set to 0, the others divided by 1 − rate.
struct Dropout {
  double rate = 0;
  Rng* rng = nullptr;  // not null where rate > 0
};

/// K parallel networks, h = MLP_{g(u)}(x).  Hidden: Linear → LN (LayerNorm::kAll only) → ReLU.
/// Rows are sorted by group, so each network sees one contiguous slice and absent groups cost nothing.
/// With num_groups = 1 the slices are ignored.  Parameters of all groups are stacked (grouped_layer.h):
/// layer<i>_weight [K, outputs, inputs], _bias, _gain, _shift [K, outputs].
class GroupedMlp : public torch::nn::Module {
 public:
  explicit GroupedMlp(const MlpShape& shape);
  torch::Tensor forward(const torch::Tensor& x, const GroupSlices& slices, const Dropout& dropout = {});  // [n, outputs]

  /// Share of hidden units, of the groups that have rows, that are 0 in every row: dead ones.
  double dead_units(const torch::Tensor& x, const GroupSlices& slices) const;
  /// Norm of each group's part of the parameters' gradient.  [K]
  std::vector<double> gradient_norms(const torch::Tensor& loss) const;
  std::vector<torch::Tensor> parameter_list() const;

 private:
  std::int64_t num_groups_;
  std::vector<LayerParameters> layers_;
};

}  // namespace sluice
