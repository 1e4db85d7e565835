#pragma once
// The student's network in plain arrays.  Rows are raw observations; one thread per object, which keeps its
// scratch memory.

#include <span>
#include <string>
#include <vector>

#include "agents/agent.h"
#include "agents/student.h"

namespace sluice {

class StudentPolicy {
 public:
  StudentPolicy(const StudentConfig& config, const ObservationSchema& schema, int num_actions);

  /// Throws data_error when an array is missing or has another shape.
  void load(const AgentState& state);

  /// observations: rows × width; groups: one per row, or empty: all 0; probability: rows × num_actions.
  void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> probability);
  /// The same from features that somebody else has made: rows × num_features(), the groups' columns included.
  void probabilities_of_features(std::span<const float> features, std::span<float> probability);

  int num_features() const { return num_features_; }
  void features(const float* row, int group, float* out);

 private:
  struct Table {  // embedding [cardinality, P], P: e rounded up to whole registers, the rest 0
    std::string name;
    int cardinality = 0;
    std::vector<float> values;
  };
  struct Dense {
    int offset = 0, width = 0;
  };
  struct Id {
    int offset = 0;
    std::size_t table = 0;
  };
  struct Sequence {
    std::string name;
    int offset = 0, length = 0, columns = 0;
    std::size_t table = 0;
    std::vector<float> key;    // [d, P + columns − 1]: the transpose of the module's, a gap of zeros behind the topic
    std::vector<float> value;  // [P + columns − 1, d]: so is this
  };
  struct Layer {
    int inputs = 0, outputs = 0;
    std::vector<float> weight;  // [inputs, outputs], the transpose of the module's
    std::vector<float> bias;
  };
  std::size_t table_for(const ObservationColumn& column);
  const float* embedding(std::size_t table, float id) const;
  void attend(const Sequence& sequence, const float* normal, float* out);

  StudentConfig config_;
  int width_, num_actions_, num_features_ = 0;
  std::vector<int> log_columns_;
  std::vector<float> mean_, inverse_scale_;  // [width]
  std::vector<Dense> dense_, candidate_;
  std::vector<Id> ids_;
  int topic_ = -1;  // index into ids_ of the candidate's topic
  std::vector<Sequence> sequences_;
  std::vector<Table> tables_;
  std::vector<float> query_weight_, query_bias_;  // [inputs, d], [d]
  std::vector<Layer> layers_;
  // Scratch of one row.
  std::int64_t topic_width_ = 0;  // P
  std::vector<float> normal_, logs_, query_inputs_, query_, score_, key_, pooled_, zeros_, row_features_;
  std::vector<std::vector<float>> hidden_;
};

}  // namespace sluice
