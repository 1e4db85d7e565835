// `sluice bench`: how fast things are, each beside the floor that bounds it, measured in the same
// process.  Machines are noisy: compare ratios.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <regex>

#include "agents/bench_agents.h"
#include "agents/blas_info.h"
#include "experiments/commands.h"
#include "experiments/policy_loop.h"
#include "experiments/progress.h"
#include "experiments/worlds.h"
#include "sim/distributions.h"

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

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
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) work();
    runs.push_back(1e9 * seconds_since(start) / calls);
  }
  std::nth_element(runs.begin(), runs.begin() + 3, runs.end());
  return runs[3];
}

// What one decision of the default world cannot do without, counted in the code of
// users/behavioural_users.cc and supply/markov_modulated_supply.cc for a page of 5.3 videos and half a
// live stream, run from L1.
double decision_floor_ns(std::size_t observation_bytes) {
  constexpr double kBlocks = 2 * 5.3 + 3 + 2 + 13 + 0.5 * 2;  // Threefry blocks of two draws
  constexpr double kNormals = 5.3 + 2 + 3 + 0.5;              // the ziggurat beside its draw
  constexpr double kExps = 5.3 + 2 + 5 + 5 + 4;               // exp, exp2, logistic
  constexpr double kProducts = 24 * kNumTopics;               // multiply-adds of retrieval
  std::uint64_t counter = 0;
  const double block = nanoseconds(2000000, [&] {
    keep(threefry2x64_R(13, {{counter++, 7}}, {{1, 2}}));
  });
  Rng rng = Seed{1}.stream(Purpose::kTest);
  const double draw = nanoseconds(2000000, [&] { keep(rng()); });
  const double normal_draw = nanoseconds(2000000, [&] { keep(normal(rng)); });
  float x = 0.1f;
  const double exponential_function = nanoseconds(2000000, [&] {
    x = x > 2 ? -1.0f : x + 0.01f;
    keep(std::exp(x));
  });
  std::array<float, 64 * kNumTopics> matrix;
  matrix.fill(0.5f);
  std::size_t row = 0;
  const double product = nanoseconds(200000, [&] {
    float sum = 0;
    row = (row + kNumTopics) % matrix.size();
    for (std::size_t i = 0; i < kNumTopics; ++i) sum += matrix[i] * matrix[row + i];
    keep(sum);
  }) / kNumTopics;
  std::vector<float> from(observation_bytes / 4, 1.0f), to(observation_bytes / 4);
  const double bytes = nanoseconds(200000, [&] {
    std::copy(from.begin(), from.end(), to.begin());
    keep(to[0]);
  });
  return kBlocks * block + kNormals * std::max(0.0, normal_draw - draw) + kExps * exponential_function +
         kProducts * product + bytes;
}

BenchNumber bench_simulator(int users) {
  FeedConfig feed;
  std::visit([&](auto& kind) { kind.count = users; }, feed.users);
  feed.burn_in.days = 0;
  Worlds worlds(1);
  const auto world = worlds.fork(feed, {users, 1});
  const auto agent = make_agent(RandomConfig{}, world->spec(), Seed{1});
  world->begin_phase({.days = 1, .observations = Observations::kBuild});
  const auto start = Clock::now();
  const std::int64_t decisions = run_policy(*world, *agent);
  const double rate = static_cast<double>(decisions) / seconds_since(start);
  const auto row_bytes = static_cast<std::size_t>(world->spec().schema.width) * sizeof(float);
  return {.name = fmt::format("simulator, random policy, observations built, {} users", users),
          .value = rate, .unit = "decisions/s/core", .floor = 1e9 / decision_floor_ns(row_bytes),
          .floor_name = "the model's draws, exp, products and bytes from L1"};
}

}  // namespace

int bench_command(const BenchOptions& options) {
  std::regex filter;
  try {
    filter = std::regex(options.filter);
  } catch (const std::regex_error& e) {
    throw usage_error("--filter " + options.filter + ": not a regular expression: " + e.what());
  }
  const BlasInfo blas = blas_info();
  note("BLAS: " + blas.name);
  if (blas.is_reference)
    note("warning: this is the reference BLAS, about 25 times slower: apt-get install libopenblas0-serial");
  std::vector<BenchNumber> numbers;
  const auto wanted = [&](const std::string& name) { return std::regex_search(name, filter); };
  for (const int users : {10000, 100000})
    if (wanted(fmt::format("simulator, random policy, observations built, {} users", users)))
      numbers.push_back(bench_simulator(users));
  // The learning side names its numbers itself; it is run unless the filter is about the simulator.
  if (wanted("sl_mgac") || wanted("dqn") || wanted("gemm") || wanted("updates_per_s") || wanted("us_per_decision"))
    for (BenchNumber& number : bench_agents())
      if (wanted(number.name)) numbers.push_back(std::move(number));
  if (options.format == "json") {
    fmt::print("[");
    for (std::size_t i = 0; i < numbers.size(); ++i)
      fmt::print("{}\n  {{\"name\": \"{}\", \"value\": {:.6g}, \"unit\": \"{}\", \"floor\": {:.6g}, \"floor_name\": \"{}\"}}",
                 i > 0 ? "," : "", numbers[i].name, numbers[i].value, numbers[i].unit, numbers[i].floor, numbers[i].floor_name);
    fmt::print("\n]\n");
    return 0;
  }
  fmt::print("{:<62} {:>12} {:<17} {:>10}  {}\n", "what", "measured", "unit", "of floor", "floor");
  for (const BenchNumber& n : numbers) {
    const std::string share = n.floor > 0 ? fmt::format("{:.2f}", n.value / n.floor) : "-";
    fmt::print("{:<62} {:>12.5g} {:<17} {:>10}  {}\n", n.name, n.value, n.unit, share,
               n.floor > 0 ? fmt::format("{:.5g}: {}", n.floor, n.floor_name) : "");
  }
  return 0;
}

}  // namespace sluice
