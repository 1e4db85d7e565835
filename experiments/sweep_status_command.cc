// `sluice sweep plan` and `sweep status`: what a sweep holds, and how far it is.  They change nothing but the list of
// finished runs.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <sstream>
#include <thread>

#include "experiments/commands.h"
#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "experiments/run_cost.h"
#include "experiments/shell_words.h"
#include "experiments/sweep_display.h"
#include "experiments/sweep_folder.h"

namespace sluice {
namespace {

struct Look {
  std::vector<RunState> states;      // of each run
  std::vector<std::string> damaged;  // why, of runs whose file is not sound; these count as open
};

Look look_at(const std::vector<PlannedRun>& runs, SweepFolder& folder) {
  Look look;
  for (const PlannedRun& run : runs) try {
      look.states.push_back(folder.state(run));
    } catch (const UserError& error) {
      look.states.push_back(RunState::kOpen);
      look.damaged.push_back(error.what());
    }
  folder.save_list();
  return look;
}

const char* name_of(RunState state) {
  return state == RunState::kDone ? "done" : state == RunState::kInterrupted ? "interrupted" : "open";
}

std::string hours_text(double s) {
  if (s < 90) return fmt::format("{:.0f} s", s);
  if (s < 5400) return fmt::format("{:.0f} min", s / 60);
  return fmt::format("{:.1f} h", s / 3600);
}

// Lines for a terminal or a log.
std::string status_text(const SweepPlan& plan, const Look& look, const std::vector<ShardStatus>& shards) {
  const auto count = [&](RunState state) { return std::count(look.states.begin(), look.states.end(), state); };
  const auto done = count(RunState::kDone), interrupted = count(RunState::kInterrupted);
  const double part = static_cast<double>(done) / static_cast<double>(plan.runs.size());
  std::string text = fmt::format("{} {} of {} runs done{}\n", bar_text(part, 40), done, plan.runs.size(),
                                 interrupted > 0 ? fmt::format(", {} interrupted or in progress", interrupted) : "");
  for (const std::string& reason : look.damaged) text += "  damaged: " + reason + "\n";
  for (const ShardStatus& s : shards) {
    const std::string where = s.engine == "local" ? "" : fmt::format(", {} job {}", s.engine, s.job);
    text += fmt::format("shard {}/{} on {} (pid {}{}{}): {}; {}\n", s.shard.index, s.shard.count, s.host, s.pid, where,
                        s.restarts > 0 ? fmt::format(", restarted {} times", s.restarts) : "",
                        s.is_lost() ? "LOST, no sign of its process; run the same command again" : s.state, summary_line(s));
    if (s.is_lost() || s.state != "running") {
      for (const std::string& error : s.errors) text += "  " + error + "\n";
      continue;
    }
    int width = 0;
    for (const ShardStatus::Running& run : s.running) width = std::max(width, static_cast<int>(run.name.size()));
    for (const ShardStatus::Running& run : s.running) text += running_line(run, width) + "\n";
  }
  if (shards.empty() && static_cast<std::size_t>(done) < plan.runs.size()) text += "no process has worked on it here yet\n";
  return text;
}

// As much of the text as the terminal holds: what has scrolled away cannot be redrawn.  Returns the number of lines.
int print_cut(const std::string& text) {
  const Screen screen = screen_of(STDOUT_FILENO);
  std::istringstream lines(text);
  int printed = 0;
  for (std::string line; printed < screen.rows - 1 && std::getline(lines, line); ++printed) fmt::print("{}\n", cut_to(line, screen.columns));
  return printed;
}

}  // namespace

int sweep_plan_command(const SweepOptions& options) {
  const SweepPlan plan = plan_sweep(options.sweep, options.sets, options.scale);
  for (const std::string& line : plan.notes) note("note: " + line);
  const std::vector<PlannedRun> runs = runs_of(plan, Shard::parse(options.shard));
  SweepFolder folder(options.out);
  Look look;
  if (options.out.empty())
    look.states.assign(runs.size(), RunState::kOpen);
  else
    look = look_at(runs, folder);
  double seconds = 0, bytes = 0;
  std::size_t open = 0, width = 4;
  for (const PlannedRun& run : runs) width = std::max(width, run.name.size());
  const bool csv = options.format == "csv";
  const auto cell = [](const std::string& text) {  // RFC 4180
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
  };
  if (csv)
    fmt::print("name,state,minutes,megabytes,file\n");
  else
    fmt::print("{:<{}}  {:<11}  {:>7}  {:>6}\n", "run", width, "state", "minutes", "MB");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunCost cost = estimate_cost(runs[i].config);
    if (csv)
      fmt::print("{},{},{:.1f},{:.0f},{}\n", cell(runs[i].name), name_of(look.states[i]), cost.seconds / 60, cost.bytes / 1e6, cell(runs[i].file()));
    else
      fmt::print("{:<{}}  {:<11}  {:>7.1f}  {:>6.0f}\n", runs[i].name, width, name_of(look.states[i]), cost.seconds / 60, cost.bytes / 1e6);
    bytes = std::max(bytes, cost.bytes);
    if (look.states[i] == RunState::kDone) continue;
    ++open;
    seconds += cost.seconds;
  }
  for (const std::string& reason : look.damaged) note("damaged: " + reason);
  if (!csv)
    fmt::print("\n{} runs, {} to do: about {} of one core, and at most {:.1f} GB a run\n", runs.size(), open, hours_text(seconds), bytes / 1e9);
  return look.damaged.empty() ? 0 : static_cast<int>(ExitCode::kData);
}

