#pragma once
// The list of supply processes.  To add one: a file pair like markov_modulated_supply.{h,cc}, and a
// word here.

#include <memory>
#include <variant>

#include "sim/supply_process.h"
#include "supply/markov_modulated_supply.h"
#include "supply/poisson_supply.h"
#include "supply/trace_supply.h"

namespace sluice {

using SupplyConfig = std::variant<MarkovModulatedSupplyConfig, PoissonSupplyConfig, TraceSupplyConfig>;

inline std::unique_ptr<SupplyProcess> make(const SupplyConfig& config, Seed seed) {
  return std::visit([&](const auto& kind) { return make(kind, seed); }, config);
}

}  // namespace sluice
