// What a sweep file says, and what its folder is believed to hold.
#include "experiments/sweep.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "experiments/durable_file.h"
#include "experiments/progress.h"
#include "experiments/result_file.h"
#include "experiments/sweep_folder.h"
#include "experiments/sweep_status.h"
#include "experiments/sweep_workers.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::string sweep_file(const std::string& text) {
  const std::string path = own_folder() / "sweep_test.yaml";
  std::ofstream(path) << text;
  return path;
}

std::vector<std::string> names_of(const SweepPlan& plan) {
  std::vector<std::string> names;
  for (const PlannedRun& run : plan.runs) names.push_back(run.name);
  return names;
}

}  // namespace

TEST_CASE("sweep: an axis with a condition applies where the run meets it, and nowhere else") {
  const std::string path = sweep_file(
      "axes:\n  agent.kind: [never, threshold]\n  agent.threshold_s: {values: [1, 2], when: {agent.kind: threshold}}\n"
      "  evaluate.days: {values: [3, 4], when: {environment.scenario: myopic}}\nseeds: [1]\n");  // a default counts too
  CHECK(names_of(plan_sweep(path, {})) ==
        std::vector<std::string>{"never-kind-never-seed1", "threshold-kind-threshold-threshold_s-1-seed1", "threshold-kind-threshold-threshold_s-2-seed1"});
  const SweepPlan plan = plan_sweep(path, {});
  REQUIRE(plan.notes.size() == 1);
  CHECK(plan.notes[0].find("when.environment.scenario: no run is like this: the axis evaluate.days is left out") != std::string::npos);
  const SweepPlan slip = plan_sweep(sweep_file("axes: {evaluate.days: {values: [1], when: {agent.knid: never}}}\nseeds: [1]\n"), {});
  REQUIRE(slip.notes.size() == 1);
  CHECK(slip.notes[0].find("when.agent.knid: no run has such a field") != std::string::npos);
  CHECK(plan_sweep(sweep_file("axes: {evaluate.users: {values: [7], when: {evaluate.days: 2.0}}}\nbase: {evaluate: {days: 2}}\nseeds: [1]\n"), {}).notes.empty());
  CHECK_THROWS_WITH_AS(plan_sweep(sweep_file("axes: {seed: {values: [1], when: {agnet: never}}}\n"), {}), doctest::Contains("no such field"), UserError);
  CHECK_THROWS_WITH_AS(plan_sweep(sweep_file("axes: {seed: {value: [1]}}\n"), {}), doctest::Contains("did you mean `values`"), UserError);
}

TEST_CASE("sweep: samples lie in their ranges, and neither more samples nor another axis changes them") {
  const auto drawn = [](const std::string& samples) {
    std::vector<double> lambda;
    for (const PlannedRun& run : plan_sweep(sweep_file("base: {agent: {kind: threshold}}\nsamples: {" + samples + "}\nseeds: [1]\n"), {}).runs)
      lambda.push_back(std::get<ThresholdConfig>(run.config.agent).lagrange_multiplier);
    return lambda;
  };
  const std::string axis = "agent.lagrange_multiplier: {log_uniform: [0.01, 1]}";
  const auto few = drawn("count: 20, seed: 7, axes: {" + axis + "}"), many = drawn("count: 400, seed: 7, axes: {evaluate.days: {integer: [1, 3]}, " + axis + "}");
  REQUIRE(many.size() == 400);
  CHECK(few == std::vector<double>(many.begin(), many.begin() + 20));
  CHECK(few != drawn("count: 20, seed: 8, axes: {" + axis + "}"));
  int low = 0;
  for (const double x : many) {
    CHECK(x >= 0.01);
    CHECK(x <= 1);
    low += x < 0.1 ? 1 : 0;
  }
  CHECK(std::abs(low - 200) < 50);  // half of a logarithm's range; 5 standard deviations
  std::set<int> days;
  for (const PlannedRun& run : plan_sweep(sweep_file("samples: {count: 50, seed: 1, axes: {evaluate.days: {integer: [2, 4]}}}\nbase: {agent: {kind: never}, seed: 1}\n"), {}).runs)
    days.insert(run.config.evaluate.days);
  CHECK(days == std::set<int>{2, 3, 4});
  CHECK_THROWS_WITH_AS(plan_sweep(sweep_file("samples: {count: 2, seed: 1, axes: {evaluate.days: {uniform: [4, 2]}}}\n"), {}), doctest::Contains("not below"), UserError);
  CHECK_THROWS_WITH_AS(plan_sweep(sweep_file("samples: {count: 2, seed: 1, axes: {a: {log_uniform: [0, 2]}}}\n"), {}), doctest::Contains("above 0"), UserError);
  CHECK_THROWS_WITH_AS(plan_sweep(sweep_file("samples: {count: 2, axes: {a: {choice: [0, 2]}}}\n"), {}), doctest::Contains("samples.seed"), UserError);
}

