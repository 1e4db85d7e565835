#pragma once
// The rows of `sluice fidelity`: each marginal beside the data, with a distance, a bound and a verdict.
//
// Distances: KS = sup |F − G|; total variation; relative error; absolute error.  Bounds marked by
// `asked` are what this simulator promises of its default scenario; the other rows are shown because
// they are published, and are called off beyond 15 %.

#include <map>
#include <string>
#include <vector>

#include "experiments/marginal_targets.h"
#include "experiments/marginals.h"
#include "sim/table.h"

namespace sluice {

enum class Distance { kRelative, kAbsolute, kKs, kTotalVariation };

struct FidelityRow {
  std::string name, unit;
  double simulated = 0, data = 0;  // NaN for a distance between distributions
  Distance kind = Distance::kRelative;
  double distance = 0;             // signed where it is relative or absolute
  double bound = 0;                // on |distance|
  bool asked = false;
  bool ok() const;
  const char* verdict() const;     // met, NOT MET; near, off where nothing is promised
};

void print_fidelity(const std::vector<FidelityRow>& rows, bool markdown);

/// The feed environment of a config file (empty: the default scenario) under settings.
FeedConfig fidelity_config(const std::string& path, const std::vector<std::string>& sets, std::uint64_t seed);

std::vector<FidelityRow> fidelity_rows(const Marginals& m, const MarginalTargets& targets);

/// The rows and the curves behind them, by name, for a report's figures and CSV files.
std::map<std::string, Table> fidelity_tables(const Marginals& m, const MarginalTargets& targets);

}  // namespace sluice
