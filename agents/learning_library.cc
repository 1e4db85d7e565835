#include "agents/learning_library.h"

#include <malloc.h>
#include <torch/torch.h>

#include "sim/check.h"

namespace sluice {

// The only place where torch's global state is touched.  Initial weights are the only thing drawn from
// its generator; one thread and deterministic kernels make runs equal byte by byte.
void start_torch(Seed seed) {
  // An update makes and drops hundreds of tensors of some 100 kB.  By default glibc maps and unmaps
  // each, and the kernel clears their pages again and again; kept in the heap they are reused.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MXFAST, 0);  // without fast bins no large free() has to merge them
  at::set_num_threads(1);
  at::globalContext().setDeterministicAlgorithms(true, false);
  torch::manual_seed(seed.stream(Purpose::kInit)());
}

}  // namespace sluice

extern "C" sluice::Agent* sluice_make_learner(const sluice::AgentConfig& config, const sluice::EnvSpec& spec, sluice::Seed seed,
                                              const sluice::LearningContext& learning) {
  using namespace sluice;
  start_torch(seed);
  return std::visit(
      [&]<class Config>(const Config& learner) -> Agent* {
        if constexpr (Config::kInfo.learns)
          return make(learner, spec, seed, learning).release();
        else
          ENSURE(false, std::string(Config::kKind) + " does not learn");
      },
      config);
}
