#pragma once
// The axes of a sweep file: what each of their values lays over a run's document.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/config_node.h"

namespace sluice {

/// One value of one axis.
struct SweepChoice {
  std::vector<ConfigNode> layers;
  std::string name;     // in the run's name; empty: the label says it
  bool is_arm = false;  // another arm of the comparison, so part of the label
  std::vector<std::pair<std::string, std::string>> settings;  // path → value
};

/// `when`: path → value that the run must have for the axis to apply; elsewhere its field keeps its value.
struct SweepAxis {
  std::vector<SweepChoice> choices;
  std::vector<std::pair<std::string, ConfigNode>> when;
};

/// cases, axes, samples, zip, seeds, in this order.  Throws data_error.
std::vector<SweepAxis> read_sweep_axes(const ConfigNode& sweep, std::size_t max_runs);

/// The same text or, of numbers, the same number: 1.0 and 1.
bool is_same_value(const ConfigNode& a, const ConfigNode& b);

/// data_error for a sweep that must be a slip.
UserError too_many_runs(const std::string& where, std::size_t max_runs);

}  // namespace sluice
