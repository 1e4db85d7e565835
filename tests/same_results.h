#pragma once
// Two result files that hold the same: what reproducibility tests compare.

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "agents/agent.h"
#include "experiments/result_file.h"

namespace sluice {

/// Every table, array and the agent of both files, as bytes.
inline void check_same_results(const std::string& a, const std::string& b) {
  const ResultReader left(a), right(b);
  REQUIRE(left.tables() == right.tables());
  CHECK(left.config() == right.config());
  for (const std::string& name : left.tables()) {
    const Table x = left.read_table(name), y = right.read_table(name);
    REQUIRE(x.columns.size() == y.columns.size());
    for (std::size_t i = 0; i < x.columns.size(); ++i) {
      CAPTURE(name);
      CAPTURE(x.columns[i].name);
      if (const auto* reals = std::get_if<std::vector<double>>(&x.columns[i].data)) {
        const auto& others = std::get<std::vector<double>>(y.columns[i].data);
        REQUIRE(reals->size() == others.size());
        CHECK(std::memcmp(reals->data(), others.data(), reals->size() * sizeof(double)) == 0);
      } else {
        CHECK(x.columns[i].data == y.columns[i].data);
      }
    }
  }
  REQUIRE(left.arrays() == right.arrays());
  for (const std::string& name : left.arrays()) CHECK(left.read_array(name).values == right.read_array(name).values);
  const AgentState p = left.read_agent(), q = right.read_agent();
  REQUIRE(p.arrays.size() == q.arrays.size());
  for (const auto& [name, array] : p.arrays) CHECK(array.values == q.arrays.at(name).values);
}

}  // namespace sluice
