// `sluice bench`: how fast things are, each beside the floor that bounds it, measured in the same
// process.  Machines are noisy: compare ratios.

#include <fmt/format.h>

#include <regex>

#include "agents/blas_info.h"
#include "experiments/bench_parts.h"
#include "experiments/commands.h"
#include "experiments/progress.h"
#include "sim/check.h"

namespace sluice {
namespace {

void print_json(const BenchNumbers& numbers) {
  fmt::print("[");
  for (std::size_t i = 0; i < numbers.size(); ++i)
    fmt::print("{}\n  {{\"name\": \"{}\", \"value\": {:.6g}, \"unit\": \"{}\", \"floor\": {:.6g}, \"floor_name\": \"{}\"}}",
               i > 0 ? "," : "", numbers[i].name, numbers[i].value, numbers[i].unit, numbers[i].floor, numbers[i].floor_name);
  fmt::print("\n]\n");
}

void print_text(const BenchNumbers& numbers) {
  fmt::print("{:<84} {:>12} {:<17} {:>10}  {}\n", "what", "measured", "unit", "of floor", "floor");
  for (const BenchNumber& n : numbers) {
    const std::string share = n.floor > 0 ? fmt::format("{:.2f}", n.value / n.floor) : "-";
    fmt::print("{:<84} {:>12.5g} {:<17} {:>10}  {}\n", n.name, n.value, n.unit, share,
               n.floor > 0 ? fmt::format("{:.5g}: {}", n.floor, n.floor_name) : "");
  }
}

}  // namespace

int bench_command(const BenchOptions& options) {
  std::regex filter;
  try {
    filter = std::regex(options.filter);
  } catch (const std::regex_error& e) {
    throw usage_error("--filter " + options.filter + ": not a regular expression: " + e.what());
  }
  const BlasInfo& blas = blas_info();
  note("BLAS: " + blas.text());
  if (blas.is_reference)
    note("warning: this is the reference BLAS, about 25 times slower: apt-get install libopenblas0-serial");
  note("one thread's work is timed by its CPU time, comparisons alternate, medians of repetitions");
  const Wanted wanted = [&](const std::string& name) {
    // What takes minutes and gigabytes is asked for by name.
    if (name.starts_with("huge") && options.filter.find("huge") == std::string::npos) return false;
    return std::regex_search(name, filter);
  };
  BenchNumbers numbers = bench_simulator(wanted);
  for (BenchNumber& number : bench_request_log(wanted)) numbers.push_back(std::move(number));
  for (BenchNumber& number : bench_online(wanted)) numbers.push_back(std::move(number));
  // The learning side names its numbers itself; it is run unless the filter is about the simulator.
  if (wanted("sl_mgac") || wanted("dqn") || wanted("gemm") || wanted("updates_per_s") || wanted("us_per_decision") || wanted("student"))
    for (BenchNumber& number : bench_agents())
      if (wanted(number.name)) numbers.push_back(std::move(number));
  if (options.format == "json")
    print_json(numbers);
  else
    print_text(numbers);
  return 0;
}

}  // namespace sluice