TEST_CASE("sweep: a scale is laid over the sweep, and one must be named") {
  const std::string path = sweep_file(
      "base: {agent: {kind: never}, evaluate: {days: 7, users: 100}}\nseeds: [1, 2, 3]\n"
      "scales: {smoke: {base: {evaluate: {users: 5}}, seeds: [9]}, paper: {}}\n");
  const SweepPlan smoke = plan_sweep(path, {}, "smoke");
  REQUIRE(smoke.runs.size() == 1);
  CHECK(smoke.runs[0].config.seed == 9);
  CHECK(smoke.runs[0].config.evaluate.users == 5);
  CHECK(smoke.runs[0].config.evaluate.days == 7);
  CHECK(plan_sweep(path, {}, "paper").runs.size() == 3);
  CHECK(plan_sweep(path, {"evaluate.users=6"}, "smoke").runs[0].config.evaluate.users == 6);
  CHECK_THROWS_WITH_AS(plan_sweep(path, {}), doctest::Contains("--scale smoke or --scale paper"), UserError);
  CHECK_THROWS_WITH_AS(plan_sweep(path, {}, "large"), doctest::Contains("no scale `large`"), UserError);
  CHECK_THROWS_WITH_AS(plan_sweep(sweep_file("seeds: [1]\n"), {}, "smoke"), doctest::Contains("no `scales`"), UserError);
}

TEST_CASE("sweep: a field is swept once, and --set does not change what is swept") {
  CHECK_THROWS_WITH_AS(plan_sweep(sweep_file("axes: {seed: [1, 2]}\nseeds: [3, 4]\n"), {}), doctest::Contains("both swept"), UserError);
  CHECK_THROWS_WITH_AS(plan_sweep(sweep_file("axes: {agent: [{kind: never}], agent.threshold_s: [1]}\nseeds: [1]\n"), {}), doctest::Contains("both swept"), UserError);
  const std::string path = sweep_file("base: {agent: {kind: never}}\naxes: {evaluate.users: [10, 20]}\nseeds: [1]\n");
  CHECK_THROWS_WITH_AS(plan_sweep(path, {"evaluate.users=15"}), doctest::Contains("sweeps evaluate.users"), UserError);
  CHECK_THROWS_WITH_AS(plan_sweep(path, {"evaluate={users: 15}"}), doctest::Contains("sweeps evaluate.users"), UserError);
  CHECK(plan_sweep(path, {"evaluate.days=3"}).runs.size() == 2);
}

TEST_CASE("sweep: every run is in exactly one shard, and a run's file name follows its configuration") {
  const SweepPlan plan = plan_sweep(sweep_file("base: {agent: {kind: never}}\nseeds: [1, 2, 3, 4, 5, 6, 7]\n"), {});
  std::multiset<std::string> all;
  for (const char* shard : {"0/3", "1/3", "2/3"})
    for (const PlannedRun& run : runs_of(plan, Shard::parse(shard))) all.insert(run.name);
  CHECK(all.size() == 7);
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 7);
  const SweepPlan changed = plan_sweep(sweep_file("base: {agent: {kind: never}, evaluate: {days: 6}}\nseeds: [1, 2, 3, 4, 5, 6, 7]\n"), {});
  CHECK(plan.runs[0].name == changed.runs[0].name);
  CHECK(plan.runs[0].file() != changed.runs[0].file());
  CHECK(plan.hash != changed.hash);
  for (const char* wrong : {"3/3", "-1/3", "1", "1/0", "1/3x", "a/b", ""}) CHECK_THROWS_AS(Shard::parse(wrong), UserError);
}

TEST_CASE("sweep folder: the list of finished runs is believed only of files that have not changed") {
  const fs::path dir = own_folder() / "folder_test";
  const SweepPlan plan = plan_sweep(sweep_file("base: {agent: {kind: never}}\nseeds: [1, 2]\n"), {});
  const PlannedRun& run = plan.runs[0];
  SweepFolder folder(dir);
  folder.make();
  CHECK(folder.state(run) == RunState::kOpen);
  std::ofstream(folder.file(run) + ".ckpt") << "x";
  CHECK(folder.state(run) == RunState::kInterrupted);
  const auto write = [&](const std::string& hash) {
    ResultWriter writer(folder.file(run), Overwrite::kForce);
    writer.set_attribute("config_hash", hash);
    writer.write_config("seed: 1\n");
    writer.commit();
  };
  write(run.hash);
  CHECK(folder.state(run) == RunState::kDone);
  folder.save_list();
  CHECK(SweepFolder(dir).state(run) == RunState::kDone);
  write("0123456789abcdef");  // a later time of change: looked at again
  CHECK_THROWS_WITH_AS(SweepFolder(dir).state(run), doctest::Contains("config_hash"), UserError);
  write(run.hash);
  fs::resize_file(folder.file(run), fs::file_size(folder.file(run)) - 100);
  CHECK_THROWS_WITH_AS(SweepFolder(dir).state(run), doctest::Contains(run.file().c_str()), UserError);
  std::ofstream(dir / ".sweep/finished.tsv") << "nonsense\tx\n" << run.file() << "\t1\t2\n\n";  // harmless
  write(run.hash);
  CHECK(SweepFolder(dir).state(run) == RunState::kDone);
}

