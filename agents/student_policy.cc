#include "agents/student_policy.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "agents/agent_state.h"
#include "agents/vectorised.h"
#include "sim/check.h"

namespace sluice {
namespace {

// y = bias + Σ_i x_i·weight_i, above 0 only if `relu`.  weight [inputs, outputs]: the inner loop runs along a row.
SLUICE_VECTORISED void dense_layer(const float* x, std::int64_t inputs, const float* weight, const float* bias, std::int64_t outputs, bool relu, float* __restrict y) {
  std::copy_n(bias, outputs, y);
  std::int64_t i = 0;
  for (; i + 4 <= inputs; i += 4) {
    const float a = x[i], b = x[i + 1], c = x[i + 2], d = x[i + 3];
    const float *w0 = weight + i * outputs, *w1 = w0 + outputs, *w2 = w1 + outputs, *w3 = w2 + outputs;
    for (std::int64_t o = 0; o < outputs; ++o) y[o] += (a * w0[o] + b * w1[o]) + (c * w2[o] + d * w3[o]);
  }
  for (; i < inputs; ++i) {
    const float* const w = weight + i * outputs;
    for (std::int64_t o = 0; o < outputs; ++o) y[o] += x[i] * w[o];
  }
  if (relu)
    for (std::int64_t o = 0; o < outputs; ++o) y[o] = y[o] <= 0 ? 0 : y[o];
}

constexpr std::int64_t kLanes = 8;

// A behaviour sequence as attention reads it: the i-th item is the topic `columns[i·stride]` and the numbers behind it.
struct Items {
  const float* columns;
  std::int64_t stride, length;
  const float* topics;  // [cardinality, width]
  std::int64_t width;
};

// score_i = key·x_i of the items in use (topic > 0), one after the other; returns how many there are.
SLUICE_VECTORISED std::int64_t score_items(const Items& items, const float* key, float* __restrict score) {
  std::int64_t used = 0;
  for (std::int64_t i = 0; i < items.length; ++i) {
    const float* const numbers = items.columns + i * items.stride;
    if (numbers[0] == 0) continue;
    const float* const topic = items.topics + static_cast<std::int64_t>(numbers[0]) * items.width;
    float lane[kLanes] = {};
    for (std::int64_t j = 0; j < items.width; j += kLanes)
      for (std::int64_t l = 0; l < kLanes; ++l) lane[l] += key[j + l] * topic[j + l];
    float sum = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    for (std::int64_t c = 1; c < items.stride; ++c) sum += key[items.width + c - 1] * numbers[c];
    score[used++] = sum;
  }
  return used;
}

// pooled = Σ_i weight_i·x_i of the items in use.
SLUICE_VECTORISED void pool_items(const Items& items, const float* weight, float* __restrict pooled) {
  for (std::int64_t j = 0; j < items.width + items.stride - 1; ++j) pooled[j] = 0;
  for (std::int64_t i = 0; i < items.length; ++i) {
    const float* const numbers = items.columns + i * items.stride;
    if (numbers[0] == 0) continue;
    const float* const topic = items.topics + static_cast<std::int64_t>(numbers[0]) * items.width;
    const float w = *weight++;
    for (std::int64_t j = 0; j < items.width; j += kLanes)
      for (std::int64_t l = 0; l < kLanes; ++l) pooled[j + l] += w * topic[j + l];
    for (std::int64_t c = 1; c < items.stride; ++c) pooled[items.width + c - 1] += w * numbers[c];
  }
}

SLUICE_VECTORISED void normalise_row(const float* raw, const float* mean, const float* inverse_scale, std::int64_t width, float* __restrict out) {
  for (std::int64_t i = 0; i < width; ++i) out[i] = (raw[i] - mean[i]) * inverse_scale[i];
}

std::vector<float> read(const AgentState& state, const std::string& name, std::vector<std::int64_t> shape, bool transpose = false) {
  const AgentState::Array& array = require_array(name, state);
  if (array.shape != shape) throw data_error("the saved agent's '" + name + "' has another shape than this configuration gives it");
  std::vector<float> values(array.values.size());
  if (!transpose || shape.size() < 2) {
    std::copy(array.values.begin(), array.values.end(), values.begin());
    return values;
  }
  const auto rows = static_cast<std::size_t>(shape[0]), columns = static_cast<std::size_t>(shape[1]);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) values[c * rows + r] = static_cast<float>(array.values[r * columns + c]);
  return values;
}

// Rows of `width` floats whose first `front` are spread over `wide` by zeros behind them.
std::vector<float> spread(const std::vector<float>& rows, std::int64_t width, std::int64_t front, std::int64_t wide) {
  const std::int64_t count = static_cast<std::int64_t>(rows.size()) / width, back = width - front;
  std::vector<float> out(static_cast<std::size_t>(count * (wide + back)), 0.0f);
  for (std::int64_t r = 0; r < count; ++r) {
    const auto from = rows.begin() + r * width;
    const auto to = out.begin() + r * (wide + back);
    std::copy_n(from, front, to);
    std::copy_n(from + front, back, to + wide);
  }
  return out;
}

}  // namespace

