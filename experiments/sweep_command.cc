// `sluice sweep run`: every run of a sweep in processes of its own, forked from one that has simulated
// the burn-ins they share.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <future>
#include <map>

#include "experiments/commands.h"
#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "experiments/run.h"
#include "experiments/sweep.h"

namespace sluice {
namespace {

bool learns(const ExperimentConfig& config) {
  return std::holds_alternative<DqnConfig>(config.agent) || std::holds_alternative<SlMgacConfig>(config.agent);
}

// Burn-ins that several runs share, simulated side by side.
void burn_in(const std::vector<PlannedRun>& runs, int jobs, Worlds& worlds) {
  struct Job {
    const ExperimentConfig* config;
    WorldKey key;
  };
  std::map<std::string, Job> wanted;
  for (const PlannedRun& run : runs) {
    const auto* feed = std::get_if<FeedConfig>(&run.config.environment);
    if (feed == nullptr) continue;
    const EvaluateConfig& evaluate = run.config.evaluate;
    const auto want = [&](const WorldKey& key) { wanted.emplace(Worlds::name_of(*feed, key), Job{&run.config, key}); };
    want({evaluate.users, evaluate.seed});
    if (!learns(run.config)) continue;
    if (evaluate.every_decisions > 0) want({evaluate.curve_users, evaluate.seed});
    want({num_users(feed->users), run.config.seed});
  }
  std::vector<Job> queue;
  for (const auto& [name, job] : wanted) queue.push_back(job);
  std::sort(queue.begin(), queue.end(), [](const Job& a, const Job& b) { return a.key.users > b.key.users; });
  std::atomic<std::size_t> next = 0, done = 0;
  Progress progress("burn-in", static_cast<std::int64_t>(queue.size()), "worlds");
  const auto work = [&] {
    for (std::size_t i = next++; i < queue.size(); i = next++) {
      const FeedConfig& feed = std::get<FeedConfig>(queue[i].config->environment);
      worlds.prepare(feed, queue[i].key, queue[i].config->evaluate.days);
      ++done;
    }
  };
  std::vector<std::future<void>> threads;
  for (int i = 0; i < jobs; ++i) threads.push_back(std::async(std::launch::async, work));
  for (auto& thread : threads)
    while (thread.wait_for(std::chrono::milliseconds(200)) != std::future_status::ready)
      progress.set(static_cast<std::int64_t>(done.load()));
  for (auto& thread : threads) thread.get();
  progress.set(static_cast<std::int64_t>(queue.size()));
  progress.done();
}

int run_in_child(const PlannedRun& run, Worlds& worlds, const std::string& file) {
  try {
    run_experiment(run.config, worlds, {.out = file, .progress_label = run.name, .resume = true});
    return 0;
  } catch (const UserError& e) {
    note(run.name + ": " + e.what());
    return static_cast<int>(e.code());
  } catch (const std::exception& e) {
    note(run.name + ": internal error: " + e.what());
    return static_cast<int>(ExitCode::kInternal);
  }
}

}  // namespace

int sweep_run_command(const SweepOptions& options) {
  catch_interrupts();
  const std::vector<PlannedRun> runs = plan_sweep(options.sweep, options.sets);
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  if (error) throw io_error(options.out + ": cannot be made: " + error.message());
  std::vector<PlannedRun> open;
  for (const PlannedRun& run : runs)
    if (!is_done(options.out + "/" + run.name + ".h5", run.config)) open.push_back(run);
  note(fmt::format("{} runs, {} already done", runs.size(), runs.size() - open.size()));
  if (open.empty()) return 0;
  // Long runs first, so that the last ones to finish are short.
  std::stable_sort(open.begin(), open.end(), [](const PlannedRun& a, const PlannedRun& b) {
    return learns(a.config) > learns(b.config);
  });
  Worlds worlds(1);
  burn_in(open, options.jobs, worlds);

  std::map<pid_t, std::string> running;
  std::size_t next = 0, finished = 0;
  int worst = 0;
  while (next < open.size() || !running.empty()) {
    while (next < open.size() && static_cast<int>(running.size()) < options.jobs) {
      const PlannedRun& run = open[next++];
      std::fflush(nullptr);
      const pid_t child = fork();
      if (child < 0) throw io_error("cannot start a process for " + run.name);
      if (child == 0) _exit(run_in_child(run, worlds, options.out + "/" + run.name + ".h5"));
      running.emplace(child, run.name);
    }
    int status = 0;
    const pid_t child = waitpid(-1, &status, 0);
    if (child < 0) {
      if (errno != EINTR) throw io_error("lost a child process");
      for (const auto& [pid, name] : running) kill(pid, SIGTERM);
      next = open.size();  // start no more; the children stop at their next safe point
      worst = static_cast<int>(ExitCode::kInterrupted);
      continue;
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::kInternal);
    if (WIFSIGNALED(status)) note(fmt::format("{}: ended by signal {}", running[child], WTERMSIG(status)));
    if (code == 0) note(fmt::format("{} done ({} of {})", running[child], ++finished, open.size()));
    worst = std::max(worst, code);
    running.erase(child);
  }
  return worst;
}

}  // namespace sluice
