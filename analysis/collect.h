#pragma once
// The runs of a sweep as one table: a row per run, a column per thing that was set or measured.
//
//   index.csv    the table
//   index.h5     /index: the table; /runs/NAME: a link to the run's file, so that h5py sees one file

#include <string>

#include "analysis/commands.h"
#include "sim/table.h"

namespace sluice {

/// Columns: run, label, agent, seeds, one per setting of the sweep (texts as in the sweep file; empty where it does not
/// apply), metrics, costs with limits and violations, decisions, wall_s, revision, file.  What a run does not have is NaN.
/// Throws data_error if a run's file is missing or not sound.
Table collect(const CollectOptions& options);

}  // namespace sluice
