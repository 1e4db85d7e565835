#pragma once
// The folder of a sweep: which runs are finished there.
//
//   NAME-HASH.h5          a finished run          NAME-HASH.h5.ckpt   an interrupted one
//   .sweep/finished.tsv   file, size, time of change (ns), inode, config hash: files that were found sound
//   .sweep/PLAN-shard-I-of-N.json   how a shard is doing (sweep_status.h)
//
// The list of finished runs saves opening each file; it is believed only of files that have not
// changed since, and may be deleted at any time.

#include <map>
#include <string>
#include <vector>

#include "experiments/sweep.h"

namespace sluice {

enum class RunState { kOpen, kInterrupted, kDone };

class SweepFolder {
 public:
  /// Nothing is made or read yet, but for the list.
  explicit SweepFolder(std::string path);
  const std::string& path() const { return path_; }
  std::string file(const PlannedRun& run) const { return path_ + "/" + run.file(); }

  /// Makes the folder.  Throws io_error (74) if that cannot be, or nothing can be written there.
  void make() const;
  /// Throws data_error (65) if what is at the run's place is not its result: damaged, foreign.
  RunState state(const PlannedRun& run);
  /// Result files here that belong to none of these runs.
  std::vector<std::string> strangers(const std::vector<PlannedRun>& runs) const;
  /// Removes what dead processes have left of these runs: temporaries, checkpoints of finished runs.
  void sweep_up(const std::vector<PlannedRun>& runs) const;
  /// Keeps the list, if it can: it only saves time.
  void save_list() const;

 private:
  struct Entry {
    std::int64_t size = 0, changed_ns = 0, inode = 0;  // a replaced file has another inode, however soon after
    std::string hash;
    bool operator==(const Entry&) const = default;
  };
  std::string list_path() const { return path_ + "/.sweep/finished.tsv"; }

  std::string path_;
  std::map<std::string, Entry> sound_;  // by file name
  bool changed_ = false;
};

}  // namespace sluice
