// Bytes as a sweep file, with and without `--scale smoke`: every planned run has a name of its own that a file can
// have, and a configuration that reads back to itself.

#include <algorithm>
#include <cctype>
#include <set>

#include "experiments/sweep.h"
#include "sim/config_writer.h"
#include "tests/fuzz/fuzz.h"

using namespace sluice;

namespace {

constexpr std::size_t kRuns = 40;  // the promised 100 000 would take minutes

void check(const SweepPlan& plan) {
  std::set<std::string> files;
  fuzz::require(!plan.runs.empty() && plan.runs.size() <= kRuns, "some runs, and not too many",
                std::to_string(plan.runs.size()));
  for (const PlannedRun& run : plan.runs) {
    const std::string file = run.file();
    fuzz::require(files.insert(file).second, "a file of its own for each run", file);
    const bool plain =
        std::none_of(file.begin(), file.end(), [](unsigned char c) { return c == '/' || std::iscntrl(c); });
    fuzz::require(plain && file.size() < 255, "a file's name", file);
  }
  const std::string yaml = to_yaml(plan.runs.back().config);
  fuzz::require(to_yaml(parse_experiment(yaml, "the resolved config")) == yaml, "a run's config reads back to itself",
                yaml);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  fuzz::write_file("a.yaml", "{label: a, agent: {kind: never}}\n");
  fuzz::write_file("b.yaml", "{smoke: {base: {train: {decisions: 10}}, seeds: [1]}}\n");
  fuzz::write_file("sweep.yaml", fuzz::text_of(data, size));
  for (const char* scale : {"", "smoke"}) {
    try {
      check(plan_sweep("sweep.yaml", {}, scale, kRuns));
    } catch (const UserError&) {
    }
  }
  for (const std::size_t parts : {size / 2, size}) try {
      const SweepPlan plan{.runs = std::vector<PlannedRun>(parts % 7)};
      runs_of(plan, Shard::parse(fuzz::text_of(data, parts)));
    } catch (const UserError&) {
    }
  return 0;
}
