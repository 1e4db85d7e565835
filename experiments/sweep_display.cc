#include "experiments/sweep_display.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "experiments/progress.h"

namespace sluice {

std::string summary_line(const ShardStatus& s) {
  std::string line = fmt::format("{} of {} done", s.done, s.total);
  if (s.failed > 0) line += fmt::format(", {} failed", s.failed);
  if (!s.running.empty()) line += fmt::format(", {} running", s.running.size());
  if (s.seconds_left > 0 && s.done + s.failed < s.total) line += fmt::format(", about {} left", minutes_text(s.seconds_left));
  return line;
}

std::string running_line(const ShardStatus::Running& run, int name_width) {
  const double part = run.total > 0 ? static_cast<double>(run.done) / static_cast<double>(run.total) : 0;
  std::string line = fmt::format("  {:<{}}  {:<12}", run.name, name_width, run.phase.empty() ? "starting" : run.phase);
  line += run.total > 0 ? fmt::format("{} {:3.0f} %  ", bar_text(part, 16), 100 * std::min(1.0, part)) : std::string(25, ' ');
  if (run.done > 0) line += fmt::format("{} {}", short_number(static_cast<double>(run.done)), run.unit);
  return line + fmt::format("  {}", minutes_text(run.seconds));
}

std::string cut_to(const std::string& line, int columns) {
  if (static_cast<int>(line.size()) <= columns) return line;
  return line.substr(0, static_cast<std::size_t>(std::max(0, columns - 1))) + "~";
}

Screen screen_of(int descriptor) {
  const char* kind = std::getenv("TERM");
  if (isatty(descriptor) == 0 || kind == nullptr || std::string_view(kind) == "dumb") return {.redraws = false, .columns = 1 << 16, .rows = 1 << 16};
  winsize size{};
  const bool known = ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
  return {.redraws = true, .columns = known ? size.ws_col : 80, .rows = known ? size.ws_row : 24};
}

SweepDisplay::SweepDisplay() : terminal_(screen_of(STDERR_FILENO).redraws) {}

SweepDisplay::~SweepDisplay() { clear(); }

void SweepDisplay::clear() {
  if (drawn_ > 0) fmt::print(stderr, "\033[{}A\r\033[J", drawn_);
  drawn_ = 0;
}

void SweepDisplay::show(const ShardStatus& status) {
  const auto now = Clock::now();
  if (!terminal_) {
    if (now - last_ < std::chrono::minutes(1)) return;
    last_ = now;
    note(summary_line(status));
    return;
  }
  if (drawn_ > 0 && now - last_ < std::chrono::milliseconds(200)) return;
  last_ = now;
  const Screen screen = screen_of(STDERR_FILENO);  // it may have been resized
  const auto lines = static_cast<std::size_t>(std::clamp(screen.rows - 2, 0, 16));
  int width = 0;
  for (const ShardStatus::Running& run : status.running) width = std::max(width, static_cast<int>(run.name.size()));
  const double part = status.total > 0 ? static_cast<double>(status.done) / status.total : 0;
  std::string block = cut_to(fmt::format("{} {}", bar_text(part, 30), summary_line(status)), screen.columns) + "\n";
  const std::size_t shown = std::min(lines, status.running.size());
  for (std::size_t i = 0; i < shown; ++i) block += cut_to(running_line(status.running[i], width), screen.columns) + "\n";
  clear();
  fmt::print(stderr, "{}", block);
  std::fflush(stderr);
  drawn_ = static_cast<int>(shown) + 1;
}

void SweepDisplay::say(const std::string& line) {
  clear();
  last_ = Clock::now();
  note(line);
}

}  // namespace sluice
