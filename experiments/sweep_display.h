#pragma once
// A sweep on stderr: on a terminal a block that is redrawn, one line per running run; in a log a line
// per finished run, and one a minute while none finishes.

#include <chrono>
#include <string>

#include "experiments/sweep_status.h"

namespace sluice {

/// "12 of 48 done, 2 running, about 3:12 left"
std::string summary_line(const ShardStatus& status);
/// "  sl_mgac-seed1   training   [####......]  43 %  860k of 2.00M decisions   1:02"
std::string running_line(const ShardStatus::Running& run, int name_width);

class SweepDisplay {
 public:
  SweepDisplay();
  ~SweepDisplay();
  SweepDisplay(const SweepDisplay&) = delete;
  SweepDisplay& operator=(const SweepDisplay&) = delete;

  /// Redraws, at most five times a second; in a log, speaks when it has been silent for a minute.
  void show(const ShardStatus& status);
  /// A line that stays.
  void say(const std::string& line);

 private:
  void clear();
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  int drawn_ = 0;  // lines of the block
  Clock::time_point last_ = Clock::now();
};

}  // namespace sluice
