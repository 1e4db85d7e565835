#pragma once
// Where a result comes from: versions, revision, host.

#include <string>
#include <utility>
#include <vector>

#include "experiments/result_file.h"

namespace sluice {

/// Name and version of the program and of every library it was built with.
std::vector<std::pair<std::string, std::string>> versions();
std::string git_revision();
/// Root attributes sluice_version, git_revision, host, packages.
void write_provenance(ResultWriter& file);

}  // namespace sluice
