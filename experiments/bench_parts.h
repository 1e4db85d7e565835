#pragma once
// The parts of `sluice bench`: each measures some numbers, those whose names are wanted.
//
// Machines are noisy and shared.  Work of one thread is timed by the CPU time of that thread, what is
// compared runs alternately in this one process, and medians are reported.

#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "agents/bench_agents.h"

namespace sluice {

using Wanted = std::function<bool(const std::string& name)>;
using BenchNumbers = std::vector<BenchNumber>;

inline double clock_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
inline double thread_cpu_seconds() { return clock_seconds(CLOCK_THREAD_CPUTIME_ID); }
inline double wall_seconds() { return clock_seconds(CLOCK_MONOTONIC); }

/// Middle of an odd number of values.
double median(std::vector<double> values);

/// What one decision of the behavioural users under the Markov-modulated supply cannot do without, counted
/// in users/behavioural_users.cc, supply/live_streams.cc and sim/feed_observation.cc.
struct DecisionCounts {
  double shorts = 0, live = 0, sessions = 0;  // per decision: short videos, live streams shown, sessions begun
  int probes = 24;
  int observation_floats = 0;

  double blocks() const;    // of Threefry, two draws each
  double normals() const;   // the ziggurat beside its draw
  double exps() const;      // exp, exp2, pow, sine, cosine
  double products() const;  // multiply-adds of retrieval
};

/// ns of each, run from L1 in CPU time.
struct FloorParts {
  double blocks = 0, normals = 0, exps = 0, products = 0, bytes = 0;
  double total() const { return blocks + normals + exps + products + bytes; }
};
FloorParts measure_floor(const DecisionCounts& counts);

BenchNumbers bench_simulator(const Wanted& wanted);
BenchNumbers bench_request_log(const Wanted& wanted);
/// Simulate, act and learn: one update with batch 1024 per 2048 decisions; CPU time of one thread.
BenchNumbers bench_online(const Wanted& wanted);

}  // namespace sluice
