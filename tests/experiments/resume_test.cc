// Runs that are killed at any moment and go on from their checkpoint end as if nothing had happened.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "experiments/cmdp_file.h"
#include "experiments/run.h"
#include "tests/golden_cmdp.h"
#include "tests/processes.h"
#include "tests/same_results.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

class ResumeFolder {
 public:
  ResumeFolder() {
    std::string name = (fs::temp_directory_path() / "sluice_resume_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~ResumeFolder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  bool has(const std::string& name) const { return fs::exists(path_ / name); }
  std::size_t num_files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), {})); }

 private:
  fs::path path_;
};

// Runs to the end, being killed with `signal` as soon as a checkpoint (another one than before) is there.
// Returns how often it was.
int run_with_kills(const ResumeFolder& folder, const std::vector<std::string>& arguments, const std::string& out, int signal) {
  int kills = 0;
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::error_code error;
    const auto before = fs::last_write_time(out + ".ckpt", error);
    const pid_t child = start_program(arguments, folder / "log");
    int status = 0;
    bool killed = false;
    while (waitpid(child, &status, WNOHANG) == 0) {
      const auto time = fs::last_write_time(out + ".ckpt", error);
      if (!killed && kills < 3 && !error && time != before) {
        kill(child, signal);
        killed = true;
        ++kills;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (killed && !ended) continue;
    kills -= killed ? 1 : 0;  // it was over before the signal
    CAPTURE(text_of(folder / "log"));
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);
    return kills;
  }
  FAIL("the run never ended");
  return kills;
}

// Only learning agents train, and only what trains is resumed.
[[maybe_unused]] void check_resume(const std::string& config_text, int signal) {
  const ResumeFolder folder;
  write_cmdp(golden_cmdp(), folder / "cmdp.h5");
  std::string text = config_text;
  if (const auto at = text.find("CMDP"); at != std::string::npos) text.replace(at, 4, folder / "cmdp.h5");
  std::ofstream(folder / "config.yaml") << text;
  const std::string whole = folder / "whole.h5", parts = folder / "parts.h5";
  REQUIRE(exit_of(start_program({"run", folder / "config.yaml", "--out", whole}, folder / "log")) == 0);
  const int kills = run_with_kills(folder, {"run", folder / "config.yaml", "--out", parts, "--resume", "--checkpoint-minutes", "0.005"}, parts, signal);
  CHECK(kills >= 2);
  check_same_results(whole, parts);
  CHECK(ResultReader(parts).integer("resumes") == kills);
  CHECK_FALSE(folder.has("parts.h5.ckpt"));
}

const std::string kFeed =
    "\nenvironment: {users: {count: 300}, supply: {streamers: {count: 300}}, days: 3, burn_in: {days: 2}}\n"
    "train: {decisions: 30000, warmup_transitions: 2000, batch_size: 256, log_every_updates: 1, epsilon_end: 0.02}\n"
    "evaluate: {users: 300, days: 2, every_decisions: 8000, curve_users: 50}\n";

}  // namespace

#if SLUICE_HAS_TORCH
TEST_CASE("resume: SL-MGAC, killed with -9 again and again, ends like the run that was left alone") {
  check_resume("seed: 5\nagent: {kind: sl_mgac, reassign_days: 1}" + kFeed, SIGKILL);
}

TEST_CASE("resume: DQN with a dual multiplier, killed with -9 again and again, ends like the run that was left alone") {
  check_resume("seed: 5\nagent: {kind: dqn, multiplier: {kind: dual}}" + kFeed, SIGKILL);
}

TEST_CASE("resume: a tabular run, stopped by SIGTERM, ends like the run that was left alone") {
  check_resume(
      "seed: 5\nagent: {kind: dqn, multiplier: {kind: dual}}\nenvironment: {kind: tabular, file: CMDP}\n"
      "train: {decisions: 60000, warmup_transitions: 2000, batch_size: 128, decisions_per_update: 256}\n"
      "evaluate: {every_decisions: 5000}\n",
      SIGTERM);
}

TEST_CASE("resume: a signal keeps what was trained, 75, nothing goes on or starts anew unasked") {
  const ResumeFolder folder;
  std::ofstream(folder / "config.yaml") << "seed: 5\nagent: {kind: dqn}" + kFeed;
  const std::string out = folder / "a.h5", config = folder / "config.yaml";
  const pid_t child = start_program({"run", config, "--out", out, "--set", "train.decisions=100000000", "--set", "environment.days=10000", "--checkpoint-minutes", "0.005"}, folder / "log");
  for (int i = 0; i < 6000 && !folder.has("a.h5.ckpt"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(child, SIGINT);
  CHECK(exit_of(child) == 75);
  CHECK(text_of(folder / "log").find("--resume") != std::string::npos);
  CHECK(folder.has("a.h5.ckpt"));
  CHECK(folder.num_files() == 3);  // no partial result
  CHECK(exit_of(start_program({"run", config, "--out", out}, folder / "log")) == 65);            // would lose it
  CHECK(exit_of(start_program({"run", config, "--out", out, "--resume"}, folder / "log")) == 65);  // another config
  CHECK(text_of(folder / "log").find("another configuration") != std::string::npos);
  CHECK(exit_of(start_program({"run", config, "--out", out, "--resume", "--force"}, folder / "log")) == 64);
  CHECK(exit_of(start_program({"run", config, "--out", out, "--force"}, folder / "log")) == 0);
  CHECK_FALSE(folder.has("a.h5.ckpt"));
  CHECK(exit_of(start_program({"run", config, "--out", out, "--resume"}, folder / "log")) == 0);  // is finished
}

TEST_CASE("resume: a damaged checkpoint is named, 65") {
  const ResumeFolder folder;
  std::ofstream(folder / "config.yaml") << "seed: 5\nagent: {kind: dqn}" + kFeed;
  std::ofstream(folder / "a.h5.ckpt") << "not a checkpoint";
  CHECK(exit_of(start_program({"run", folder / "config.yaml", "--out", folder / "a.h5", "--resume"}, folder / "log")) == 65);
  CHECK(text_of(folder / "log").find("a.h5.ckpt") != std::string::npos);
}
#endif

TEST_CASE("resume: a run that never trained starts from the beginning") {
  const ResumeFolder folder;
  std::ofstream(folder / "config.yaml") << "seed: 5\nagent: {kind: interval}" + kFeed;
  CHECK(exit_of(start_program({"run", folder / "config.yaml", "--out", folder / "a.h5", "--resume"}, folder / "log")) == 0);
  CHECK(folder.has("a.h5"));
}

}  // namespace sluice
