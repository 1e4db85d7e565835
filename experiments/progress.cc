#include "experiments/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace sluice {
namespace {

ProgressSink* sink = nullptr;

}  // namespace

void set_progress_sink(ProgressSink* to) { sink = to; }

std::string short_number(double x) {
  if (x >= 1e6) return fmt::format("{:.2f}M", x / 1e6);
  if (x >= 1e4) return fmt::format("{:.0f}k", x / 1e3);
  return fmt::format("{:.0f}", x);
}

std::string minutes_text(double s) {
  const auto t = static_cast<long>(s + 0.5);
  return t < 3600 ? fmt::format("{}:{:02}", t / 60, t % 60)
                  : fmt::format("{}:{:02}:{:02}", t / 3600, t % 3600 / 60, t % 60);
}

std::string bar_text(double part, int width) {
  const auto size = static_cast<std::size_t>(width), filled = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * width);
  return "[" + std::string(filled, '#') + std::string(size - filled, '.') + "]";
}

void note(const std::string& message) {
  if (sink != nullptr)
    sink->note(message);
  else
    std::fputs(("sluice: " + message + "\n").c_str(), stderr);
}

Progress::Progress(std::string label, std::int64_t total, std::string unit)
    : label_(std::move(label)), unit_(std::move(unit)), total_(total),
      terminal_(sink != nullptr || isatty(STDERR_FILENO) != 0), start_(std::chrono::steady_clock::now()), shown_(start_) {}

Progress::~Progress() {
  if (sink == nullptr && terminal_ && !finished_ && value_ > 0) fmt::print(stderr, "\n");
}

void Progress::set(std::int64_t done) {
  value_ = done;
  if (terminal_) {
    const auto now = std::chrono::steady_clock::now();
    if (now - shown_ < std::chrono::milliseconds(200)) return;
    shown_ = now;
    show(false);
  } else if (total_ > 0) {
    const int tenths = static_cast<int>(std::min<std::int64_t>(9, 10 * done / total_));
    if (tenths > tenths_) {
      tenths_ = tenths;
      show(false);
    }
  }
}

void Progress::done() {
  show(true);
  finished_ = true;
}

void Progress::show(bool last) {
  if (sink != nullptr) {
    sink->progress(label_, value_, total_, unit_);
    return;
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const double rate = static_cast<double>(value_ - begin_) / std::max(1e-9, elapsed.count());
  std::string line = label_ + ": ";
  if (total_ > 0 && !last) {
    const double part = std::min(1.0, static_cast<double>(value_) / static_cast<double>(total_));
    if (terminal_) line += bar_text(part, 20) + " ";
    line += fmt::format("{:.0f} %, ", 100 * part);
    const double left = rate > 0 ? static_cast<double>(std::max<std::int64_t>(0, total_ - value_)) / rate : 0;
    line += fmt::format("{} {}, {}/s, {} left", short_number(static_cast<double>(value_)), unit_,
                        short_number(rate), minutes_text(left));
  } else {
    line += fmt::format("{} {} in {}, {}/s", short_number(static_cast<double>(value_)), unit_,
                        minutes_text(elapsed.count()), short_number(rate));
  }
  if (terminal_)
    fmt::print(stderr, "\r\033[K{}{}", line, last ? "\n" : "");
  else
    fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
}

}  // namespace sluice
