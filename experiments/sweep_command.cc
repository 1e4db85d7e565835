// `sluice sweep run`: every run of a shard that is not finished, in processes of its own.

#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "agents/agents.h"
#include "experiments/commands.h"
#include "experiments/durable_file.h"
#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "experiments/run.h"
#include "experiments/run_cost.h"
#include "experiments/run_parts.h"
#include "experiments/sweep_burn_ins.h"
#include "experiments/sweep_display.h"
#include "experiments/sweep_folder.h"
#include "experiments/sweep_workers.h"

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kHeartbeat = std::chrono::milliseconds(5000), kNews = std::chrono::milliseconds(500);
constexpr auto kGrace = std::chrono::seconds(8);  // for workers to stop after a signal: schedulers kill after 10 s or more
constexpr double kMemoryShare = 0.9;              // of what is available

int usable_cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

// Which of two exit codes tells more of what to do: 75 and 74 can be put right by the same command later.
int worse(int a, int b) {
  static constexpr std::array kOrder = {0, 65, 70, 74, 75};
  const auto rank = [](int code) { return std::find(kOrder.begin(), kOrder.end(), code) - kOrder.begin(); };
  return rank(a) < rank(b) ? b : a;
}

double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

// Tells one version of a file from another; none: there is no such file.
std::optional<std::pair<ino_t, std::int64_t>> stamp_of(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return {};
  return std::pair(info.st_ino, info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec);
}

class ShardRun {
 public:
  explicit ShardRun(const SweepOptions& options) : options_(options), folder_(options.out) {}

  int go() {
    begin();
    if (open_.empty()) return finish(0);
    burn_ins_.emplace(open_, resumes_, worlds_);
    if (std::any_of(open_.begin(), open_.end(), [](const PlannedRun& run) { return trains(run.config); })) preload_learning();
    std::size_t next = 0;
    try {
      while (next < open_.size() || !workers_.running().empty()) {
        while (stop_code_ == 0 && next < open_.size() && start(burn_ins_->order()[next])) ++next;
        if (stop_code_ != 0) next = open_.size();
        take_ends(workers_.wait(std::chrono::milliseconds(200), Workers::Heeds::kSignals));
        beat();
        stop_if_interrupted();
      }
    } catch (const UserError& error) {
      if (error.code() != ExitCode::kInterrupted) fail(error.what());
      code_ = worse(code_, static_cast<int>(error.code()));
      stop_workers();
    } catch (const std::exception& error) {
      fail(std::string("internal error: ") + error.what());
      code_ = worse(code_, static_cast<int>(ExitCode::kInternal));
      stop_workers();
    }
    return finish(worse(code_, stop_code_));
  }

 private:
  // Plans, looks at what is there, and writes the first status.
  void begin() {
    if (options_.out.empty()) throw usage_error("--out is empty; name a directory");
    const SweepPlan plan = plan_sweep(options_.sweep, options_.sets, options_.scale);
    for (const std::string& line : plan.notes) say("note: " + line);
    const Shard shard = Shard::parse(options_.shard);
    folder_.make();
    const std::vector<PlannedRun> runs = runs_of(plan, shard);
    const std::string path = status_path(folder_.path(), plan.hash, shard);
    status_file_ = path;
    status_ = {.sweep = options_.sweep, .plan = plan.hash, .shard = shard, .host = host_name(), .pid = getpid(),
               .started = static_cast<double>(std::time(nullptr)), .total = static_cast<int>(runs.size())};
    if (::access(path.c_str(), F_OK) == 0) try {
        const ShardStatus before = read_status(path);
        if (before.state != "done") status_.restarts = before.restarts + 1;
      } catch (const UserError&) {  // it will be replaced
      }
    describe_engine(status_);
    status_.jobs = options_.jobs > 0 ? options_.jobs : usable_cores();
    write_status();
    std::string damaged;
    for (const PlannedRun& run : runs) try {
        stop_if_interrupted();
        if (Clock::now() - written_ >= kHeartbeat) write_status();
        const RunState state = folder_.state(run);
        if (state == RunState::kDone) continue;
        open_.push_back(run);
        resumes_.push_back(state == RunState::kInterrupted);
        estimates_.push_back(estimate_cost(run.config));
      } catch (const UserError& error) {
        if (error.code() == ExitCode::kInterrupted) {
          finish(static_cast<int>(error.code()));
          throw;
        }
        damaged += std::string("\n  ") + error.what();
      }
    folder_.save_list();
    if (!damaged.empty()) {
      status_.state = "failed";
      write_status();
      throw data_error(options_.out + ": these files stand where results belong; remove them, or give another --out.  Nothing was started" + damaged);
    }
    folder_.sweep_up(runs);
    status_.done = status_.done_before = static_cast<int>(runs.size() - open_.size());
    say(fmt::format("{} runs{}, {} already done{}", runs.size(), shard.count > 1 ? " in shard " + options_.shard : "", status_.done,
                    std::count(resumes_.begin(), resumes_.end(), true) > 0 ? fmt::format(", {} to go on with", std::count(resumes_.begin(), resumes_.end(), true)) : ""));
    if (const auto others = folder_.strangers(plan.runs); !others.empty())
      say(fmt::format("note: {} result file{} in {} of no run of this sweep (was it changed?), e.g. {}; `compare` would read {} too", others.size(),
                      others.size() == 1 ? " is" : "s are", options_.out, others.front(), others.size() == 1 ? "it" : "them"));
    status_.state = "running";
    write_status();
  }

