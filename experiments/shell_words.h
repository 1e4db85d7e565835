#pragma once
// Commands that a user, or a script, is told to run.

#include <string>

#include "experiments/commands.h"

namespace sluice {

/// `text` as one word of a POSIX shell.
std::string shell_word(const std::string& text);

/// "PROGRAM sweep VERB SWEEP --out DIR", with the scale and the settings of `options`.
std::string sweep_command_text(const std::string& program, const std::string& verb, const SweepOptions& options);

}  // namespace sluice
