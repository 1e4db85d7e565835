#include "agents/nets.h"

#include <cmath>

#include "sim/check.h"

namespace sluice {
namespace {

bool is_topic(const ObservationColumn& column) { return column.name.ends_with("topic"); }

// 0 with probability rate, else 1/(1 − rate).
torch::Tensor dropout_mask(at::IntArrayRef shape, const Dropout& dropout) {
  torch::Tensor mask = torch::empty(shape, torch::kFloat);
  const float kept = static_cast<float>(1 / (1 - dropout.rate));
  const auto bound = static_cast<std::uint64_t>(dropout.rate * 4294967296.0);
  float* const values = mask.data_ptr<float>();
  for (std::int64_t i = 0; i < mask.numel(); i += 2) {  // 32 bits are enough for one unit
    const std::uint64_t bits = (*dropout.rng)();
    values[i] = (bits >> 32) < bound ? 0 : kept;
    if (i + 1 < mask.numel()) values[i + 1] = (bits & 0xffffffffu) < bound ? 0 : kept;
  }
  return mask;
}

}  // namespace

Extractor::Extractor(const ObservationSchema& schema, const ExtractorOptions& options)
    : options_(options) {
  std::vector<float> mean, inverse_scale;
  std::vector<std::uint8_t> is_log;
  std::int64_t query_inputs = 0;
  bool sequences = false;
  for (const ObservationBlock& block : schema.blocks) {
    for (int i = 0; i < block.length; ++i) {
      for (const ObservationColumn& column : block.item) {
        const bool id = column.cardinality > 0;
        mean.push_back(id ? 0 : column.mean);
        inverse_scale.push_back(id ? 1 : 1 / column.scale);
        is_log.push_back(!id && column.transform == Transform::kLog1p ? 1 : 0);
        any_log_ |= is_log.back() != 0;
        any_affine_ |= mean.back() != 0 || inverse_scale.back() != 1;
      }
    }
    const std::int64_t offset = block.offset, width = block.width();
    const auto columns = static_cast<std::int64_t>(block.item.size());
    switch (block.kind) {
      case BlockKind::kStatic:
      case BlockKind::kCandidate:
        dense_.emplace_back(offset, width);
        num_features_ += width;
        if (block.kind == BlockKind::kCandidate) {
          candidate_.emplace_back(offset, width);
          query_inputs += width;
        }
        break;
      case BlockKind::kId:
        for (std::int64_t i = 0; i < columns; ++i) {
          const ObservationColumn& column = block.item[static_cast<std::size_t>(i)];
          if (column.name == kCandidateTopicColumn) {
            topic_id_ = static_cast<int>(ids_.size());
            query_inputs += options.embedding_size;
          }
          ids_.push_back({offset + i, embedding_for(column)});
          num_features_ += options.embedding_size;
        }
        break;
      case BlockKind::kSequence: {
        sequences = true;
        const std::int64_t item = options.embedding_size + columns - 1;
        // Without biases: that of a key would not change the softmax, that of a value would make an
        // empty history look like something.
        Sequence sequence{offset, block.length, columns, embedding_for(block.item.front()),
                          torch::nn::Linear(torch::nn::LinearOptions(options.attention_size, item).bias(false)),
                          torch::nn::Linear(torch::nn::LinearOptions(item, options.attention_size).bias(false))};
        register_module("key_" + block.name, sequence.key);
        register_module("value_" + block.name, sequence.value);
        sequences_.push_back(sequence);
        num_features_ += options.attention_size;
        break;
      }
    }
  }
  if (sequences && query_inputs > 0)
    query_ = register_module("query", torch::nn::Linear(query_inputs, options.attention_size));
  else if (sequences)
    constant_query_ = register_parameter("query", torch::zeros({1, options.attention_size}));
  is_log_ = register_buffer("is_log", torch::tensor(is_log).to(torch::kBool));
  mean_ = register_buffer("mean", torch::tensor(mean));
  inverse_scale_ = register_buffer("inverse_scale", torch::tensor(inverse_scale));
}

torch::nn::Embedding Extractor::embedding_for(const ObservationColumn& column) {
  ENSURE(column.cardinality > 0, "column " + column.name + " is no id");
  // A topic is a topic, of the candidate or of the history: attention compares them.
  const std::string name =
      is_topic(column) ? "topic_" + std::to_string(column.cardinality) : column.name;
  auto [entry, is_new] = embeddings_.try_emplace(name, nullptr);
  if (is_new)
    entry->second = register_module("embedding_" + name,
                                    torch::nn::Embedding(column.cardinality, options_.embedding_size));
  return entry->second;
}

Columns Extractor::read(const torch::Tensor& raw) const {
  torch::Tensor x = raw;
  if (any_log_) x = torch::where(is_log_, torch::log1p(torch::clamp_min(raw, 0)), raw);
  if (any_affine_) x = (x - mean_).mul_(inverse_scale_);
  return {raw, x};
}

// query [n, d], already divided by √d → [n, d].
torch::Tensor Extractor::attend(const Sequence& sequence, const torch::Tensor& normal,
                                const torch::Tensor& query) const {
  const torch::Tensor columns = normal.narrow(1, sequence.offset, sequence.length * sequence.columns)
                                    .view({normal.size(0), sequence.length, sequence.columns});
  torch::nn::Linear key = sequence.key, value = sequence.value;
  torch::nn::Embedding embedding = sequence.topic;
  return value->forward(attended_items(columns.select(2, 0), columns.narrow(2, 1, sequence.columns - 1), embedding->weight, key->forward(query)));
}

torch::Tensor Extractor::normalise(const torch::Tensor& features) const {
  return options_.layer_norm ? torch::layer_norm(features, {num_features_}) : features;
}

torch::Tensor Extractor::forward(const Columns& columns) { return normalise(before_norm(columns)); }

torch::Tensor Extractor::before_norm(const Columns& columns) {
  const torch::Tensor &raw = columns.raw, &normal = columns.normal;
  std::vector<torch::Tensor> features, query_inputs;
  for (const auto& [offset, width] : dense_) features.push_back(normal.narrow(1, offset, width));
  for (const auto& [offset, width] : candidate_)
    query_inputs.push_back(normal.narrow(1, offset, width));
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const torch::Tensor id = raw.select(1, ids_[i].column).to(torch::kLong);
    features.push_back(ids_[i].embedding->forward(id));
    if (static_cast<int>(i) == topic_id_) query_inputs.push_back(features.back());
  }
  if (!sequences_.empty()) {
    torch::Tensor query = query_.is_empty() ? constant_query_.expand({raw.size(0), -1})
                                            : query_->forward(torch::cat(query_inputs, 1));
    query = query / std::sqrt(static_cast<double>(options_.attention_size));
    for (const Sequence& sequence : sequences_) features.push_back(attend(sequence, normal, query));
  }
  return features.size() == 1 ? features.front() : torch::cat(features, 1);
}

