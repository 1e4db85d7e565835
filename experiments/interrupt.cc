#include "experiments/interrupt.h"

#include <csignal>

#include "sim/check.h"

namespace sluice {
namespace {

volatile std::sig_atomic_t received = 0;

void handle(int flags) {
  struct sigaction action = {};
  action.sa_handler = [](int signal) { received = signal; };
  action.sa_flags = flags;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaction(signal, &action, nullptr);
}

}  // namespace

void catch_interrupts() { handle(static_cast<int>(SA_RESETHAND)); }
void catch_interrupts_of_worker() { handle(0); }
bool is_interrupted() { return received != 0; }

void stop_if_interrupted() {
  if (received == 0) return;
  throw UserError(ExitCode::kInterrupted,
                  "stopped by a signal; nothing was written: run the same command again");
}

}  // namespace sluice
