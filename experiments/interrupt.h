#pragma once
// SIGINT, SIGTERM and SIGUSR1 ask the program to stop at the next safe point, with exit code 75.

namespace sluice {

void catch_interrupts();
/// Throws UserError(kInterrupted) if a signal has come.
void stop_if_interrupted();

}  // namespace sluice