StudentPolicy::StudentPolicy(const StudentConfig& config, const ObservationSchema& schema, int num_actions)
    : config_(config), width_(schema.width), num_actions_(num_actions) {
  int position = 0;
  std::size_t query_inputs = 0, longest = 0, widest = 0;
  topic_width_ = (config.embedding_size + kLanes - 1) / kLanes * kLanes;
  for (const ObservationBlock& block : schema.blocks) {
    for (int i = 0; i < block.length; ++i)
      for (const ObservationColumn& column : block.item) {
        const bool id = column.cardinality > 0;
        mean_.push_back(id ? 0 : column.mean);
        inverse_scale_.push_back(id ? 1 : 1 / column.scale);
        if (!id && column.transform == Transform::kLog1p) log_columns_.push_back(position);
        ++position;
      }
    const Dense whole{block.offset, block.width()};
    switch (block.kind) {
      case BlockKind::kStatic:
      case BlockKind::kCandidate:
        dense_.push_back(whole);
        num_features_ += whole.width;
        if (block.kind == BlockKind::kCandidate) {
          candidate_.push_back(whole);
          query_inputs += static_cast<std::size_t>(whole.width);
        }
        break;
      case BlockKind::kId:
        for (int i = 0; i < static_cast<int>(block.item.size()); ++i) {
          const ObservationColumn& column = block.item[static_cast<std::size_t>(i)];
          if (column.name == kCandidateTopicColumn) {
            topic_ = static_cast<int>(ids_.size());
            query_inputs += static_cast<std::size_t>(config.embedding_size);
          }
          ids_.push_back({block.offset + i, table_for(column)});
          num_features_ += config.embedding_size;
        }
        break;
      case BlockKind::kSequence:
        sequences_.push_back({.name = block.name, .offset = block.offset, .length = block.length, .columns = static_cast<int>(block.item.size()), .table = table_for(block.item.front()), .key = {}, .value = {}});
        num_features_ += config.attention_size;
        longest = std::max(longest, static_cast<std::size_t>(block.length));
        widest = std::max(widest, block.item.size() - 1);
        break;
    }
  }
  num_features_ += config.num_groups;
  normal_.resize(static_cast<std::size_t>(width_));
  logs_.resize(log_columns_.size());
  query_inputs_.resize(query_inputs);
  query_.resize(static_cast<std::size_t>(config.attention_size));
  score_.resize(longest);
  const std::size_t item = static_cast<std::size_t>(topic_width_) + widest;
  key_.resize(item);
  pooled_.resize(item);
  zeros_.resize(std::max(item, static_cast<std::size_t>(config.attention_size)));
  row_features_.resize(static_cast<std::size_t>(num_features_));
  int inputs = num_features_;
  std::vector<int> widths = config.hidden;
  widths.push_back(num_actions);
  for (const int outputs : widths) {
    layers_.push_back({.inputs = inputs, .outputs = outputs, .weight = {}, .bias = {}});
    hidden_.emplace_back(static_cast<std::size_t>(outputs));
    inputs = outputs;
  }
}

std::size_t StudentPolicy::table_for(const ObservationColumn& column) {
  // As in Extractor: topics of equal cardinality share one table.
  const std::string name = column.name.ends_with("topic") ? "topic_" + std::to_string(column.cardinality) : column.name;
  for (std::size_t i = 0; i < tables_.size(); ++i)
    if (tables_[i].name == name) return i;
  tables_.push_back({.name = name, .cardinality = column.cardinality, .values = {}});
  return tables_.size() - 1;
}

void StudentPolicy::load(const AgentState& state) {
  const std::int64_t e = config_.embedding_size, d = config_.attention_size;
  for (Table& table : tables_)
    table.values = spread(read(state, "extractor.embedding_" + table.name + ".weight", {table.cardinality, e}), e, e, topic_width_);
  for (Sequence& sequence : sequences_) {
    const std::int64_t numbers = sequence.columns - 1, item = e + numbers;
    sequence.key = spread(read(state, "extractor.key_" + sequence.name + ".weight", {item, d}, true), item, e, topic_width_);
    sequence.value = spread(read(state, "extractor.value_" + sequence.name + ".weight", {d, item}, true), item * d, e * d, topic_width_ * d);
  }
  if (!sequences_.empty() && !query_inputs_.empty()) {
    query_weight_ = read(state, "extractor.query.weight", {d, static_cast<std::int64_t>(query_inputs_.size())}, true);
    query_bias_ = read(state, "extractor.query.bias", {d});
  } else if (!sequences_.empty()) {
    query_bias_ = read(state, "extractor.query", {1, d});
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = layers_[i];
    const std::string name = "layer" + std::to_string(i);
    layer.weight = read(state, name + ".weight", {layer.outputs, layer.inputs}, true);
    layer.bias = read(state, name + ".bias", {layer.outputs});
  }
}

