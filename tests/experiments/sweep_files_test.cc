// The files that a sweep reads: its own, and those in its folder, which anything may have happened to.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "experiments/sweep.h"
#include "experiments/sweep_status.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

std::string plan_error(const std::string& yaml, std::size_t max_runs = kMaxRuns) {
  const auto file = own_folder() / "planned.yaml";
  std::ofstream(file) << yaml;
  try {
    plan_sweep(file.string(), {}, "", max_runs);
  } catch (const UserError& e) {
    CHECK(e.code() == ExitCode::kData);
    return e.what();
  }
  return "no error";
}

std::string ten_values() { return "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"; }

ShardStatus some_status() {
  return {.state = "running",
          .sweep = "a \"b\" \\c",
          .plan = "0123456789abcdef",
          .shard = {1, 4},
          .host = "é",
          .pid = 12,
          .started = 1.5,
          .total = 7,
          .done = 3,
          .running = {{.name = "x", .phase = "y", .unit = "z", .done = 5, .total = 9000000000000}},
          .errors = {"one"}};
}

}  // namespace

TEST_CASE("sweep: a file that a run reads is part of what the run is: missing 65, changed another run") {
  const std::string trace = own_folder() / "streams.csv";
  const std::string sweep = "base: {agent: {kind: random}, environment: {supply: {kind: trace, file: " + trace + "}}}\nseeds: [1]\n";
  CHECK(plan_error(sweep).find(trace + ": a run reads this file, and it does not exist") != std::string::npos);
  std::ofstream(trace) << "streamer,start_s,end_s\n1,0,900\n";
  const std::string path = own_folder() / "planned.yaml";
  std::ofstream(path) << sweep;
  const std::string before = plan_sweep(path, {}).runs.at(0).file();
  CHECK(plan_sweep(path, {}).runs.at(0).file() == before);
  std::ofstream(trace) << "streamer,start_s,end_s\n1,0,901\n";
  CHECK(plan_sweep(path, {}).runs.at(0).file() != before);
  std::ofstream(path) << "base: {agent: {kind: random}, environment: {supply: {kind: trace, file: /dev/zero}}}\nseeds: [1]\n";
  CHECK_THROWS_WITH_AS(plan_sweep(path, {}), doctest::Contains("it is no file"), UserError);
}

TEST_CASE("sweep: values that are there twice, an axis without values and halves of a whole number are errors") {
  CHECK(plan_error("base: {agent: {kind: never}}\nseeds: [1, 2, 1]\n").find("1 is there twice") != std::string::npos);
  CHECK(plan_error("axes: {evaluate.days: [1.0, 2, 1]}\nseeds: [1]\n").find("1 is there twice, as 1.0") != std::string::npos);
  CHECK(plan_error("samples: {count: 2, seed: 1, axes: {}}\nseeds: [1]\n").find("there is none") != std::string::npos);
  CHECK(plan_error("samples: {count: 2, seed: 1, axes: {evaluate.days: {integer: [1, 2.5]}}}\nseeds: [1]\n").find("two whole numbers") != std::string::npos);
  CHECK(plan_error("scales: {}\nseeds: [1]\n").find("scales: there is none") != std::string::npos);
}

TEST_CASE("sweep: what changes together is in the label, but for seeds") {
  const std::string path = own_folder() / "planned.yaml";
  std::ofstream(path) << "base: {agent: {kind: threshold}}\nzip: {seed: [1, 2], evaluate.days: [3, 4]}\n";
  const SweepPlan plan = plan_sweep(path, {});
  CHECK(plan.runs.at(0).config.label == "threshold-seed1-days-3");
  CHECK(plan.runs.at(1).config.label == "threshold-seed2-days-4");
  std::ofstream(path) << "base: {agent: {kind: threshold}}\nzip: {seed: [1, 2], evaluate.seed: [3, 4]}\n";
  CHECK(plan_sweep(path, {}).runs.at(1).config.label == "threshold");
  CHECK(plan_sweep(path, {}).runs.at(1).name == "threshold-seed2");
}

