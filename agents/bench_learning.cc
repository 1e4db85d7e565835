#include <torch/torch.h>

#include <chrono>

#include "agents/learning_library.h"

extern "C" void sluice_bench_agents(std::vector<sluice::BenchNumber>&) {}
