#pragma once
// Tables of the feed world, compared and summed.

#include <doctest/doctest.h>

#include <cstring>
#include <numeric>

#include "sim/table.h"

namespace sluice {

// Bytes, so that NaN equals NaN.
inline bool same(const Table& a, const Table& b) {
  if (a.columns.size() != b.columns.size()) return false;
  for (std::size_t i = 0; i < a.columns.size(); ++i) {
    const bool equal = std::visit(
        [&](const auto& left) {
          const auto& right = std::get<std::decay_t<decltype(left)>>(b.columns[i].data);
          if (left.size() != right.size()) return false;
          if constexpr (std::is_same_v<std::decay_t<decltype(left)>, std::vector<std::string>>)
            return left == right;
          else
            return std::memcmp(left.data(), right.data(), left.size() * sizeof(left[0])) == 0;
        },
        a.columns[i].data);
    if (!equal) return false;
  }
  return true;
}

inline double sum(const Table& table, const char* column) {
  const auto add = [](const auto& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
  };
  const Column* found = table.find(column);
  REQUIRE(found != nullptr);
  if (const auto* reals = std::get_if<std::vector<double>>(&found->data)) return add(*reals);
  return add(std::get<std::vector<std::int64_t>>(found->data));
}

}  // namespace sluice