int sweep_status_command(const SweepOptions& options) {
  catch_interrupts();
  const SweepPlan plan = plan_sweep(options.sweep, options.sets, options.scale);
  if (::access(options.out.c_str(), F_OK) != 0)
    throw data_error(options.out + ": there is no such folder; `" + sweep_command_text("sluice", "run", options) + "` makes it");
  SweepFolder folder(options.out);
  const bool terminal = screen_of(STDOUT_FILENO).redraws;
  for (int drawn = 0;;) {
    const Look look = look_at(plan.runs, folder);
    const std::vector<ShardStatus> shards = read_statuses(options.out, plan.hash);
    const std::string text = status_text(plan, look, shards);
    if (terminal && drawn > 0) fmt::print("\033[{}A\r\033[J", drawn);
    drawn = options.watch && terminal ? print_cut(text) : (fmt::print("{}", text), 0);
    if (std::fflush(stdout) != 0) throw io_error("cannot write to the standard output");
    const bool all_done = std::all_of(look.states.begin(), look.states.end(), [](RunState s) { return s == RunState::kDone; });
    // Failed runs stay so until somebody does something; interrupted or lost shards a scheduler may start again.
    const bool has_failed = !shards.empty() && std::all_of(shards.begin(), shards.end(), [](const ShardStatus& s) { return s.state == "failed" || s.state == "done"; });
    const bool is_over = all_done || has_failed;
    if (!options.watch || is_over) return look.damaged.empty() && (all_done || !has_failed) ? 0 : static_cast<int>(ExitCode::kData);
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(terminal ? 100 : 1000));
      if (is_interrupted()) return 0;
    }
  }
}

std::vector<FinishedRun> finished_runs(const SweepOptions& options) {
  const SweepPlan plan = plan_sweep(options.sweep, options.sets, options.scale);
  if (::access(options.out.c_str(), F_OK) != 0)
    throw data_error(options.out + ": there is no such folder; `" + sweep_command_text("sluice", "run", options) + "` makes it");
  SweepFolder folder(options.out);
  const Look look = look_at(plan.runs, folder);
  if (!look.damaged.empty()) throw data_error(look.damaged.front());
  std::string missing;
  std::size_t count = 0;
  std::vector<FinishedRun> finished;
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    if (look.states[i] == RunState::kDone)
      finished.push_back({.name = run.name, .file = run.file(), .settings = run.settings});
    else if (++count <= 10)
      missing += fmt::format("\n  {} ({})", run.name, name_of(look.states[i]));
  }
  if (count > 0)
    throw data_error(fmt::format("{}: {} of {} runs are not finished; `{}` goes on with them{}{}", options.out, count, plan.runs.size(),
                                 sweep_command_text("sluice", "run", options), missing, count > 10 ? "\n  ..." : ""));
  return finished;
}

}  // namespace sluice