  // A slot, and memory for what the next run will want beside what the others still will.
  bool has_room(std::size_t run) {
    if (static_cast<int>(workers_.running().size()) >= status_.jobs) return false;
    if (workers_.running().empty()) return true;
    const auto bytes = [this](std::size_t i) { return memory_scale_[trains(open_[i].config)] * estimates_[i].bytes; };
    const double room = kMemoryShare * available_memory() - workers_.bytes_to_come(bytes);
    const double need = bytes(run);
    if (room >= need) return true;
    if (!told_of_memory_)
      say(fmt::format("memory holds {} at a time ({:.1f} GB are free, the next one may need {:.1f}): fewer than --jobs {}", workers_.running().size() == 1 ? "1 run" : fmt::format("{} runs", workers_.running().size()),
                      std::max(0.0, room) / 1e9, need / 1e9, status_.jobs));
    told_of_memory_ = true;
    return false;
  }

  // False: not now, wait for a worker to end.
  bool start(std::size_t run) {
    if (!has_room(run)) return false;
    std::vector<Workers::Ended> meanwhile;  // a worker that ends may not drop a world while others are simulated
    burn_ins_->prepare(run, status_.jobs - static_cast<int>(workers_.running().size()), [&](std::size_t done, std::size_t all) {
      shared_phase_ = {.name = "burn-in", .phase = "shared by runs", .unit = "worlds", .done = static_cast<std::int64_t>(done), .total = static_cast<std::int64_t>(all)};
      for (Workers::Ended& end : workers_.wait(std::chrono::milliseconds(0), Workers::Heeds::kNothing)) meanwhile.push_back(std::move(end));
      beat();
    });
    shared_phase_ = {};
    take_ends(meanwhile);
    if (stop_code_ != 0 || !has_room(run)) return false;  // the worlds take memory as well
    if (workers_.start(run, [this, run] { return work(open_[run]); })) {
      is_news_ = true;
      return true;
    }
    const std::string why = fmt::format("cannot start a process: {}", errno == EAGAIN ? "no more are allowed" : std::strerror(errno));
    if (workers_.running().empty()) throw io_error(why);
    if (!std::exchange(told_of_processes_, true)) say(why + "; going on with fewer than --jobs " + std::to_string(status_.jobs));
    return false;
  }

