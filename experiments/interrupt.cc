#include "experiments/interrupt.h"

#include <csignal>

#include "sim/check.h"

namespace sluice {
namespace {

volatile std::sig_atomic_t received = 0;

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int signal) { received = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second signal ends the program at once
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaction(signal, &action, nullptr);
}

void stop_if_interrupted() {
  if (received == 0) return;
  throw UserError(ExitCode::kInterrupted,
                  "stopped by a signal; nothing was written: run the same command again");
}

}  // namespace sluice
