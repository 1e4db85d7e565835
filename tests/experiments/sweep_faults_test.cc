// Sweeps that are killed, stopped, doubled, or run out of disk: nothing finished is lost, nothing is done twice.
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <thread>

#include "experiments/sweep.h"
#include "experiments/sweep_folder.h"
#include "experiments/sweep_status.h"
#include "tests/own_folder.h"
#include "tests/processes.h"
#include "tests/same_results.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

const std::string kFeed =
    "environment: {users: {count: 200}, supply: {streamers: {count: 100}}, days: 30, burn_in: {days: 1}}\n"
    "  evaluate: {users: 50, days: 1, every_decisions: 8000, curve_users: 20}\n"
    "  train: {decisions: 20000, warmup_transitions: 1000, batch_size: 64, decisions_per_update: 512}\n";

// A sweep of four rules or, in a build that has learners, two of each, times `seeds`.
std::string write_sweep(const std::string& name, int seeds) {
  const std::string path = own_folder() / name;
  std::ofstream out(path);
  out << "base:\n  " << kFeed << "cases:\n  - {agent: {kind: never}}\n  - {agent: {kind: threshold}}\n"
      << (SLUICE_HAS_TORCH ? "  - {agent: {kind: dqn}}\n  - {agent: {kind: sl_mgac, num_groups: 2}}\n" : "  - {agent: {kind: always}}\n  - {agent: {kind: random}}\n")
      << "seeds: [";
  for (int seed = 1; seed <= seeds; ++seed) out << (seed > 1 ? ", " : "") << seed;
  out << "]\n";
  return path;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::istringstream pids(text_of("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children"));
  std::vector<pid_t> children;
  for (pid_t pid; pids >> pid;) children.push_back(pid);
  return children;
}

// Finished results of a folder: file → inode and time of change.
std::map<std::string, std::pair<ino_t, std::int64_t>> results_in(const std::string& folder) {
  std::map<std::string, std::pair<ino_t, std::int64_t>> results;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    struct stat info {};
    if (entry.path().extension() == ".h5" && ::stat(entry.path().c_str(), &info) == 0)
      results[entry.path().filename().string()] = {info.st_ino, info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec};
  }
  return results;
}

// The estimate of a metric in the table of `compare --format csv`: agent, runs, metric, unit, estimate, …
double compared(const std::string& table, const std::string& metric) {
  std::istringstream rows(table);
  for (std::string row; std::getline(rows, row);) {
    std::istringstream cells(row);
    std::vector<std::string> values;
    for (std::string value; std::getline(cells, value, ',');) values.push_back(value);
    if (values.size() > 4 && values[2] == metric) return std::stod(values[4]);
  }
  FAIL("no such metric: ", metric);
  return 0;
}

void check_same_folders(const std::string& a, const std::string& b, std::size_t count) {
  const auto left = results_in(a);
  CHECK(left.size() == count);
  for (const auto& [file, stamp] : left) check_same_results(a + "/" + file, b + "/" + file);
}

// How long ago each running worker last had something that a kill cannot take: its checkpoint, or its start, s.
double longest_loss(const std::string& folder) {
  const auto age = [](const fs::path& file) -> std::optional<double> {
    struct stat info {};
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (::stat(file.c_str(), &info) != 0) return {};
    return static_cast<double>(now.tv_sec - info.st_mtim.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec - info.st_mtim.tv_nsec);
  };
  double longest = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const std::size_t end = name.find(".h5.");
    if (end == std::string::npos || !name.ends_with(".partial") || name.find(".ckpt") != std::string::npos) continue;
    const auto started = age(entry.path()), kept = age(folder + "/" + name.substr(0, end + 3) + ".ckpt");
    if (started) longest = std::max(longest, kept ? std::min(*started, *kept) : *started);
  }
  return longest;
}

}  // namespace

