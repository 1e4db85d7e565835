#pragma once
// Worker processes of a sweep.  Each run is a forked copy of the parent: it finds what the parent has
// read, simulated and loaded in its memory, and cannot harm the others.  Workers tell the parent of
// their progress and their messages through one pipe, and stop at their next safe point when the
// parent dies.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sluice {

class Workers {
 public:
  using Clock = std::chrono::steady_clock;
  struct Running {
    pid_t pid = 0;
    std::size_t run = 0;
    std::string phase, unit;
    std::int64_t done = 0, total = 0;  // of the phase; total 0: unknown
    Clock::time_point start, phase_start;
    std::string last_note;
  };
  struct Ended {
    std::size_t run = 0;
    int exit_code = 0;
    int signal = 0;  // that killed it; 0: it ended by itself
    double seconds = 0, peak_bytes = 0;
    std::string last_note;  // why, if it failed
  };

  Workers();
  ~Workers();  // kills what still runs
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Forks; `work` returns the exit code.  False if there can be no more processes now.
  bool start(std::size_t run, const std::function<int()>& work);
  /// Takes in messages until a worker ends, the time is over, or, if it heeds them, a signal has come.
  enum class Heeds { kSignals, kNothing };
  std::vector<Ended> wait(std::chrono::milliseconds at_most, Heeds heeds);
  void signal_all(int signal) const;
  const std::vector<Running>& running() const { return running_; }
  /// Messages since the last call.
  std::vector<std::string> take_notes();
  /// Memory that the workers will still want, if each grows to `bytes_of(run)`.
  double bytes_to_come(const std::function<double(std::size_t)>& bytes_of) const;

 private:
  void read_messages();
  void take_in(const std::string& line);

  int read_end_ = -1, write_end_ = -1;
  std::string unread_;  // the beginning of a line whose end has not come yet
  std::vector<Running> running_;
  std::vector<std::string> notes_;
};

/// Memory that processes can still get on this machine or in this control group, bytes.
double available_memory();

}  // namespace sluice
