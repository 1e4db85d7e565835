#pragma once
// Progress of long work, on stderr: one moving line on a terminal, a line per 10 % in a log.

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

/// Takes progress and messages instead of stderr: in a worker process, whose parent shows them.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void progress(const std::string& label, std::int64_t done, std::int64_t total, const std::string& unit) = 0;
  virtual void note(const std::string& message) = 0;
};
/// Of this process, from here on; null: stderr.  The caller keeps it alive.
void set_progress_sink(ProgressSink* sink);

/// A message to the user, on stderr.
void note(const std::string& message);

// Numbers and times as progress shows them: "1.23M", "2:05".
std::string short_number(double x);
std::string minutes_text(double s);
/// [####......]
std::string bar_text(double part, int width);

class Progress {
 public:
  /// `total` 0: unknown; only the rate is shown.
  Progress(std::string label, std::int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set(std::int64_t done);
  /// Work that was done before does not count for the rate.
  void begin_at(std::int64_t done) { begin_ = done; }
  /// The closing line: total and rate.
  void done();

 private:
  void show(bool last);

  std::string label_, unit_;
  std::int64_t total_, value_ = 0, begin_ = 0;
  int tenths_ = 0;
  bool terminal_, finished_ = false;
  std::chrono::steady_clock::time_point start_, shown_;
};

}  // namespace sluice