TEST_CASE("sweep folder: what dead processes left is swept up, what belongs to others stays") {
  const fs::path dir = own_folder() / "sweep_up_test";
  const SweepPlan plan = plan_sweep(sweep_file("base: {agent: {kind: never}}\nseeds: [1, 2]\n"), {});
  SweepFolder folder(dir);
  folder.make();
  const std::string mine = folder.file(plan.runs[0]), other = folder.file(plan.runs[1]);
  pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  const std::string stale = mine + "." + host_name() + "-" + std::to_string(dead) + ".partial";
  const std::string alive = mine + "." + host_name() + "-" + std::to_string(getpid()) + ".partial";
  const std::string elsewhere = mine + ".another-host-1.partial", foreign = (dir / "notes.h5.x-1.partial").string();
  for (const std::string& file : {stale, alive, elsewhere, foreign, mine, mine + ".ckpt", other + ".ckpt"}) std::ofstream(file) << "x";
  folder.sweep_up(plan.runs);
  CHECK_FALSE(fs::exists(stale));
  CHECK_FALSE(fs::exists(mine + ".ckpt"));  // its run is finished
  for (const std::string& file : {alive, elsewhere, foreign, mine, other + ".ckpt"}) CHECK(fs::exists(file));
  CHECK(folder.strangers({plan.runs[1]}) == std::vector<std::string>{plan.runs[0].file()});
}

TEST_CASE("sweep status: what is written is read again, and a shard whose process is gone is lost") {
  const std::string path = own_folder() / "status.json";
  ShardStatus status = {.state = "running", .sweep = "a \"b\".yaml", .plan = "0123", .shard = {1, 4}, .host = host_name(), .engine = "slurm", .job = "7_1",
                        .pid = getpid(), .restarts = 2, .started = 10, .heartbeat = 20.5, .total = 9, .done = 3, .done_before = 1, .failed = 1, .jobs = 2,
                        .seconds_left = 61, .running = {{.name = "r", .phase = "training", .unit = "decisions", .done = 5, .total = 10, .seconds = 3}},
                        .errors = {"disk\nfull"}};
  std::ofstream(path) << to_json(status);
  const ShardStatus read = read_status(path);
  CHECK(to_json(read) == to_json([&] {
    ShardStatus plain = status;
    plain.errors = {"disk full"};  // one line each
    return plain;
  }()));
  CHECK(read.is_lost());  // the process is there, but no heart has beaten since 1970: it has another's number
  status.heartbeat = static_cast<double>(std::time(nullptr));
  CHECK_FALSE(status.is_lost());
  status.pid = 999999999;
  CHECK(status.is_lost());
  status.state = "done";
  CHECK_FALSE(status.is_lost());
  std::ofstream(path) << "{\"state\": 3}";
  CHECK_THROWS_AS(read_status(path), UserError);
}

TEST_CASE("sweep workers: exit codes, signals, progress and messages reach the parent") {
  Workers workers;
  workers.start(3, [] { return 65; });
  workers.start(4, [] {
    raise(SIGKILL);
    return 0;
  });
  std::vector<Workers::Ended> ended;
  while (!workers.running().empty())
    for (const auto& end : workers.wait(std::chrono::seconds(10), Workers::Heeds::kNothing)) ended.push_back(end);
  REQUIRE(ended.size() == 2);
  for (const auto& end : ended) {
    CHECK(end.exit_code == (end.run == 3 ? 65 : 0));
    CHECK(end.signal == (end.run == 4 ? SIGKILL : 0));
    CHECK(end.peak_bytes > 1e5);
  }
  workers.start(5, [] {
    Progress progress("name: training", 100, "steps");
    progress.set(0);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    progress.set(40);
    note("hello\nthere");
    pause();
    return 0;
  });
  std::vector<std::string> notes;
  while (notes.empty()) {
    workers.wait(std::chrono::seconds(10), Workers::Heeds::kNothing);
    notes = workers.take_notes();
  }
  CHECK(notes == std::vector<std::string>{"hello there"});
  REQUIRE(workers.running().size() == 1);
  const Workers::Running& worker = workers.running()[0];
  CHECK(worker.phase == "training");
  CHECK(worker.done == 40);
  CHECK(worker.total == 100);
  workers.signal_all(SIGTERM);  // pause() ends with any signal, and the worker with it
  ended = workers.wait(std::chrono::seconds(10), Workers::Heeds::kNothing);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].exit_code == 0);
}

}  // namespace sluice
