#pragma once
// The list of user models.  To add one: a file pair like behavioural_users.{h,cc}, and a word here.

#include <memory>
#include <variant>

#include "sim/user_model.h"
#include "users/behavioural_users.h"
#include "users/logit_users.h"

namespace sluice {

using UsersConfig = std::variant<BehaviouralUsersConfig, LogitUsersConfig>;

inline std::unique_ptr<UserModel> make(const UsersConfig& config, Seed seed) {
  return std::visit([&](const auto& kind) { return make(kind, seed); }, config);
}

inline int num_users(const UsersConfig& config) {
  return std::visit([](const auto& kind) { return kind.count; }, config);
}

}  // namespace sluice
