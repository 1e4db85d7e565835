#pragma once
// The kinds of users, for tests of what all of them owe.

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "users/users.h"

namespace sluice {

template <std::size_t... I>
inline std::vector<UsersConfig> kinds_of(std::index_sequence<I...>) {
  return {UsersConfig(std::in_place_index<I>)...};
}

/// Every alternative of the variant: a new kind is tested without being named here.
inline std::vector<UsersConfig> every_kind(int count, int first = 0) {
  std::vector<UsersConfig> kinds = kinds_of(std::make_index_sequence<std::variant_size_v<UsersConfig>>());
  for (UsersConfig& kind : kinds)
    std::visit(
        [&](auto& config) {
          config.count = count;
          config.first = first;
        },
        kind);
  return kinds;
}

inline std::string name_of(const UsersConfig& kind) {
  return std::visit([](const auto& config) { return std::string(config.kKind); }, kind);
}

}  // namespace sluice