  // In the worker.  Another process may be at the same run: whoever is first wins, and the other is content.
  int work(const PlannedRun& run) {
    const std::string file = folder_.file(run);
    const auto is_there = [&] {
      try {
        return SweepFolder(options_.out).state(run) == RunState::kDone;
      } catch (const UserError&) {
        return false;
      }
    };
    const auto go = [&] {
      run_experiment(run.config, worlds_, {.out = file, .progress_label = run.name, .resume = true, .checkpoint_minutes = options_.checkpoint_minutes});
      return 0;
    };
    try {
      if (is_there()) return 0;
      const std::string kept = file + ".ckpt";
      const auto stamp = stamp_of(kept);
      try {
        return go();
      } catch (const UserError& error) {
        // What cannot be gone on with must not stand in the run's way for ever: it is begun anew.
        if (error.code() != ExitCode::kData || !stamp || stamp_of(kept) != stamp || is_there()) throw;
        std::filesystem::rename(kept, kept + ".damaged");
        note(fmt::format("{}: {}: kept as {}.ckpt.damaged, the run begins anew", run.name, error.what(), run.file()));
      }
      return go();
    } catch (const UserError& error) {
      if (error.code() != ExitCode::kInterrupted && is_there()) return 0;
      if (error.code() != ExitCode::kInterrupted) note(run.name + ": " + error.what());
      return static_cast<int>(error.code());
    } catch (const std::bad_alloc&) {
      note(run.name + ": out of memory; use fewer --jobs, fewer users or a smaller replay buffer");
    } catch (const std::exception& error) {
      note(run.name + ": internal error: " + error.what());
    }
    return static_cast<int>(ExitCode::kInternal);
  }

  void take_ends(const std::vector<Workers::Ended>& ends) {
    for (const Workers::Ended& end : ends) take_end(end);
    say_notes();
  }

  // A worker that says that it is done has left a sound result, or it is not.
  int code_of(const Workers::Ended& end) {
    const PlannedRun& run = open_[end.run];
    if (end.signal != 0) {
      // A kill comes from outside (a user, a lack of memory, a scheduler): the same command may go on.  A fault is ours.
      const bool fault = end.signal == SIGSEGV || end.signal == SIGABRT || end.signal == SIGBUS || end.signal == SIGFPE || end.signal == SIGILL;
      fail(fmt::format("{}: its process was ended by signal {} ({}){}", run.name, end.signal, strsignal(end.signal), fault ? "" : "; run the same command again to go on with it"));
      return static_cast<int>(fault ? ExitCode::kInternal : ExitCode::kInterrupted);
    }
    if (end.exit_code != 0) {
      if (end.exit_code != static_cast<int>(ExitCode::kInterrupted)) remember(end.last_note);
      return end.exit_code;
    }
    try {
      if (folder_.state(run) == RunState::kDone) return 0;
      fail(run.name + ": its process ended well, and its result is not there: was it removed?");
    } catch (const UserError& error) {
      fail(error.what());
    }
    return static_cast<int>(ExitCode::kIo);
  }

  void take_end(const Workers::Ended& end) {
    burn_ins_->ended(end.run);
    is_news_ = true;
    const int code = code_of(end);
    if (code == 0) {
      const RunCost& estimate = estimates_[end.run];
      const bool trained = trains(open_[end.run].config);
      ++status_.done;
      pace_[trained].seconds += end.seconds;
      pace_[trained].estimate += estimate.seconds;
      memory_scale_[trained] = std::max(memory_scale_[trained], end.peak_bytes / estimate.bytes);
      beat(false);
      say(fmt::format("{} done in {} ({})", open_[end.run].name, minutes_text(end.seconds), summary_line(status_)));
    } else if (code != static_cast<int>(ExitCode::kInterrupted)) {
      ++status_.failed;
    } else {
      ++stopped_;
    }
    code_ = worse(code_, code);
    // On a full disk the next run would only work in vain; what runs may still find room.
    if (code == static_cast<int>(ExitCode::kIo)) stop_code_ = code;
  }

  void stop_workers() {
    workers_.signal_all(SIGTERM);
    shared_phase_ = {};
    say("stopping: runs in progress are kept at their last safe point");
    for (const auto end = Clock::now() + kGrace; !workers_.running().empty() && Clock::now() < end;) {
      take_ends(workers_.wait(std::chrono::milliseconds(100), Workers::Heeds::kNothing));
      beat();
    }
    workers_.signal_all(SIGKILL);  // those go on from the checkpoint before
    if (is_interrupted()) code_ = worse(code_, static_cast<int>(ExitCode::kInterrupted));
  }

