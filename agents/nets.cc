#include "agents/nets.h"

#include <cmath>

#include "sim/check.h"

namespace sluice {
namespace {

constexpr double kMasked = -1e9;  // a score that softmax turns into 0

bool is_topic(const ObservationColumn& column) { return column.name.ends_with("topic"); }

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

torch::Tensor Extractor::normalise(const torch::Tensor& raw) const {
  torch::Tensor x = raw;
  if (any_log_) x = torch::where(is_log_, torch::log1p(torch::clamp_min(raw, 0)), raw);
  if (any_affine_) x = (x - mean_) * inverse_scale_;
  return x;
}

// query [n, d], already divided by √d → [n, d].
torch::Tensor Extractor::attend(const Sequence& sequence, const torch::Tensor& normal,
                                const torch::Tensor& query) const {
  const torch::Tensor columns = normal.narrow(1, sequence.offset, sequence.length * sequence.columns)
                                    .view({normal.size(0), sequence.length, sequence.columns});
  const torch::Tensor topic = columns.select(2, 0).to(torch::kLong);  // [n, L]
  const torch::Tensor unused = topic == 0;
  torch::nn::Embedding embedding = sequence.topic;
  torch::nn::Linear key = sequence.key, value = sequence.value;
  const torch::Tensor items =
      torch::cat({embedding->forward(topic), columns.narrow(2, 1, sequence.columns - 1)}, 2);
  const torch::Tensor score = (items * key->forward(query).unsqueeze(1)).sum(2);  // [n, L]
  const torch::Tensor weight =
      torch::softmax(score.masked_fill(unused, kMasked), 1).masked_fill(unused, 0);
  return value->forward((weight.unsqueeze(2) * items).sum(1));
}

torch::Tensor Extractor::forward(const torch::Tensor& raw) {
  const torch::Tensor normal = normalise(raw);
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

GroupedMlp::GroupedMlp(const MlpShape& shape) {
  if (shape.layer_norm != LayerNorm::kNone)
    input_norm_ = register_module("input_norm",
                                  torch::nn::LayerNorm(torch::nn::LayerNormOptions({shape.inputs})));
  for (int g = 0; g < shape.num_groups; ++g) {
    const std::string prefix = "group" + std::to_string(g) + "_";
    Network network;
    std::int64_t inputs = shape.inputs;
    for (const int width : shape.hidden) {
      const std::string layer = std::to_string(network.linears.size());
      network.linears.push_back(
          register_module(prefix + "linear" + layer, torch::nn::Linear(inputs, width)));
      if (shape.layer_norm == LayerNorm::kAll)
        network.norms.push_back(register_module(
            prefix + "norm" + layer, torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}))));
      inputs = width;
    }
    network.linears.push_back(
        register_module(prefix + "output", torch::nn::Linear(inputs, shape.outputs)));
    torch::NoGradGuard no_grad;
    network.linears.back()->weight.mul_(shape.last_layer_gain);
    network.linears.back()->bias.mul_(shape.last_layer_gain);
    networks_.push_back(network);
  }
}

torch::Tensor GroupedMlp::run(const Network& network, torch::Tensor x) {
  const std::size_t hidden = network.linears.size() - 1;
  for (std::size_t i = 0; i < hidden; ++i) {
    torch::nn::Linear linear = network.linears[i];
    x = linear->forward(x);
    if (!network.norms.empty()) {
      torch::nn::LayerNorm norm = network.norms[i];
      x = norm->forward(x);
    }
    x = torch::relu(x);
  }
  torch::nn::Linear output = network.linears.back();
  return output->forward(x);
}

torch::Tensor GroupedMlp::forward(const torch::Tensor& x, const GroupSlices& slices) {
  const torch::Tensor input = input_norm_.is_empty() ? x : input_norm_->forward(x);
  if (networks_.size() == 1) return run(networks_.front(), input);
  ENSURE(slices.size.size() == networks_.size(), "a slice for every group");
  std::vector<torch::Tensor> outputs;
  std::int64_t start = 0;
  for (std::size_t g = 0; g < networks_.size(); ++g) {
    const std::int64_t rows = slices.size[g];
    if (rows == 0) continue;
    outputs.push_back(run(networks_[g], input.narrow(0, start, rows)));
    start += rows;
  }
  ENSURE(start == x.size(0), "slices cover the batch");
  return torch::cat(outputs, 0);
}

}  // namespace sluice
