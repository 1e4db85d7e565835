#pragma once
// A small network that imitates another agent's policy, for serving: plain arrays and loops, no libtorch,
// nothing allocated per decision.  Made by `sluice distill` from a result file (agents/distill.h).
//
//   π_S(·|s) = softmax(MLP([dense features, id embeddings, attention over the histories, one-hot of g(u)]))
//
// The features are those of agents/nets.h, of sizes of its own and without LayerNorm.  Groups are the
// teacher's, by its boundaries.

#include <memory>
#include <tuple>
#include <vector>

#include "agents/agent.h"
#include "agents/agent_info.h"
#include "agents/user_groups.h"
#include "sim/config.h"

namespace sluice {

struct StudentConfig {
  static constexpr AgentInfo kInfo = {"student", "saved", "a small network that imitates another agent, served without libtorch; made by `sluice distill`", "Hinton et al. 2015"};
  static constexpr const char* kKind = kInfo.kind;
  std::vector<int> hidden = {64, 32};
  int embedding_size = 8;
  int attention_size = 16;
  int num_groups = 5;
  Grouping grouping = Grouping::kLiveWatch;
  int reassign_days = 7;

  static constexpr auto fields() {
    using C = StudentConfig;
    return std::tuple{
        field("hidden", &C::hidden, {.range = {1, 4096}, .doc = "widths of the hidden layers"}),
        field("embedding_size", &C::embedding_size, {.range = {1, 256}, .doc = "width of an id's embedding"}),
        field("attention_size", &C::attention_size, {.range = {1, 256}, .doc = "width of keys, queries and values of target attention"}),
        field("num_groups", &C::num_groups, {.range = {1, 64}, .doc = "the teacher's; 1: it has none"}),
        field("grouping", &C::grouping, {.doc = "the teacher's"}),
        field("reassign_days", &C::reassign_days, {.range = {1, 100000}, .unit = "day", .doc = "the teacher's"})};
  }
};

/// Acts only after load().
std::unique_ptr<Agent> make(const StudentConfig& config, const EnvSpec& spec, Seed seed);

}  // namespace sluice
