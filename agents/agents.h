#pragma once
// The list of agents.  To add one: a file pair with a config struct and a make(), one word in the
// variant, one line in agents.cc.
//
// Learning agents live in libsluice_learning.so, which is opened when the first of them is made: it
// brings libtorch with it, whose start-up (about 0.8 s) nobody else should pay.

#include <memory>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "agents/agent.h"
#include "agents/dqn.h"
#include "agents/group_threshold.h"
#include "agents/learning.h"
#include "agents/oracles.h"
#include "agents/reference_policies.h"
#include "agents/sl_mgac.h"
#include "agents/student.h"
#include "sim/config.h"

namespace sluice {

/// The agent saved in a result file.  experiments/ replaces it by the file's own agent config before
/// make_agent(), and calls load() after.
struct FromConfig {
  static constexpr const char* kKind = "from";
  std::string from = {};
  static constexpr auto fields() {
    return std::tuple{field("from", &FromConfig::from, {.doc = "result file whose final agent is used"})};
  }
};

using AgentConfig =
    std::variant<NeverConfig, AlwaysConfig, RandomConfig, IntervalConfig, ThresholdConfig,
                 FatigueThresholdConfig, GroupThresholdConfig, MyopicOracleConfig, PlannerConfig, FromConfig, DqnConfig, SlMgacConfig, StudentConfig>;

/// Throws data_error when the environment lacks what the agent needs (a column, a cost) or the
/// learning library is missing.
std::unique_ptr<Agent> make_agent(const AgentConfig& config, const EnvSpec& spec, Seed seed,
                                  const LearningContext& learning = {});

/// Opens the learning library now: processes forked from this one find it there.
void preload_learning();

struct AgentInfo {
  const char* kind;
  const char* family;       // "reference rule", "oracle", "value-based", "actor-critic", "saved"
  const char* description;  // one line
  const char* source;
  bool learns;
};
const std::vector<AgentInfo>& agent_infos();

}  // namespace sluice
