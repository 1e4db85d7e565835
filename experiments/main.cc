// The command line.  Results go to files and tables to stdout; messages go to stderr.

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <new>
#include <system_error>

#include "analysis/commands.h"
#include "experiments/commands.h"
#include "experiments/inspect.h"
#include "sim/check.h"

namespace {

using namespace sluice;

// Result files keep seeds as signed 64-bit numbers.
const CLI::Validator kSeed(
    [](const std::string& text) {
      const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
      const bool fits = text.size() < 19 || (text.size() == 19 && text <= "9223372036854775807");
      return digits && fits ? std::string() : "`" + text + "` is not a seed: a whole number in [0, 9223372036854775807]";
    },
    "SEED");

struct CommandLine {
  CLI::App app{"sluice: a discrete-event simulator of a feed of short videos and live streams, and a testbed\n"
               "for the agents that decide, per request, whether to inject a live stream."};
  std::function<int()> chosen;
  RunOptions run;
  SweepOptions sweep;
  TraceOptions trace;
  DistillCommand distill;
  FidelityOptions fidelity;
  RealismOptions realism;
  CalibrateOptions calibrate;
  RecalibrateCommand recalibrate;
  BenchOptions bench;
  CompareOptions compare;
  ReportOptions report;
  std::string reference, inspect_file, list_what, schema_path;

  CLI::App* command(const std::string& name, const std::string& what, const std::string& example,
                    std::function<int()> action) {
    CLI::App* sub = app.add_subcommand(name, what);
    sub->footer("Example:\n  " + example);
    sub->callback([this, action] { chosen = action; });
    return sub;
  }

  void add_run() {
    CLI::App* c = command("run", "One run: simulate, train, evaluate; one HDF5 file",
                          "sluice run experiments/configs/sl_mgac.yaml --seed 1 --out sl_mgac.h5",
                          [this] { return run_command(run); });
    c->add_option("CONFIG", run.config, "configuration (YAML); `sluice schema` lists its fields")->required();
    c->add_option("--set", run.sets, "PATH=VALUE, over the file; may be repeated")->take_all();
    c->add_option("--seed", run.seed, "seed, over the file's")->check(kSeed);
    c->add_option("--out", run.out, "result file; default LABEL-seedN.h5 here");
    c->add_option("--threads", run.threads, "threads of the simulator; the result does not depend on it")
        ->check(CLI::Range(1, 256));
    CLI::Option* force = c->add_flag("--force", run.force, "replace an existing result, and start anew what was interrupted");
    c->add_flag("--resume", run.resume, "go on with what was interrupted (`<out>.ckpt`); nothing to do if it is finished")->excludes(force);
    c->add_option("--checkpoint-minutes", run.checkpoint_minutes, "time between two checkpoints of training; 0: only when a signal stops it")
        ->check(CLI::Range(0.0, 1e6));
    c->add_flag("--dry-run", run.dry_run, "print the resolved config, what would be done, memory and time");
  }

