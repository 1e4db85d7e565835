#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "experiments/experiment_config.h"
#include "experiments/sweep.h"
#include "tests/own_folder.h"

namespace sluice {

TEST_CASE("config files: every YAML that ships is a run, a sweep, a scenario, or a part of one that reads") {
  int runs = 0, sweeps = 0, scaled = 0, parts = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SLUICE_SOURCE_DIR "/experiments/configs")) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string path = entry.path().string();
    CAPTURE(path);
    if (entry.path().parent_path().filename() == "scenarios") {
      CHECK_NOTHROW(parse_experiment("seed: 1\nenvironment: {scenario: " + path + "}\n", "x"));
      ++parts;
    } else if (const ConfigNode node = load_config_file(path); node.find("smoke")) {
      ++parts;  // scales: read with the sweeps that include them
    } else if (node.find("scales")) {
      CHECK(plan_sweep(path, {}, "smoke").runs.size() > 1);
      CHECK(plan_sweep(path, {}, "paper").runs.size() >= 5 * plan_sweep(path, {}, "smoke").runs.size());
      ++scaled;
    } else if (node.find("cases") || node.find("axes") || node.find("base")) {
      CHECK(plan_sweep(path, {}).runs.size() > 1);
      ++sweeps;
    } else {
      CHECK_NOTHROW(load_experiment(path, {}, 1));
      ++runs;
    }
  }
  CHECK(runs >= 2);
  CHECK(sweeps >= 2);
  CHECK(scaled >= 8);
  CHECK(parts == 4);
}

TEST_CASE("sweep: cases, axes, zip and seeds multiply, and every run has a name of its own") {
  const auto file = own_folder() / "sweep.yaml";
  std::ofstream(file) << "base: {evaluate: {users: 10}}\n"
                         "cases: [{label: a, agent: {kind: never}}, {label: b, agent: {kind: always}}]\n"
                         "axes: {evaluate.days: [1, 2]}\n"
                         "zip: {seed: [1, 2, 3], evaluate.seed: [11, 12, 13]}\n";
  const auto runs = plan_sweep(file.string(), {"environment.days=5"}).runs;
  REQUIRE(runs.size() == 12);
  CHECK(runs[0].name == "a-days-1-seed1");
  CHECK(runs[11].name == "b-days-2-seed3");
  CHECK(runs[11].config.evaluate.seed == 13);
  CHECK(runs[11].config.evaluate.users == 10);
  CHECK(std::get<FeedConfig>(runs[0].config.environment).days == 5);
  std::ofstream(file) << "zip: {seed: [1, 2], evaluate.seed: [11]}\n";
  CHECK_THROWS_WITH_AS(plan_sweep(file.string(), {}), doctest::Contains("change together"), UserError);
  std::ofstream(file) << "cases: [{agent: {kind: never}}, {agent: {kind: never}}]\nseeds: [1]\n";
  CHECK_THROWS_WITH_AS(plan_sweep(file.string(), {}), doctest::Contains("different labels"), UserError);
  std::ofstream(file) << "seads: [1]\n";
  CHECK_THROWS_WITH_AS(plan_sweep(file.string(), {}), doctest::Contains("did you mean `seeds`"), UserError);
  std::filesystem::remove(file);
}

}  // namespace sluice
