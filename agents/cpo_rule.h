#pragma once
// CPO's step by itself.  Private to the learning library.

#include <memory>
#include <vector>

#include "agents/cpo.h"
#include "agents/on_policy.h"

namespace sluice {

/// `limits`: those that its steps keep.
std::unique_ptr<PolicyRule> cpo_rule(const CpoConfig& config, std::vector<CostLimit> limits);

}  // namespace sluice
