#pragma once
// The door between the program and libsluice_learning.so, which holds everything that needs libtorch.
// The names are C names because dlsym() looks them up; what passes through is ours on both sides.

#include "agents/agents.h"
#include "agents/bench_agents.h"
#include "agents/distill.h"

namespace sluice {

using MakeLearner = Agent*(const AgentConfig&, const EnvSpec&, Seed, const LearningContext&);
using DistillStudent = void(const StudentConfig&, const EnvSpec&, const TeacherRows&, const DistillOptions&, Seed, const std::function<void(int)>&, Distilled&);
using BenchAgents = void(std::vector<BenchNumber>&);

/// Settings and seed of libtorch, before an agent is made.
void start_torch(Seed seed);

}  // namespace sluice

extern "C" {
// Any agent that learns; owned by the caller.
sluice::Agent* sluice_make_learner(const sluice::AgentConfig&, const sluice::EnvSpec&, sluice::Seed, const sluice::LearningContext&);
void sluice_distill(const sluice::StudentConfig&, const sluice::EnvSpec&, const sluice::TeacherRows&, const sluice::DistillOptions&, sluice::Seed,
                    const std::function<void(int)>&, sluice::Distilled&);
void sluice_bench_agents(std::vector<sluice::BenchNumber>&);
}
