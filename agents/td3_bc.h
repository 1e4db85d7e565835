#pragma once
// TD3+BC (Fujimoto & Gu 2021): TD3 whose actor stays near the data's decisions.
//
//   L_actor = α/mean|Q(s,a)|·L_TD3 + mean (p − a)²

#include <memory>
#include <tuple>

#include "agents/td3.h"

namespace sluice {

struct Td3BcConfig : Td3Config {
  static constexpr AgentInfo kInfo = {.kind = "td3_bc", .family = "offline", .description = "TD3 that imitates the data's decisions",
                                      .source = "Fujimoto & Gu 2021", .learns = true, .data = "off-policy", .offline = true, .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  double alpha = 2.5;

  static constexpr auto fields() {
    return std::tuple_cat(Td3Config::td3_fields(),
                          std::tuple{field("alpha", &Td3BcConfig::alpha, {.range = {0, 1e6, kOpenBelow}, .doc = "weight of the value against imitation", .source = "Fujimoto & Gu 2021"})});
  }
};

std::unique_ptr<Agent> make(const Td3BcConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