TEST_CASE("sweep: more than 100 000 runs are an error before the first one is read") {
  std::string axes;
  for (const char* path : {"a", "b", "c", "d", "e", "f"})
    axes += std::string(axes.empty() ? "" : ", ") + path + ": " + ten_values();
  CHECK(plan_error("axes: {" + axes + "}\n").find("more than 100000 runs") != std::string::npos);
  CHECK(plan_error("samples: {count: 1e6, seed: 1, axes: {train.epsilon: {uniform: [0, 1]}}}\n")
            .find("more than 100000 runs") != std::string::npos);
  CHECK(plan_error("base: {seed: 1}\nsamples: {count: 5, seed: 1, axes: {train.epsilon: {uniform: [0, 1]}}}\n", 5) ==
        "no error");
  std::string single;
  for (int i = 0; i < 30000; ++i) single += (i > 0 ? ", a" : "a") + std::to_string(i) + ": [1]";
  CHECK(plan_error("axes: {" + single + "}\n").find("30000 axes") != std::string::npos);
  std::string drawn;
  for (int i = 0; i < 1000; ++i) drawn += (i > 0 ? ", a" : "a") + std::to_string(i) + ": {uniform: [0, 1]}";
  CHECK(plan_error("samples: {count: 1e5, seed: 1, axes: {" + drawn + "}}\n").find("more than 1 000 000 values") !=
        std::string::npos);
  // Conditions are known only with the run.
  const std::string conditional =
      "seeds: " + ten_values() + "\naxes: {evaluate.days: {values: [1, 2], when: {agent.kind: sl_mgac}}}\n";
  CHECK(plan_error("base: {agent: {kind: never}}\n" + conditional, 10) == "no error");
  CHECK(plan_error("base: {agent: {kind: sl_mgac}}\n" + conditional, 19).find("more than 19 runs") !=
        std::string::npos);
}

TEST_CASE("sweep: what cannot be a run's file name, or makes no run, is an error of the sweep") {
  CHECK(plan_error("zip: {}\n").find("zip: expected") != std::string::npos);
  CHECK(plan_error(
            "base: {seed: 1, environment: {supply: {kind: trace}}}\naxes: {environment.supply.file: [\"a\\nb\"]}\n")
            .find("no control characters") != std::string::npos);
  CHECK(plan_error("seeds: [1]\nzip: {environment.supply.file: [" + std::string(200, 'x') +
                   "]}\nbase: {environment: {supply: {kind: trace}}}\n")
            .find("too long for a file") != std::string::npos);
  CHECK(plan_error(
            "base: {seed: 1, agent: {kind: dqn, multiplier: {kind: fixed}}}\naxes: {agent.multiplier.cost/x: [1]}\n") ==
        "no error");  // cost_x
  CHECK(plan_error("seeds: [1]\naxes: {train.epsilon: {values: [0.1], when: {agent.kind: [dqn]}}}\n")
            .find("when.agent.kind: expected a text") != std::string::npos);
  std::string path = "a";
  for (int i = 0; i < 100; ++i) path += ".a";
  CHECK(plan_error("axes: {" + path + ": [1]}\n").find("more than 64 parts") != std::string::npos);
}

TEST_CASE("sweep: a shard is two whole numbers, whatever they are") {
  CHECK(Shard::parse("3/4").index == 3);
  for (const char* text : {"", "/", "1", "1/", "/2", "2/2", "-1/2", "0/0", " 0/1", "0/1 ", "0/99999999999",
                           "99999999999/1", "0x1/2", "1.0/2"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Shard::parse(text), UserError);
  }
}

TEST_CASE("sweep status: what is written reads back, and a number that no status holds is an error") {
  const std::string path = (own_folder() / "status.json").string(), json = to_json(some_status());
  std::ofstream(path) << json;
  CHECK(to_json(read_status(path)) == json);
  const auto error_with = [&](const std::string& from, const std::string& to) {
    std::string text = json;
    text.replace(text.find(from), from.size(), to);
    std::ofstream(path) << text;
    try {
      read_status(path);
    } catch (const UserError& e) {
      CHECK(e.code() == ExitCode::kData);
      return std::string(e.what());
    }
    return std::string("no error");
  };
  CHECK(error_with("\"total\": 7", "\"total\": 1e300").find("out of range") != std::string::npos);
  CHECK(error_with("\"pid\": 12", "\"pid\": 1e30").find("out of range") != std::string::npos);
  CHECK(error_with("\"done\": 3", "\"done\": -3").find("out of range") != std::string::npos);
  CHECK(error_with("\"1/4\"", "\"5/4\"").find("shard") != std::string::npos);
  CHECK(error_with("\"plan\"", "\"plam\"").find("plan: missing") != std::string::npos);
  CHECK(error_with("\"host\": \"é\"", "\"host\": [1]").find("expected a text") != std::string::npos);
}

}  // namespace sluice
