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

/// What a terminal can show at once: a block is redrawn only where it fits.
struct Screen {
  bool redraws = false;  // no: a file, a pipe, a dumb terminal
  int columns = 80, rows = 24;
};
Screen screen_of(int descriptor);
/// At most `columns` bytes of a line, "~" at the end if something is missing.
std::string cut_to(const std::string& line, int columns);

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