  void add_sweep() {
    CLI::App* c = app.add_subcommand("sweep", "Many runs from one file, here or on a cluster, with nothing lost");
    c->require_subcommand(1);
    const auto part = [&](const char* name, const char* what, const std::string& more, bool needs_out, int (*action)(const SweepOptions&)) {
      CLI::App* sub = c->add_subcommand(name, what);
      sub->footer(std::string("Example:\n  sluice sweep ") + name + " experiments/configs/quickstart.yaml" + more);
      sub->add_option("SWEEP", sweep.sweep, "sweep (YAML)")->required();
      CLI::Option* out = sub->add_option("--out", sweep.out, "directory of the results");
      if (needs_out) out->required();
      sub->add_option("--set", sweep.sets, "PATH=VALUE, over every run; may be repeated")->take_all();
      sub->add_option("--scale", sweep.scale, "one of the sweep's `scales`, e.g. smoke or paper");
      sub->callback([this, action] { chosen = [this, action] { return action(sweep); }; });
      return sub;
    };
    const auto add_work = [&](CLI::App* sub) {
      sub->add_option("--jobs", sweep.jobs, "processes at a time, as far as memory goes; default: every core that may be used")->check(CLI::Range(1, 1024));
      sub->add_option("--checkpoint-minutes", sweep.checkpoint_minutes, "time between two checkpoints of training; 0: only when a signal stops it")
          ->check(CLI::Range(0.0, 1e6));
    };
    const std::string shard = "I/N: only every N-th run, beginning with run I, from 0";
    CLI::App* go = part("run", "Run what is not finished; the same command again goes on", " --out results --jobs 2", true, sweep_run_command);
    add_work(go);
    go->add_option("--shard", sweep.shard, shard);
    CLI::App* plan = part("plan", "What would run, its state, time and memory", " --out results", false, sweep_plan_command);
    plan->add_option("--shard", sweep.shard, shard);
    plan->add_option("--format", sweep.format, "text or csv")->check(CLI::IsMember({"text", "csv"}));
    CLI::App* status = part("status", "How far it is, over all shards", " --out results --watch", true, sweep_status_command);
    status->add_flag("--watch", sweep.watch, "show it again until all is done");
    CLI::App* script = part("script", "A job script for a scheduler, to read, edit and submit", " --out results --engine slurm --shards 8 > job.sh", true,
                            sweep_script_command);
    add_work(script);
    script->add_option("--engine", sweep.engine, "slurm or parallel (GNU)")->check(CLI::IsMember({"slurm", "parallel"}))->required();
    script->add_option("--shards", sweep.shards, "jobs to cut the runs into")->check(CLI::Range(1, 100000));
    part("collect", "One table of all runs (index.csv), and one HDF5 file that links to them (index.h5)", " --out results", true,
         [](const SweepOptions& options) { return collect_command({.folder = options.out, .runs = finished_runs(options)}); });
  }

  void add_analysis() {
    CLI::App* c = command("compare", "Agents by metrics with intervals, constraint values and violations",
                          "sluice compare results --format md", [this] {
                            if (!reference.empty()) compare.statistics.reference = reference;
                            return compare_command(compare);
                          });
    c->add_option("FILE|DIR", compare.inputs, "result files, or directories of them")->required();
    c->add_option("--format", compare.format, "text, md, csv or tex")->check(CLI::IsMember({"text", "md", "csv", "tex"}));
    c->add_option("--reference", reference, "label of the agent that lifts are against");
    c->add_option("--matched", compare.matched, "COST or COST=VALUE: live watch of all agents under one limit of a cost, by their fronts over multipliers; "
                  "an agent is what stands before the first - of its labels");
    c->add_option("--figure", compare.figure, "with --matched: a directory for the figure of the fronts (SVG, PDF, PNG) and its numbers");
    c->add_option("--price", compare.prices, "COST=PRICE: also compare live watch − Σ PRICE·COST, the objective of planners; may be repeated")->take_all();
    CLI::App* r = command("report", "One self-contained HTML file, figures (SVG, PDF), tables (CSV, Markdown, LaTeX)",
                          "sluice report results --out report", [this] {
                            if (!reference.empty()) report.statistics.reference = reference;
                            return report_command(report);
                          });
    r->add_option("FILE|DIR", report.inputs, "result files, or directories of them")->required();
    r->add_option("--out", report.out, "directory of the report")->required();
    r->add_option("--reference", reference, "label of the agent that lifts are against");
    r->add_option("--price", report.prices, "COST=PRICE: also compare live watch − Σ PRICE·COST; may be repeated")->take_all();
    r->add_option("--title", report.title, "title of the report");
    r->add_flag("--force", report.force, "replace an existing report");
    CLI::App* i = command("inspect", "What a result file holds", "sluice inspect sl_mgac.h5",
                          [this] { return inspect_command(inspect_file); });
    i->add_option("FILE", inspect_file, "result file")->required();
  }