  int finish(int code) {
    folder_.save_list();
    status_.running.clear();
    status_.state = code == 0 ? "done" : code == static_cast<int>(ExitCode::kInterrupted) ? "interrupted" : "failed";
    status_.seconds_left = 0;
    write_status();
    if (code != 0) say(summary_line(status_) + (code == 75 ? ": run the same command again to go on" : ""));
    return code;
  }

  // What is shown, and every few seconds what is kept.
  void beat(bool shows = true) {
    status_.running.clear();
    if (!shared_phase_.name.empty()) status_.running.push_back(shared_phase_);
    double left = 0, longest = 0;
    for (const Workers::Running& worker : workers_.running()) {
      const double seconds = seconds_since(worker.start);
      status_.running.push_back({.name = open_[worker.run].name, .phase = worker.phase, .unit = worker.unit, .done = worker.done, .total = worker.total, .seconds = seconds});
      // By the estimate, or by the progress of its phase if that says more.
      double its = std::max(0.0, seconds_of(worker.run) - seconds);
      if (worker.done > 0 && worker.total > worker.done)
        its = std::max(its, seconds_since(worker.phase_start) * static_cast<double>(worker.total - worker.done) / static_cast<double>(worker.done));
      left += its;
      longest = std::max(longest, its);
    }
    const std::size_t started = static_cast<std::size_t>(status_.done - status_.done_before + status_.failed + stopped_) + workers_.running().size();
    for (std::size_t i = started; i < open_.size(); ++i) left += seconds_of(burn_ins_->order()[i]);
    status_.seconds_left = std::max(longest, left / status_.jobs);
    if (shows) display_.show(status_);
    if (Clock::now() - written_ >= (is_news_ ? kNews : kHeartbeat)) {
      write_status();
      folder_.save_list();
    }
  }

  // What run `i` takes by its estimate, and by how finished runs of its kind (of any, if there are none) compared with theirs.
  double seconds_of(std::size_t i) const {
    Pace pace = pace_[trains(open_[i].config)];
    if (pace.estimate == 0) pace = {pace_[0].seconds + pace_[1].seconds, pace_[0].estimate + pace_[1].estimate};
    return estimates_[i].seconds * (pace.estimate > 0 ? pace.seconds / pace.estimate : 1);
  }

  void write_status() {
    is_news_ = false;
    written_ = Clock::now();
    status_.heartbeat = static_cast<double>(std::time(nullptr));
    const std::string json = to_json(status_);
    try {
      DurableFile(status_file_, Overwrite::kForce).commit(std::as_bytes(std::span(json)));
    } catch (const UserError& error) {
      if (!told_of_status_) say(std::string("warning: no status: ") + error.what());
      told_of_status_ = true;
    }
  }

  void say(const std::string& line) { display_.say(line); }
  void fail(const std::string& line) {
    say(line);
    remember(line);
  }
  void remember(const std::string& error) {
    status_.errors.push_back(error);
    if (status_.errors.size() > 20) status_.errors.erase(status_.errors.begin());
  }
  void say_notes() {
    for (const std::string& line : workers_.take_notes()) say(line);
  }

  const SweepOptions& options_;
  SweepFolder folder_;
  std::vector<PlannedRun> open_;  // of this shard, not finished
  std::vector<bool> resumes_;     // … whether it has a checkpoint
  std::vector<RunCost> estimates_;  // …
  Worlds worlds_{1};
  std::optional<SharedBurnIns> burn_ins_;
  Workers workers_;
  SweepDisplay display_;
  ShardStatus status_;
  ShardStatus::Running shared_phase_;
  std::string status_file_;
  Clock::time_point written_;
  struct Pace {
    double seconds = 0, estimate = 0;
  };
  std::array<Pace, 2> pace_;                  // of finished runs: of rules, of learners
  std::array<double, 2> memory_scale_{1, 1};  // most that finished runs took over their estimate: of rules, of learners
  int code_ = 0, stop_code_ = 0, stopped_ = 0;
  bool told_of_memory_ = false, told_of_status_ = false, told_of_processes_ = false;
  bool is_news_ = false;  // a run has started or ended since the last status
};

}  // namespace

int sweep_run_command(const SweepOptions& options) {
  catch_interrupts();
  signal(SIGPIPE, SIG_IGN);  // whoever reads the messages may leave
  return ShardRun(options).go();
}

}  // namespace sluice
