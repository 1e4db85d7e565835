#pragma once
// `<out>.ckpt`: everything an interrupted training run needs to go on as if nothing had happened.
//
//   /           attributes: format, config_hash, decisions, wall_s, resumes, git_revision
//   /config     resolved YAML
//   /state/...  named arrays of plain values (sim/state_archive.h), attribute element_bytes
//
// HDF5, uncompressed: writing it should not take longer than the disk does.  A new one replaces the old
// one in one step, so a kill at any moment leaves a whole one.

#include <chrono>
#include <optional>
#include <string>

#include "sim/state_archive.h"

namespace sluice {

class Checkpoint {
 public:
  /// For the result `out` of the run with this resolved config.  every_minutes 0: only when asked.
  Checkpoint(const std::string& out, std::string config_yaml, double every_minutes);

  const std::string& path() const { return path_; }
  bool exists() const;
  /// Throws data_error naming the file if it is damaged or belongs to another config.
  StateBlobs load();
  /// every_minutes have passed since the last save, or since the start.
  bool due() const;
  /// Not due for another every_minutes.
  void postpone() { last_ = Clock::now(); }
  /// Throws io_error (74); the one before is then still there.
  void save(const StateBlobs& blobs, std::int64_t decisions);
  void remove() const;

  /// Seconds worked on this run so far, sessions before the checkpoint included.
  double wall_s() const;
  std::int64_t resumes() const { return resumes_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::string path_, config_;
  double every_minutes_;
  double wall_before_s_ = 0;
  std::int64_t resumes_ = 0;
  Clock::time_point start_ = Clock::now(), last_ = start_;
};

}  // namespace sluice