TEST_SUITE("slow") {
TEST_CASE("sweep: 48 runs, workers or the parent killed with -9 at 20 random times: all complete, none twice, every dataset as undisturbed") {
  const std::string sweep = write_sweep("killed.yaml", 12), whole = own_folder() / "whole", parts = own_folder() / "parts", log = own_folder() / "killed.log";
  REQUIRE(exit_of(start_program({"sweep", "run", sweep, "--out", whole, "--jobs", "2"}, log)) == 0);
  std::mt19937 random(20250101);  // of the test, not of the program
  int worker_kills = 0, parent_kills = 0, trials = 0, changed = 0;
  double lost = 0;
  std::map<std::string, std::pair<ino_t, std::int64_t>> finished;
  const auto look = [&] {  // a finished run that changes was run again
    for (const auto& [file, stamp] : results_in(parts)) {
      const auto [known, is_new] = finished.emplace(file, stamp);
      if (!is_new && known->second != stamp) ++changed;
    }
  };
  for (bool complete = false; !complete && trials < 200; ++trials) {
    const pid_t parent = start_program({"sweep", "run", sweep, "--out", parts, "--jobs", "2", "--checkpoint-minutes", "0.005"}, log);
    int code = 0;
    if (worker_kills + parent_kills < 20) {
      // At a random time, or, on a fast machine, before so much is done that less than 20 kills would find a run.
      const auto kill_at = Clock::now() + std::chrono::milliseconds(500 + random() % 1500);
      const std::size_t most_done = 46u * static_cast<std::size_t>(worker_kills + parent_kills + 1) / 20;
      while (Clock::now() < kill_at && results_in(parts).size() < most_done) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const std::vector<pid_t> workers = children_of(parent);
      const bool hits_worker = random() % 2 == 0 && !workers.empty();
      lost = std::max(lost, longest_loss(parts));
      if (waitpid(parent, nullptr, WNOHANG) != 0) continue;  // it was through before the kill
      kill(hits_worker ? workers[random() % workers.size()] : parent, SIGKILL);
      (hits_worker ? worker_kills : parent_kills) += 1;
      if (hits_worker) {  // the others go on; stop here so that the next trial comes soon
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        kill(parent, SIGTERM);
      }
      code = exit_of(parent);
      CHECK((hits_worker ? code == 75 || code == 0 : code == -SIGKILL));
    } else {
      code = exit_of(parent);
      CHECK(code == 0);
      complete = true;
    }
    look();
  }
  CHECK(worker_kills + parent_kills >= 20);
  CHECK(changed == 0);
  check_same_folders(whole, parts, 48);
  std::size_t left_over = 0;
  for (const auto& entry : fs::directory_iterator(parts)) left_over += entry.path().extension() == ".h5" || entry.is_directory() ? 0 : 1;
  CHECK(left_over == 0);
  MESSAGE("trials ", trials, ": workers killed ", worker_kills, ", parents killed ", parent_kills, ", finished runs repeated ", changed,
          "; longest time since a run's checkpoint or start at a kill ", lost, " s, checkpoints every 0.3 s");
}

TEST_CASE("sweep: SIGTERM ends it with 75, and it goes on from there") {
  const std::string sweep = write_sweep("stopped.yaml", 12), out = own_folder() / "stopped", log = own_folder() / "stopped.log";
  const std::vector<std::string> arguments = {"sweep", "run", sweep, "--out", out, "--jobs", "2", "--checkpoint-minutes", "0"};
  const pid_t parent = start_program(arguments, log);
  for (int i = 0; i < 3000 && children_of(parent).empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto start = Clock::now();
  kill(parent, SIGTERM);
  kill(parent, SIGTERM);  // one wish: a scheduler tells the process and its group
  const int code = exit_of(parent);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  CAPTURE(text_of(log));
  CHECK(code == 75);
  MESSAGE("stopped ", seconds, " s after SIGTERM");
  const SweepPlan plan = plan_sweep(sweep, {});
  CHECK(read_statuses(out, plan.hash).at(0).state == "interrupted");
  CHECK(exit_of(start_program(arguments, log)) == 0);
  CHECK(results_in(out).size() == plan.runs.size());
  const ShardStatus status = read_statuses(out, plan.hash).at(0);
  CHECK(status.state == "done");
  CHECK(status.restarts == 1);
}

TEST_CASE("sweep: a checkpoint that cannot be gone on with is set aside, and the run begun anew") {
  if (!SLUICE_HAS_TORCH) {
    MESSAGE("skipped: no learners in this build");
    return;
  }
  const std::string sweep = write_sweep("aside.yaml", 1), out = own_folder() / "aside", whole = own_folder() / "not_aside", log = own_folder() / "aside.log";
  const SweepPlan plan = plan_sweep(sweep, {});
  REQUIRE(plan.runs[2].name == "dqn-seed1");
  fs::create_directories(out);
  std::ofstream(out + "/" + plan.runs[2].file() + ".ckpt") << "not a checkpoint";
  CHECK(exit_of(start_program({"sweep", "run", sweep, "--out", out, "--jobs", "2"}, log)) == 0);
  CHECK(text_of(log).find("dqn-seed1: ") != std::string::npos);
  CHECK(text_of(log).find(".ckpt.damaged, the run begins anew") != std::string::npos);
  CHECK(text_of(out + "/" + plan.runs[2].file() + ".ckpt.damaged") == "not a checkpoint");
  REQUIRE(exit_of(start_program({"sweep", "run", sweep, "--out", whole, "--jobs", "2"}, log)) == 0);
  check_same_folders(whole, out, 4);
}

TEST_CASE("sweep: where memory holds one run only, --jobs 2 runs one after the other and says so") {
  if (!SLUICE_HAS_TORCH) {
    MESSAGE("skipped: no learners in this build");
    return;
  }
  const std::string sweep = own_folder() / "large.yaml", out = own_folder() / "large", log = own_folder() / "large.log";
  std::ofstream(sweep) << "base:\n  " << kFeed << "  agent: {kind: dqn}\nseeds: [1, 2]\n";
  // A replay that might grow to more than any machine has; these runs never fill it.
  CHECK(exit_of(start_program({"sweep", "run", sweep, "--out", out, "--jobs", "2", "--set", "train.replay_capacity=1000000000"}, log)) == 0);
  CHECK(text_of(log).find("memory holds 1 run at a time") != std::string::npos);
  CHECK(results_in(out).size() == 2);
}

TEST_CASE("sweep: two copies of one shard at once give what one gives, and neither complains") {
  const std::string sweep = write_sweep("twice.yaml", 2), out = own_folder() / "twice", alone = own_folder() / "alone";
  const std::string first_log = own_folder() / "first.log", second_log = own_folder() / "second.log";
  const std::vector<std::string> arguments = {"sweep", "run", sweep, "--out", out, "--jobs", "1", "--shard", "0/1", "--checkpoint-minutes", "0.005"};
  const pid_t first = start_program(arguments, first_log), second = start_program(arguments, second_log);
  CHECK(exit_of(first) == 0);
  CHECK(exit_of(second) == 0);
  for (const std::string& log : {first_log, second_log}) {
    CAPTURE(text_of(log));
    for (const char* word : {"error", "exists", "damaged", "warning: "}) CHECK(text_of(log).find(word) == std::string::npos);
  }
  REQUIRE(exit_of(start_program({"sweep", "run", sweep, "--out", alone, "--jobs", "2"}, first_log)) == 0);
  check_same_folders(alone, out, 8);
}
}

TEST_CASE("sweep: on a full disk it ends with 74 and says what it needs, what was finished stays, and the rest follows when there is room") {
  const std::string disk = own_folder() / "disk", log = own_folder() / "disk.log", sweep = own_folder() / "disk.yaml";
  fs::create_directory(disk);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=300k") != 0) {
    MESSAGE("skipped: no file system can be mounted here (", std::strerror(errno), ")");
    return;
  }
  std::ofstream(sweep) << "base:\n  " << kFeed << "  agent: {kind: random}\nseeds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]\n";
  const std::vector<std::string> arguments = {"sweep", "run", sweep, "--out", disk + "/out", "--jobs", "1"};
  std::ofstream(disk + "/ballast") << std::string(120000, 'x');
  const int full = exit_of(start_program(arguments, log));
  const auto before = results_in(disk + "/out");
  const std::string message = text_of(log);
  fs::remove(disk + "/ballast");
  const bool more = mount("none", disk.c_str(), nullptr, MS_REMOUNT, "size=50m") == 0;
  const int again = exit_of(start_program(arguments, log));
  const auto after = results_in(disk + "/out");
  for (const auto& [file, stamp] : after) CHECK_NOTHROW(ResultReader(disk + "/out/" + file));
  umount2(disk.c_str(), MNT_DETACH);
  CAPTURE(message);
  CHECK(full == 74);
  CHECK(message.find("it needs ") != std::string::npos);
  CHECK(message.find(" MB are free") != std::string::npos);
  CHECK(message.find(disk + "/out/random-seed") != std::string::npos);
  CHECK(before.size() >= 1);
  CHECK(before.size() < 12);
  REQUIRE(more);
  CHECK(again == 0);
  CHECK(after.size() == 12);
  for (const auto& [file, stamp] : before) CHECK(after.at(file) == stamp);
}

