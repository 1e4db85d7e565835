#pragma once
// How fast the learning side is, beside what bounds it: the matrix-product rate of this core with this
// BLAS, measured in the same process.

#include <string>
#include <vector>

namespace sluice {

struct BenchNumber {
  std::string name;
  double value = 0;
  std::string unit;
  double floor = 0;         // the same unit; 0: none
  std::string floor_name;   // what the floor is
};

/// SL-MGAC and DQN: updates per second at batch 1024 on synthetic transitions of a feed-like schema,
/// and µs per decision in batches of 1 and 256.  Takes a few seconds; needs the learning library.
std::vector<BenchNumber> bench_agents();

}  // namespace sluice