  void add_simulator() {
    CLI::App* c = command("trace", "One user's story in plain text, with what the agent saw and chose",
                          "sluice trace experiments/configs/threshold.yaml --user 17 --days 2",
                          [this] { return trace_command(trace); });
    c->add_option("CONFIG", trace.config, "configuration (YAML)")->required();
    c->add_option("--set", trace.sets, "PATH=VALUE, over the file; may be repeated")->take_all();
    c->add_option("--seed", trace.seed, "seed, over the file's")->check(kSeed);
    c->add_option("--user", trace.user, "number of the user")->required()->check(CLI::NonNegativeNumber);
    c->add_option("--days", trace.days, "days after the burn-in")->check(CLI::Range(1, 1000));
    CLI::App* f = command("fidelity", "Simulated marginals beside published data, with distances",
                          "sluice fidelity --seed 1 --users 5000 --out realism", [this] { return run_fidelity(); });
    f->add_option("--config", fidelity.config, "configuration (YAML); default: the default scenario");
    f->add_option("--set", fidelity.sets, "PATH=VALUE, over the file; may be repeated")->take_all();
    f->add_option("--seed", fidelity.seed, "seed of the world")->check(kSeed)->required();
    f->add_option("--users", fidelity.users, "users")->check(CLI::Range(10, 10000000));
    f->add_option("--data", fidelity.data, "directory with kuairand_27k/ and kuairand_pure/: compare with their distributions");
    f->add_option("--threads", fidelity.threads, "threads of the simulator")->check(CLI::Range(1, 256));
    f->add_option("--out", realism.out, "directory for a report: one HTML file with figures, their numbers as CSV");
    f->add_flag("--force", realism.force, "replace an existing report");
    f->add_option("--format", fidelity.format, "text or md")->check(CLI::IsMember({"text", "md"}));
    CLI::App* b = command("bench", "Throughput and latency, each beside its floor measured in the same process",
                          "sluice bench --filter simulator", [this] { return bench_command(bench); });
    b->add_option("--filter", bench.filter, "regular expression on the names");
    b->add_option("--format", bench.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  }

  void add_distill() {
    CLI::App* c = command("distill", "A small student of a trained agent, for serving without libtorch",
                          "sluice distill sl_mgac.h5 --seed 1 --out student.h5\n"
                          "  sluice run experiments/configs/sl_mgac.yaml --seed 1 --set agent.from=student.h5 --out served.h5",
                          [this] { return distill_command(distill); });
    c->add_option("RUN", distill.teacher, "result file whose final agent is the teacher")->required();
    c->add_option("--out", distill.out, "result file of the student (HDF5)")->required();
    c->add_option("--seed", distill.seed, "seed of the worlds that the teacher is watched in, and of the weights")->check(kSeed)->required();
    c->add_option("--hidden", distill.hidden, "widths of the hidden layers, e.g. 64,32")->delimiter(',')->check(CLI::Range(1, 4096));
    c->add_option("--requests", distill.requests, "requests to learn from; a quarter as many of other users are held out")->check(CLI::Range(std::int64_t{1000}, std::int64_t{100000000}))->capture_default_str();
    c->add_option("--updates", distill.updates, "gradient steps of batch 1024")->check(CLI::Range(1, 100000000))->capture_default_str();
    c->add_option("--label", distill.label, "name in tables; default: the teacher's with _student");
    c->add_flag("--force", distill.force, "replace an existing file");
  }

  int run_fidelity() {
    if (realism.out.empty()) return fidelity_command(fidelity);
    check_realism_report(realism);
    std::map<std::string, Table> tables;
    fidelity_command(fidelity, &tables);
    realism.command = report.command;
    return realism_report(tables, realism);
  }

  void add_calibrate() {
    CLI::App* c = command("calibrate", "Fit a scenario to logs of exposures in the format of KuaiRand",
                          "sluice calibrate log_standard_*.csv.gz --out mine.yaml\n"
                          "  sluice run experiments/configs/threshold.yaml --set environment.scenario=mine.yaml",
                          [this] { return calibrate_command(calibrate); });
    c->add_option("FILES", calibrate.files,
                  "CSV, plain or .gz, of any size: user_id, video_id, time_ms, play_time_ms, tab [, is_rand, date]; columns in any\n"
                  "order.  Feature tables of KuaiRand among them are named and not used")->required();
    c->add_option("--out", calibrate.out, "scenario (YAML): each fitted number with its error and sample size")->required();
    c->add_option("--tab", calibrate.tab, "rows that give watch times and hours: a number, 1 is the main feed, or `all`")->capture_default_str();
    c->add_option("--utc-offset", calibrate.utc_offset_h, "hours from UTC to local time")->check(CLI::Range(-12.0, 14.0))->capture_default_str();
    c->add_option("--activity", calibrate.activity, "sessions, requests, gaps, active days: `fit` them, `keep` the published figures, or\n"
                  "`auto`: fit unless the log is thinned")->check(CLI::IsMember({"auto", "fit", "keep"}))->capture_default_str();
    c->add_flag("--lenient", calibrate.lenient, "skip and count malformed rows instead of refusing the file");
    c->add_flag("--force", calibrate.force, "replace an existing scenario");
  }

  void add_recalibrate() {
    CLI::App* c = command("recalibrate", "Move free parameters until the simulated marginals meet the data again",
                          "sluice recalibrate default --set environment.users.dynamics.fatigue_enter=1.2 --seed 1 --light --like default --out tired.yaml",
                          [this] { return recalibrate_command(recalibrate); });
    c->add_option("CONFIG", recalibrate.config, "named scenario, or a run document (YAML)")->required();
    c->add_option("--set", recalibrate.sets, "PATH=VALUE, over it; may be repeated")->take_all();
    c->add_option("--like", recalibrate.like, "named scenario whose simulated marginals are the targets, under the same seed; default: the data's");
    c->add_option("--data", recalibrate.data, "directory with kuairand_27k/ and kuairand_pure/, in the place of published points");
    c->add_option("--seed", recalibrate.seed, "seed of the worlds")->check(kSeed)->required();
    c->add_option("--users", recalibrate.users, "users of a world")->check(CLI::Range(100, 10000000))->capture_default_str();
    c->add_option("--iterations", recalibrate.iterations, "worlds after those of the difference quotients")->check(CLI::Range(0, 1000))->capture_default_str();
    c->add_flag("--light", recalibrate.light, "only the parameters that a prior can move: entering, long watches, affinity, returning, budget");
    c->add_flag("--hours", recalibrate.hours, "the hour profile as well");
    c->add_option("--out", recalibrate.out, "scenario (YAML)")->required();
    c->add_option("--threads", recalibrate.threads, "worlds at the same time")->check(CLI::Range(1, 256));
    c->add_flag("--force", recalibrate.force, "replace an existing scenario");
  }

  void add_reference() {
    CLI::App* l = command("list", "What exists: agents, policies, environments, scenarios", "sluice list agents",
                          [this] { return list_command(list_what); });
    l->add_option("WHAT", list_what, "agents, policies, environments or scenarios")->required();
    CLI::App* s = command("schema", "Every config field with type, range, unit, default and source",
                          "sluice schema agent", [this] { return schema_command(schema_path); });
    s->add_option("PATH", schema_path, "only the fields below this path");
    command("version", "Versions, BLAS, threads", "sluice version", [] { return version_command(); });
  }
};

// With 0, 1 or 2 closed, the next file opened would get that number, and messages would end up in it.
void keep_standard_streams() {
  int fd = 0;
  while (fd >= 0 && fd <= 2) fd = open("/dev/null", O_RDWR);
  if (fd > 2) close(fd);
}

int parse_and_run(int argc, char** argv) {
  CommandLine line;
  line.app.require_subcommand(0, 1);
  line.app.footer("sluice COMMAND --help says more.  Exit codes: 0 done, 64 usage, 65 bad config or data,\n"
                  "70 internal error, 74 I/O, 75 interrupted (run the same command again).");
  line.add_run();
  line.add_sweep();
  line.add_analysis();
  line.add_simulator();
  line.add_distill();
  line.add_calibrate();
  line.add_recalibrate();
  line.add_reference();
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  line.sweep.program = error ? argv[0] : self.string();
  for (int i = 0; i < argc; ++i) line.report.command += (i > 0 ? " " : "") + std::string(argv[i]);
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return line.app.exit(e);  // --help
  } catch (const CLI::ParseError& e) {
    line.app.exit(e);
    return static_cast<int>(ExitCode::kUsage);
  }
  if (!line.chosen) {
    fmt::print("{}", line.app.help());
    return 0;
  }
  return line.chosen();
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams();
  const auto fail = [](ExitCode code, const std::string& message) {
    std::fputs(("sluice: " + message + "\n").c_str(), stderr);  // must not throw when stderr is full
    return static_cast<int>(code);
  };
  try {
    const int code = parse_and_run(argc, argv);
    if (std::fflush(stdout) != 0) return fail(ExitCode::kIo, "cannot write to the standard output");
    return code;
  } catch (const UserError& e) {
    return fail(e.code(), e.what());
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::kInternal, "out of memory; use fewer users or a smaller replay buffer");
  } catch (const std::system_error& e) {  // what printing throws when the output is full or closed
    return fail(ExitCode::kIo, std::string("cannot write: ") + e.what());
  } catch (const std::exception& e) {
    return fail(ExitCode::kInternal, std::string("internal error: ") + e.what());
  }
}
