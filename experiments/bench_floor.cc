// The floor under a decision: unit costs, each measured alone from L1, times how often it is needed.
// The counts were checked against counters in the code (random policy, default world, one day): 30.1
// blocks, 11.0 normals and 21.6 exp and the like per decision.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "experiments/bench_parts.h"
#include "sim/distributions.h"
#include "sim/supply_process.h"

namespace sluice {
namespace {

// Keeps a result alive that nobody reads.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// ns per call of work(), median of 7 runs of `calls`.
template <class Work>
double nanoseconds(int calls, Work work) {
  std::vector<double> runs;
  for (int run = 0; run < 7; ++run) {
    const double start = thread_cpu_seconds();
    for (int i = 0; i < calls; ++i) work();
    runs.push_back(1e9 * (thread_cpu_seconds() - start) / calls);
  }
  return median(std::move(runs));
}

}  // namespace

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Three draws a short video (two blocks, each video has a lane of its own), five a page, three for mood and
// prediction, two for the followed streamers and one a probe, four a live stream, two a session.
double DecisionCounts::blocks() const { return 2 * shorts + 3 + 2 + 0.5 * (2 + probes) + 2 * live + 2 * sessions; }
// Watch time of each video; pause and mood of the page; mood for live and two errors of prediction; live
// watch; budget.
double DecisionCounts::normals() const { return shorts + 2 + 3 + live + sessions; }
// Watch times; pause, skip share, hazard; four decays; P(enter), P(long), mean, its prediction, predicted
// P(enter); sine, cosine, recent exposures; leaving after a live stream, count of exposures, watch of the 28 %
// that enter; budget, start.
double DecisionCounts::exps() const { return shorts + 3 + 4 + 5 + 3 + 2.28 * live + 2 * sessions; }
double DecisionCounts::products() const { return static_cast<double>(probes) * kNumTopics; }

FloorParts measure_floor(const DecisionCounts& counts) {
  constexpr int kCalls = 1000000;
  std::uint64_t counter = 0;
  const double block = nanoseconds(kCalls, [&] { keep(threefry2x64_R(13, {{counter++, 7}}, {{1, 2}})); });
  Rng rng = Seed{1}.stream(Purpose::kTest);
  const double draw = nanoseconds(kCalls, [&] { keep(rng()); });
  const double normal_draw = nanoseconds(kCalls, [&] { keep(normal(rng)); });
  float x = 0.1f;
  const double exponential_function = nanoseconds(kCalls, [&] {
    x = x > 2 ? -1.0f : x + 0.01f;
    keep(std::exp(x));
  });
  std::array<float, 64 * kNumTopics> matrix;
  matrix.fill(0.5f);
  std::size_t row = 0;
  const double product = nanoseconds(kCalls / 10, [&] {
    float sum = 0;
    row = (row + kNumTopics) % matrix.size();
    for (std::size_t i = 0; i < kNumTopics; ++i) sum += matrix[i] * matrix[row + i];
    keep(sum);
  }) / kNumTopics;
  const std::vector<float> from(static_cast<std::size_t>(counts.observation_floats), 1.0f);
  std::vector<float> to(from.size());
  const double bytes = nanoseconds(kCalls / 10, [&] {
    std::copy(from.begin(), from.end(), to.begin());
    keep(to[0]);
  });
  return {.blocks = counts.blocks() * block,
          .normals = counts.normals() * std::max(0.0, normal_draw - draw),
          .exps = counts.exps() * exponential_function,
          .products = counts.products() * product,
          .bytes = bytes};
}

}  // namespace sluice
