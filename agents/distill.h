#pragma once
// Training a student (agents/student.h) on a teacher's probabilities at given observations:
//
//   min over θ of the mean over rows of −Σ_a π_T(a|s)·ln π_S(a|s)          (Hinton et al. 2015, temperature 1)
//
// by Adam with a step size that falls to 0 as a half cosine.

#include <functional>
#include <vector>

#include "agents/agent.h"
#include "agents/student.h"

namespace sluice {

/// What the teacher did at its requests.
struct TeacherRows {
  std::vector<float> observation;   // rows × width
  std::vector<std::uint8_t> group;  // rows
  std::vector<float> probability;   // rows × actions
  std::size_t size() const { return group.size(); }
};

struct DistillOptions {
  int updates = 20000;
  int batch_size = 1024;
  double learning_rate = 2e-3;
  std::vector<double> group_boundaries = {};  // the teacher's
};

struct Distilled {
  AgentState state;                 // what a student loads
  std::vector<std::int64_t> update;
  std::vector<double> loss;         // mean over the updates since the last entry
};

/// Needs the learning library.  `progress` is called with the updates made.
Distilled distill(const StudentConfig& config, const EnvSpec& spec, const TeacherRows& rows, const DistillOptions& options,
                  Seed seed, const std::function<void(int)>& progress);

}  // namespace sluice
