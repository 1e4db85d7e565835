#pragma once
// How a shard of a sweep is doing: what `sweep run` shows, and keeps in one small JSON file that is
// replaced in one step, for `sweep status` and for schedulers.  It is written before the first run
// starts, then every few seconds.

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/sweep.h"

namespace sluice {

struct ShardStatus {
  struct Running {
    std::string name, phase, unit;
    std::int64_t done = 0, total = 0;
    double seconds = 0;  // since its start
  };
  std::string state = "starting";  // starting, running, done, interrupted, failed
  std::string sweep, plan;         // path of the sweep file; hash of its plan
  Shard shard;
  std::string host, engine = "local", job;  // engine: local, slurm, parallel; its name of the job
  std::int64_t pid = 0, restarts = 0;
  double started = 0, heartbeat = 0;         // s since 1970
  int total = 0, done = 0, done_before = 0, failed = 0, jobs = 1;
  double seconds_left = 0;                   // 0: not known yet
  std::vector<Running> running;
  std::vector<std::string> errors;           // the last ones

  /// A process of this host that is gone, or a heart that has not beaten for 2 minutes (another process may have its number).
  bool is_lost() const;
};

std::string status_path(const std::string& folder, const std::string& plan, const Shard& shard);
std::string to_json(const ShardStatus& status);
/// Throws data_error if it is not one.
ShardStatus read_status(const std::string& path);
/// Of every shard that has written one, whatever the number of shards then.
std::vector<ShardStatus> read_statuses(const std::string& folder, const std::string& plan);
/// Engine, job and restarts from the environment of Slurm or GNU parallel.
void describe_engine(ShardStatus& status);

}  // namespace sluice
