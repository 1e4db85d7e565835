#pragma once
// K agents, one per user group, that share nothing: no extractor, no replay, no step.  So RLUR (Cai et al. 2023, WWW) treats
// users of different activity.  Each is sl_mgac with num_groups: 1 and learns from its own users' decisions, so what is
// left beside it is what SL-MGAC's groups share.
//
// Groups are formed as sl_mgac forms them.  A K-th of batch, replay and exploration schedule goes to each, so that
// all together see as much as one agent would.  A user who moves from group to group meets another agent.

#include <memory>
#include <tuple>

#include "agents/sl_mgac.h"

namespace sluice {

struct IndependentGroupsConfig : SlMgacConfig {
  static constexpr AgentInfo kInfo = {.kind = "independent_groups", .family = "actor-critic", .description = "an agent of its own for each user group",
                                      .source = "Cai et al. 2023 (RLUR)", .learns = true, .data = "off-policy", .limits = "price"};
  static constexpr const char* kKind = kInfo.kind;
  static constexpr auto fields() { return std::tuple_cat(SlMgacConfig::grouping_fields(), SlMgacConfig::network_fields()); }
};

std::unique_ptr<Agent> make(const IndependentGroupsConfig& config, const EnvSpec& spec, Seed seed, const LearningContext& learning);

}  // namespace sluice