const float* StudentPolicy::embedding(std::size_t table, float id) const {
  const auto row = static_cast<std::int64_t>(id);
  ENSURE(row >= 0 && row < tables_[table].cardinality, "id " + std::to_string(row) + " of " + tables_[table].name);
  return tables_[table].values.data() + row * topic_width_;
}

// Attention as in agents/attended_items.h, with the query in query_.
void StudentPolicy::attend(const Sequence& sequence, const float* normal, float* out) {
  const int d = config_.attention_size;
  const std::int64_t item = topic_width_ + sequence.columns - 1;
  const Items items{normal + sequence.offset, sequence.columns, sequence.length, tables_[sequence.table].values.data(), topic_width_};
  dense_layer(query_.data(), d, sequence.key.data(), zeros_.data(), item, false, key_.data());
  const std::int64_t used = score_items(items, key_.data(), score_.data());
  if (used == 0) {
    std::fill_n(out, d, 0.0f);
    return;
  }
  Eigen::Map<Eigen::ArrayXf> score(score_.data(), used);
  score = (score - score.maxCoeff()).exp();
  score /= score.sum();
  pool_items(items, score_.data(), pooled_.data());
  dense_layer(pooled_.data(), item, sequence.value.data(), zeros_.data(), d, false, out);
}

void StudentPolicy::features(const float* row, int group, float* out) {
  normalise_row(row, mean_.data(), inverse_scale_.data(), width_, normal_.data());
  // ln(1 + x), and not log1p: an error of 1e-7 for x near 0 is nothing here, and half the time.
  for (std::size_t i = 0; i < log_columns_.size(); ++i) logs_[i] = 1 + std::max(0.0f, row[log_columns_[i]]);
  Eigen::Map<Eigen::ArrayXf> logs(logs_.data(), static_cast<Eigen::Index>(logs_.size()));
  logs = logs.log();
  for (std::size_t i = 0; i < log_columns_.size(); ++i) {
    const auto column = static_cast<std::size_t>(log_columns_[i]);
    normal_[column] = (logs_[i] - mean_[column]) * inverse_scale_[column];
  }
  float *to = out, *query = query_inputs_.data();
  for (const Dense& block : dense_) to = std::copy_n(normal_.data() + block.offset, block.width, to);
  for (const Dense& block : candidate_) query = std::copy_n(normal_.data() + block.offset, block.width, query);
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const float* const values = embedding(ids_[i].table, row[ids_[i].offset]);
    if (static_cast<int>(i) == topic_) query = std::copy_n(values, config_.embedding_size, query);
    to = std::copy_n(values, config_.embedding_size, to);
  }
  if (!sequences_.empty()) {
    if (query_inputs_.empty())
      query_ = query_bias_;
    else
      dense_layer(query_inputs_.data(), static_cast<std::int64_t>(query_inputs_.size()), query_weight_.data(), query_bias_.data(), config_.attention_size, false, query_.data());
    const float scale = 1 / std::sqrt(static_cast<float>(config_.attention_size));
    for (float& q : query_) q *= scale;
    for (const Sequence& sequence : sequences_) {
      attend(sequence, normal_.data(), to);
      to += config_.attention_size;
    }
  }
  std::fill_n(to, config_.num_groups, 0.0f);
  to[std::min(group, config_.num_groups - 1)] = 1;
}

void StudentPolicy::probabilities_of_features(std::span<const float> features, std::span<float> probability) {
  const std::size_t rows = probability.size() / static_cast<std::size_t>(num_actions_);
  for (std::size_t r = 0; r < rows; ++r) {
    const float* x = features.data() + r * static_cast<std::size_t>(num_features_);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i];
      dense_layer(x, layer.inputs, layer.weight.data(), layer.bias.data(), layer.outputs, i + 1 < layers_.size(), hidden_[i].data());
      x = hidden_[i].data();
    }
    float* const out = probability.data() + r * static_cast<std::size_t>(num_actions_);
    const float largest = *std::max_element(x, x + num_actions_);
    float sum = 0;
    for (int a = 0; a < num_actions_; ++a) sum += out[a] = std::exp(x[a] - largest);
    for (int a = 0; a < num_actions_; ++a) out[a] /= sum;
  }
}

void StudentPolicy::probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> probability) {
  const auto actions = static_cast<std::size_t>(num_actions_);
  for (std::size_t r = 0; r * actions < probability.size(); ++r) {
    features(observations.data() + r * static_cast<std::size_t>(width_), groups.empty() ? 0 : groups[r], row_features_.data());
    probabilities_of_features(row_features_, probability.subspan(r * actions, actions));
  }
}

}  // namespace sluice
