#include "experiments/interrupt.h"

#include <csignal>
#include <ctime>

#include "sim/check.h"

namespace sluice {
namespace {

volatile std::sig_atomic_t received = 0;

volatile std::sig_atomic_t is_worker = 0;
volatile std::time_t first_at = 0;

// Only what may be called in a handler.
void on_signal(int signal) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  // The same wish often comes twice at once, to the process and to its group; a second wish comes later.
  if (received != 0 && is_worker == 0 && now.tv_sec - first_at >= 2) {
    std::signal(signal, SIG_DFL);
    raise(signal);
    return;
  }
  if (received == 0) first_at = now.tv_sec;
  received = signal;
}

void handle() {
  struct sigaction action = {}, before = {};
  action.sa_handler = on_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGHUP}) {
    sigaction(signal, nullptr, &before);
    if (signal == SIGHUP && before.sa_handler == SIG_IGN) continue;  // nohup
    sigaction(signal, &action, nullptr);
  }
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of write(), like a full disk
}

}  // namespace

void catch_interrupts() { handle(); }
void catch_interrupts_of_worker() {
  is_worker = 1;
  handle();
}
bool is_interrupted() { return received != 0; }

void stop_if_interrupted() {
  if (received == 0) return;
  throw UserError(ExitCode::kInterrupted,
                  "stopped by a signal; nothing was written: run the same command again");
}

}  // namespace sluice
