#pragma once
// The commands of this room, as the command line calls them.  Each returns the exit code, and throws
// UserError for what the user can put right.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/result_file.h"
#include "sim/table.h"

namespace sluice {

struct RunOptions {
  std::string config;
  std::vector<std::string> sets;
  std::optional<std::uint64_t> seed;
  std::string out;       // empty: LABEL-seedN.h5 in the working directory
  bool force = false;
  bool resume = false;
  double checkpoint_minutes = 5;
  bool dry_run = false;
  int threads = 1;       // of the simulator
};
int run_command(const RunOptions& options);

struct SweepOptions {
  std::string sweep;
  std::vector<std::string> sets;
  std::string scale;     // one of the sweep's `scales`
  std::string out;       // directory
  int jobs = 0;          // processes at a time; 0: the cores that this process may use
  std::string shard = "0/1";
  double checkpoint_minutes = 5;
  std::string format = "text";  // of plan: text or csv
  bool watch = false;    // of status
  std::string engine = "slurm";  // of script: or parallel
  int shards = 4;        // of script
  std::string program;   // of script: how this program was called
};
int sweep_run_command(const SweepOptions& options);
int sweep_plan_command(const SweepOptions& options);
int sweep_status_command(const SweepOptions& options);
int sweep_script_command(const SweepOptions& options);

/// The finished runs of a sweep, for `sweep collect`.  Throws data_error naming the first that are missing.
std::vector<FinishedRun> finished_runs(const SweepOptions& options);

struct DistillCommand {
  std::string teacher;   // result file
  std::string out;
  std::string label;     // empty: the teacher's with _student
  std::uint64_t seed = 0;
  std::vector<int> hidden = {64, 32};
  std::int64_t requests = 400000;
  int updates = 20000;
  bool force = false;
};
int distill_command(const DistillCommand& options);

struct TraceOptions {
  std::string config;
  std::vector<std::string> sets;
  std::optional<std::uint64_t> seed;
  int user = 0;
  int days = 1;
};
int trace_command(const TraceOptions& options);

struct FidelityOptions {
  std::string config;    // empty: the default scenario
  std::vector<std::string> sets;
  std::uint64_t seed = 1;
  int users = 5000;
  std::string format = "text";
  std::string data;      // directory of KuaiRand's files; empty: published figures
  int threads = 1;       // of the simulator
};
/// `tables`: takes the rows and the curves behind them (experiments/fidelity.h), for a report.
int fidelity_command(const FidelityOptions& options, std::map<std::string, Table>* tables = nullptr);

struct CalibrateOptions {
  std::vector<std::string> files;
  std::string out;            // scenario (YAML)
  std::string tab = "1";      // or "all"
  double utc_offset_h = 8;
  std::string activity = "auto";  // or "fit", "keep"
  bool lenient = false;
  bool force = false;
};
int calibrate_command(const CalibrateOptions& options);

struct RecalibrateCommand {
  std::string config;    // a named scenario or a run document
  std::vector<std::string> sets;
  std::string like;      // a named scenario: its simulated marginals are the targets; empty: the data's
  std::string data;      // as in FidelityOptions
  std::uint64_t seed = 1;
  int users = 4000;
  int iterations = 8;
  bool light = false;    // the few parameters that a prior can move
  bool hours = false;    // fit the hour profile as well
  std::string out;       // scenario (YAML)
  bool force = false;
  int threads = 1;
};
int recalibrate_command(const RecalibrateCommand& command);

struct BenchOptions {
  std::string filter = ".*";
  std::string format = "text";
};
int bench_command(const BenchOptions& options);

int version_command();
int list_command(const std::string& what);
int schema_command(const std::string& path);

}  // namespace sluice
