// `sluice sweep script`: a job script for a scheduler, to be read, edited and submitted by the user.  The scheduler
// starts shards; a shard that is stopped or killed is started again, and goes on where it was.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "experiments/commands.h"
#include "experiments/progress.h"
#include "experiments/run_cost.h"
#include "experiments/shell_words.h"
#include "experiments/sweep.h"

namespace sluice {
namespace {

std::string absolute(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

// jobs: 0 leaves their number to the shard.
std::string command_line(const SweepOptions& options, const std::string& shard, int jobs) {
  std::string line = sweep_command_text(options.program, "run", options);
  line += fmt::format(" --checkpoint-minutes {:g} --shard {}", options.checkpoint_minutes, shard);
  return jobs > 0 ? line + fmt::format(" --jobs {}", jobs) : line;
}

// In a comment, which a line break would end.
std::string in_comment(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// In a pattern of Slurm's for file names.
std::string percents_doubled(const std::string& text) {
  std::string doubled;
  for (const char c : text) doubled += c == '%' ? "%%" : std::string(1, c);
  return doubled;
}

// A batch script is a process of its own: Slurm's TERM before the time limit reaches only it, and it hands it on.  As
// USR1: scancel and requeue send TERM to every process of the job, and a second TERM would end the shard at once, and
// its workers before they have kept what they have.  Slurm starts no job again whose process has died; the script asks
// for it, at most three times: not for a job that was cancelled (Slurm would start it again), or that is already
// waiting to be started again, and again if no controller answers.  TERM is not ignored meanwhile, or the job lasts
// until Slurm's KILL, 30 s later.
std::string slurm_script(const SweepOptions& options, double seconds, double bytes) {
  const int jobs = std::max(1, options.jobs);
  const double hours = std::max(1.0, 2 * seconds / 3600 / (options.shards * jobs));  // twice the estimate, at least an hour
  return fmt::format(
      R"(#!/bin/bash
#SBATCH --job-name=sluice
#SBATCH --array=0-{last}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={jobs}
#SBATCH --mem={megabytes:.0f}M
#SBATCH --time={minutes:.0f}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@60
#SBATCH --output={log}/slurm-%A_%a.log
#SBATCH --chdir={here}
# {runs} in {shards} shards.  Memory and time are estimates: check them, and add your partition and account.
# Submit:  mkdir -p {out} && sbatch THIS_FILE      The same again, at any time, goes on with what is missing.
# Watch:   {watch} --watch
mkdir -p {out}
{command} &
worker=$!
trap 'kill -USR1 $worker' TERM INT
wait $worker; code=$?
while kill -0 $worker 2>/dev/null; do wait $worker; code=$?; done  # a signal ends the first wait early
trap 'exit $code' TERM INT
# 75: interrupted; above 128: killed.  Both go on where they were, unless the job was cancelled.
if (( code == 75 || code > 128 )) && (( ${{SLURM_RESTART_COUNT:-0}} < 3 )); then
  job=${{SLURM_ARRAY_JOB_ID:+${{SLURM_ARRAY_JOB_ID}}_}}${{SLURM_ARRAY_TASK_ID:-$SLURM_JOB_ID}}
  for try in {{1..30}}; do  # the controller may be away
    if state=$(squeue --noheader --jobs "$job" --format %T); then
      [[ $state == RUNNING ]] || break
      scontrol requeue "$job" && sleep 60  # which ends the script
    fi
    sleep 10
  done
fi
exit $code
)",
      fmt::arg("last", options.shards - 1), fmt::arg("jobs", jobs), fmt::arg("megabytes", 1.3 * jobs * bytes / 1e6 + 500), fmt::arg("minutes", 60 * hours),
      fmt::arg("out", shell_word(options.out)), fmt::arg("log", shell_word(percents_doubled(options.out))),
      fmt::arg("here", shell_word(percents_doubled(absolute(".")))), fmt::arg("runs", in_comment("The runs of " + options.sweep)), fmt::arg("shards", options.shards),
      fmt::arg("watch", in_comment(sweep_command_text(options.program, "status", options))),
      fmt::arg("command", command_line(options, fmt::format("$SLURM_ARRAY_TASK_ID/{}", options.shards), jobs)));
}

// GNU parallel starts a shard that fails up to three times.  One shard at a time on each machine, whose processes and
// memory the shard divides itself.  `exec`: a signal to the script is one to parallel.
std::string parallel_script(const SweepOptions& options) {
  return fmt::format(
      R"(#!/bin/bash
# The runs of {sweep} in {shards} shards, by GNU parallel.  Run it here, or add --sshloginfile HOSTS
# for machines that share this folder.  The same again, at any time, goes on with what is missing.
cd {here} && mkdir -p {out} || exit
# --termseq: a signal is handed on, and a shard has 10 s to keep what it has.
exec parallel -I {{shard}} --jobs 1 --retries 3 --termseq TERM,10000,KILL,25 --joblog {out}/parallel.log --line-buffer \
  {command} < <(seq 0 {last})
)",
      fmt::arg("sweep", in_comment(options.sweep)), fmt::arg("shards", options.shards), fmt::arg("last", options.shards - 1), fmt::arg("out", shell_word(options.out)),
      fmt::arg("here", shell_word(absolute("."))),
      fmt::arg("command", shell_word(command_line(options, fmt::format("{{shard}}/{}", options.shards), options.jobs))));
}

}  // namespace

int sweep_script_command(const SweepOptions& given) {
  SweepOptions options = given;  // a job starts in another folder, perhaps with another PATH
  for (std::string* path : {&options.sweep, &options.out}) *path = absolute(*path);
  const SweepPlan plan = plan_sweep(options.sweep, options.sets, options.scale);
  double seconds = 0, bytes = 0;
  for (const PlannedRun& run : plan.runs) {
    const RunCost cost = estimate_cost(run.config);
    seconds += cost.seconds;
    bytes = std::max(bytes, cost.bytes);
  }
  constexpr int kMaxArraySize = 1001;
  if (options.engine == "slurm" && options.shards > kMaxArraySize)
    note(fmt::format("note: Slurm refuses arrays of more than MaxArraySize tasks, {} by default; `scontrol show config` tells yours", kMaxArraySize));
  fmt::print("{}", options.engine == "slurm" ? slurm_script(options, seconds, bytes) : parallel_script(options));
  return 0;
}

}  // namespace sluice
