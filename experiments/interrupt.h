#pragma once
// SIGINT, SIGTERM, SIGUSR1 and SIGHUP ask the program to stop at the next safe point, with exit code 75.

namespace sluice {

/// A second signal, two seconds later or more, ends the program at once.
void catch_interrupts();
/// For a worker: its parent sends SIGTERM as well, so a second signal changes nothing.
void catch_interrupts_of_worker();
bool is_interrupted();
/// Throws UserError(kInterrupted) if a signal has come.
void stop_if_interrupted();

}  // namespace sluice
