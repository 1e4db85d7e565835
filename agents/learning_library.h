#pragma once
// The door between the program and libsluice_learning.so, which holds everything that needs libtorch.
// The names are C names because dlsym() looks them up; what passes through is ours on both sides.

#include "agents/agent.h"
#include "agents/bench_agents.h"
#include "agents/distill.h"
#include "agents/dqn.h"
#include "agents/learning.h"
#include "agents/sl_mgac.h"

namespace sluice {

using MakeDqn = Agent*(const DqnConfig&, const EnvSpec&, Seed, const LearningContext&);
using MakeSlMgac = Agent*(const SlMgacConfig&, const EnvSpec&, Seed, const LearningContext&);
using DistillStudent = void(const StudentConfig&, const EnvSpec&, const TeacherRows&, const DistillOptions&, Seed, const std::function<void(int)>&, Distilled&);
using BenchAgents = void(std::vector<BenchNumber>&);

/// Settings and seed of libtorch; the first thing every maker does.
void start_torch(Seed seed);

}  // namespace sluice

extern "C" {
// Owned by the caller.
sluice::Agent* sluice_make_dqn(const sluice::DqnConfig&, const sluice::EnvSpec&, sluice::Seed,
                               const sluice::LearningContext&);
sluice::Agent* sluice_make_sl_mgac(const sluice::SlMgacConfig&, const sluice::EnvSpec&, sluice::Seed,
                                   const sluice::LearningContext&);
void sluice_distill(const sluice::StudentConfig&, const sluice::EnvSpec&, const sluice::TeacherRows&, const sluice::DistillOptions&, sluice::Seed,
                    const std::function<void(int)>&, sluice::Distilled&);
void sluice_bench_agents(std::vector<sluice::BenchNumber>&);
}
