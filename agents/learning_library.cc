#include "agents/learning_library.h"

#include <torch/torch.h>

namespace sluice {

// The only place where torch's global state is touched.  Initial weights are the only thing drawn from
// its generator; one thread and deterministic kernels make runs equal byte by byte.
void start_torch(Seed seed) {
  at::set_num_threads(1);
  at::globalContext().setDeterministicAlgorithms(true, false);
  torch::manual_seed(seed.stream(Purpose::kInit)());
}

}  // namespace sluice