GroupedMlp::GroupedMlp(const MlpShape& shape) : num_groups_(shape.num_groups) {
  std::vector<std::int64_t> widths = {shape.inputs};
  for (const int width : shape.hidden) widths.push_back(width);
  widths.push_back(shape.outputs);
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const std::string name = "layer" + std::to_string(i) + "_";
    const std::int64_t inputs = widths[i], outputs = widths[i + 1];
    LayerParameters layer;
    layer.is_output = i + 2 == widths.size();
    layer.weight = register_parameter(name + "weight", torch::empty({num_groups_, outputs, inputs}));
    layer.bias = register_parameter(name + "bias", torch::empty({num_groups_, outputs}));
    if (!layer.is_output && shape.layer_norm == LayerNorm::kAll) {
      layer.gain = register_parameter(name + "gain", torch::ones({num_groups_, outputs}));
      layer.shift = register_parameter(name + "shift", torch::zeros({num_groups_, outputs}));
    }
    // As torch's own linear layers: uniform within ±1/√inputs.
    const torch::NoGradGuard no_grad;
    const double bound = (layer.is_output ? shape.last_layer_gain : 1) / std::sqrt(static_cast<double>(inputs));
    layer.weight.uniform_(-bound, bound);
    layer.bias.uniform_(-bound, bound);
    layers_.push_back(layer);
  }
}

torch::Tensor GroupedMlp::forward(const torch::Tensor& x, const GroupSlices& slices, const Dropout& dropout) {
  torch::Tensor h = x;
  const std::vector<std::int64_t> everyone = {x.size(0)};
  for (const LayerParameters& layer : layers_) {
    h = grouped_layer(h, layer, num_groups_ == 1 ? everyone : slices.size);
    if (dropout.rate > 0 && !layer.is_output) h = h * dropout_mask(h.sizes(), dropout);
  }
  return h;
}

double GroupedMlp::dead_units(const torch::Tensor& x, const GroupSlices& slices) const {
  const torch::NoGradGuard no_grad;
  const std::vector<std::int64_t> sizes = num_groups_ == 1 ? std::vector<std::int64_t>{x.size(0)} : slices.size;
  std::int64_t dead = 0, units = 0;
  torch::Tensor h = x;
  for (const LayerParameters& layer : layers_) {
    h = grouped_layer(h, layer, sizes);
    std::int64_t start = 0;
    for (const std::int64_t rows : sizes) {
      if (rows > 0 && !layer.is_output) {
        dead += (std::get<0>(h.narrow(0, start, rows).max(0)) <= 0).sum().item<std::int64_t>();
        units += h.size(1);
      }
      start += rows;
    }
  }
  return units > 0 ? static_cast<double>(dead) / static_cast<double>(units) : 0;
}

std::vector<torch::Tensor> GroupedMlp::parameter_list() const {
  std::vector<torch::Tensor> all;
  for (const LayerParameters& layer : layers_)
    for (const torch::Tensor* parameter : {&layer.weight, &layer.bias, &layer.gain, &layer.shift})
      if (parameter->defined()) all.push_back(*parameter);
  return all;
}

std::vector<double> GroupedMlp::gradient_norms(const torch::Tensor& loss) const {
  torch::Tensor squares = torch::zeros({num_groups_}, torch::kDouble);
  for (const torch::Tensor& gradient : torch::autograd::grad({loss}, parameter_list(), {}, true, false, true))
    if (gradient.defined()) squares += gradient.to(torch::kDouble).square().flatten(1).sum(1);
  squares = squares.sqrt();
  return {squares.data_ptr<double>(), squares.data_ptr<double>() + num_groups_};
}

}  // namespace sluice
