#pragma once
// A tabular constrained MDP in an HDF5 file:
//
//   P [S,A,S], R [S,A], C [costs,S,A], mu [S], limits [costs]; root attributes gamma, cost_names
//
// Any numeric type is read, so a file of h5py does.  cost_names is a list of texts; without it the
// costs are called cost_0, cost_1, ...

#include <string>

#include "sim/tabular_cmdp.h"

namespace sluice {

/// Throws data_error naming the file and the dataset: missing, of another shape, or not a valid
/// CMDP.
TabularCmdp read_cmdp(const std::string& path);

/// Replaces an existing file.  Throws io_error.
void write_cmdp(const TabularCmdp& cmdp, const std::string& path);

}  // namespace sluice
