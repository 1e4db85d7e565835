#pragma once
// `sluice inspect FILE.h5`: what a result file holds, in plain text.

#include <string>

namespace sluice {

/// Prints attributes, tables (rows; columns with unit, first and last values, mean), arrays and the
/// config to stdout.  Returns the exit code; bad files throw UserError.
int inspect_command(const std::string& path);

}  // namespace sluice