TEST_CASE("sweep: damaged or foreign files in the place of results stop it before anything starts, a changed sweep leaves old results alone") {
  const std::string sweep = own_folder() / "odd.yaml", out = own_folder() / "odd", log = own_folder() / "odd.log";
  const auto write = [&](const std::string& users) {
    std::ofstream(sweep) << "base: {agent: {kind: random}, environment: {users: {count: 20}, supply: {streamers: {count: 50}}, burn_in: {days: 1}}, evaluate: {users: " + users + ", days: 1}}\nseeds: [1, 2]\n";
  };
  const std::vector<std::string> run = {"sweep", "run", sweep, "--out", out, "--jobs", "1"};
  write("20");
  REQUIRE(exit_of(start_program(run, log)) == 0);
  const auto first = results_in(out);
  CHECK(exit_of(start_program({"sweep", "collect", sweep, "--out", out}, log)) == 0);
  const std::string index = text_of(out + "/index.csv");
  CHECK(index.find("random-seed2") != std::string::npos);
  const auto cell = [&](const std::string& column, int number = 1) {
    std::istringstream header(index.substr(0, index.find('\n'))), rows(index);
    std::string line;
    for (int i = 0; i <= number; ++i) std::getline(rows, line);
    std::istringstream row(line);
    for (std::string name, value; std::getline(header, name, ',') && std::getline(row, value, ',');)
      if (name == column) return value;
    return std::string("no such column");
  };
  const std::string table = own_folder() / "compared.csv";
  REQUIRE(exit_of(start_program({"compare", out, "--format", "csv"}, log, table)) == 0);
  for (const char* column : {"live_watch", "app_usage"}) {  // the mean of the seeds, as compare has it
    CAPTURE(column);
    CAPTURE(text_of(table));
    const double first_seed = std::stod("0" + cell(column, 1)), second_seed = std::stod("0" + cell(column, 2));
    CHECK(compared(text_of(table), column) == doctest::Approx((first_seed + second_seed) / 2).epsilon(1e-5));
  }
  for (const char* column : {"live_watch", "live_dau", "live_dau_share", "injection_rate"}) {
    CAPTURE(column);
    const double value = std::stod("0" + cell(column));
    CHECK(value > 0);
  }
  CHECK(exit_of(start_program({"sweep", "run", sweep, "--out", ""}, log)) == 64);

  write("21");  // changed: other results, beside the old ones
  CHECK(exit_of(start_program({"sweep", "collect", sweep, "--out", out}, log)) == 65);
  CHECK(text_of(log).find("2 of 2 runs are not finished") != std::string::npos);
  REQUIRE(exit_of(start_program(run, log)) == 0);
  CHECK(text_of(log).find("result files are in") != std::string::npos);
  const auto both = results_in(out);
  for (const auto& [file, stamp] : first) CHECK(both.at(file) == stamp);
  CHECK(exit_of(start_program({"compare", out}, log)) == 65);  // one label and seed, two results

  const SweepPlan plan = plan_sweep(sweep, {});
  const std::string truncated = out + "/" + plan.runs[0].file(), foreign = out + "/" + plan.runs[1].file();
  fs::resize_file(truncated, fs::file_size(truncated) / 2);
  std::ofstream(foreign) << "not HDF5";
  std::ofstream(log) << "";
  CHECK(exit_of(start_program(run, log)) == 65);
  for (const std::string& part : {truncated, foreign, std::string("Nothing was started")}) CHECK(text_of(log).find(part) != std::string::npos);
  CHECK(exit_of(start_program({"sweep", "status", sweep, "--out", out}, log)) == 65);
  fs::remove(truncated);
  fs::remove(foreign);
  CHECK(exit_of(start_program(run, log)) == 0);
}

TEST_CASE("sweep: a folder that cannot be made or written is 74, before anything starts") {
  const std::string sweep = own_folder() / "place.yaml", log = own_folder() / "place.log", file = own_folder() / "a_file";
  std::ofstream(sweep) << "base: {agent: {kind: never}}\nseeds: [1]\n";
  std::ofstream(file) << "x";
  CHECK(exit_of(start_program({"sweep", "run", sweep, "--out", file}, log)) == 74);
  CHECK(exit_of(start_program({"sweep", "run", sweep, "--out", "/proc/sluice"}, log)) == 74);
  CHECK(text_of(log).find("choose another --out") != std::string::npos);
  CHECK(exit_of(start_program({"sweep", "status", sweep, "--out", "/nowhere"}, log)) == 65);
}

}  // namespace sluice
