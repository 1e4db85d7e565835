#include "experiments/run.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "experiments/cmdp_file.h"
#include "sim/config_writer.h"
#include "tests/golden_cmdp.h"
#include "tests/same_results.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

std::string temporary(const std::string& name) {
  return (own_folder() / name).string();
}

void run_small(const std::string& agent, const std::string& out, int threads) {
  const ExperimentConfig config = parse_experiment(
      "seed: 5\nagent: " + agent +
          "\nenvironment: {users: {count: 300}, supply: {streamers: {count: 300}}, days: 2, burn_in: {days: 2}}\n"
          "train: {decisions: 20000, warmup_transitions: 2000, batch_size: 256, log_every_updates: 1}\n"
          "evaluate: {users: 600, days: 2, every_decisions: 10000, curve_users: 50}\n",
      "test");
  Worlds worlds(threads);
  run_experiment(config, worlds, {.out = out, .overwrite = Overwrite::kForce});
}

}  // namespace

TEST_CASE("run: the same config and seed give the same datasets, twice and with two threads") {
  std::vector<std::string> agents = {"{kind: threshold}"};
#if SLUICE_HAS_TORCH
  agents.emplace_back("{kind: sl_mgac}");
  agents.emplace_back("{kind: dqn}");
#endif
  for (const std::string& agent : agents) {
    CAPTURE(agent);
    run_small(agent, temporary("a.h5"), 1);
    run_small(agent, temporary("b.h5"), 1);
    run_small(agent, temporary("c.h5"), 2);
    check_same_results(temporary("a.h5"), temporary("b.h5"));
    check_same_results(temporary("a.h5"), temporary("c.h5"));
  }
  for (const char* name : {"a.h5", "b.h5", "c.h5"}) std::filesystem::remove(temporary(name));
}

TEST_CASE("run: a saved agent is evaluated again from its result file, with the same outcome") {
  std::string agent = "{kind: fatigue_threshold, slope_s: 4}";
#if SLUICE_HAS_TORCH
  agent = "{kind: sl_mgac, num_groups: 3}";
#endif
  run_small(agent, temporary("trained.h5"), 1);
  run_small("{from: " + temporary("trained.h5") + "}", temporary("again.h5"), 1);
  const ResultReader trained(temporary("trained.h5")), again(temporary("again.h5"));
  for (const char* column : {"live_watch_s", "app_usage_s"})
    CHECK(trained.read_table("/episodes").get<double>(column) == again.read_table("/episodes").get<double>(column));
  CHECK(again.integer("decisions") == 0);
  std::filesystem::remove(temporary("trained.h5"));
  std::filesystem::remove(temporary("again.h5"));
}

TEST_CASE("run: every rule that needs no columns of the feed runs on a tabular environment") {
  write_cmdp(golden_cmdp(), temporary("cmdp.h5"));
  for (const std::string agent : {"never", "always", "random", "interval"}) {
    CAPTURE(agent);
    const ExperimentConfig config = parse_experiment(
        "seed: 5\nagent: {kind: " + agent + "}\nenvironment: {kind: tabular, file: " + temporary("cmdp.h5") + "}\n", "test");
    Worlds worlds(1);
    run_experiment(config, worlds, {.out = temporary("rule.h5"), .overwrite = Overwrite::kForce});
    const ResultReader result(temporary("rule.h5"));
    const double exact = result.read_table("/evaluations").get<double>("return").back();
    if (agent == "never") CHECK(exact == 0);
    if (agent == "always") CHECK(exact == doctest::Approx(GoldenCmdp::kAlwaysReturn).epsilon(1e-9));
  }
  for (const char* name : {"cmdp.h5", "rule.h5"}) std::filesystem::remove(temporary(name));
}

TEST_CASE("run: never has no live watch, always has, and the constraints say so") {
  run_small("{kind: never}", temporary("never.h5"), 1);
  run_small("{kind: always}", temporary("always.h5"), 1);
  const ResultReader never(temporary("never.h5")), always(temporary("always.h5"));
  const auto sum = [](const ResultReader& file) {
    double total = 0;
    const Table daily = file.read_table("/daily");
    for (const double x : daily.get<double>("live_watch_s")) total += x;
    return total;
  };
  CHECK(sum(never) == 0);
  CHECK(sum(always) > 0);
  const Table constraints = never.read_table("/constraints");
  CHECK(constraints.num_rows() == 2);
  for (const auto violated : constraints.get<std::int64_t>("violated")) CHECK(violated == 0);
  for (const char* name : {"never.h5", "always.h5"}) std::filesystem::remove(temporary(name));
}

}  // namespace sluice
