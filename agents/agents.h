#pragma once
// The list of agents.  To add one: a file pair with a config struct (kInfo, fields()) and a make(), its
// header and one word in the variant here.  make() of a rule takes (config, spec, seed), that of a learner a
// LearningContext too.
//
// Learning agents live in libsluice_learning.so, which is opened when the first of them is made: it
// brings libtorch with it, whose start-up (about 0.8 s) nobody else should pay.

#include <memory>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "agents/a2c.h"
#include "agents/agent.h"
#include "agents/agent_info.h"
#include "agents/averaged_dqn.h"
#include "agents/awac.h"
#include "agents/bcq.h"
#include "agents/behaviour_cloning.h"
#include "agents/c51.h"
#include "agents/cmpo.h"
#include "agents/cpo.h"
#include "agents/cql.h"
#include "agents/crossq.h"
#include "agents/crr.h"
#include "agents/ddpg.h"
#include "agents/dqn.h"
#include "agents/droq.h"
#include "agents/focops.h"
#include "agents/group_threshold.h"
#include "agents/hl_gauss_dqn.h"
#include "agents/independent_groups.h"
#include "agents/iql.h"
#include "agents/learning.h"
#include "agents/oracles.h"
#include "agents/ppo.h"
#include "agents/pqn.h"
#include "agents/qr_dqn.h"
#include "agents/redq.h"
#include "agents/reference_policies.h"
#include "agents/sac.h"
#include "agents/sl_mgac.h"
#include "agents/student.h"
#include "agents/supervised_greedy.h"
#include "agents/td3.h"
#include "agents/td3_bc.h"
#include "agents/tscac.h"
#include "sim/config.h"

namespace sluice {

/// The agent saved in a result file.  experiments/ replaces it by the file's own agent config before
/// make_agent(), and calls load() after.
struct FromConfig {
  static constexpr AgentInfo kInfo = {"from", "saved", "the final agent of a result file", "-"};
  static constexpr const char* kKind = kInfo.kind;
  std::string from = {};
  static constexpr auto fields() {
    return std::tuple{field("from", &FromConfig::from, {.doc = "result file whose final agent is used"})};
  }
};

using AgentConfig = std::variant<
    // Rules
    NeverConfig, AlwaysConfig, RandomConfig, IntervalConfig, ThresholdConfig, FatigueThresholdConfig, GroupThresholdConfig,
    MyopicOracleConfig, PlannerConfig, FromConfig, StudentConfig,
    // Learners: the paper's, supervised, by values, actors with critics, relaxed actions, ensembles and the like
    SlMgacConfig, IndependentGroupsConfig, SupervisedGreedyConfig, DqnConfig, AveragedDqnConfig, C51Config, QrDqnConfig,
    HlGaussDqnConfig, SacConfig, DdpgConfig, Td3Config, RedqConfig, DroqConfig, CrossqConfig, PqnConfig, CmpoConfig,
    // … made for logs
    BehaviourCloningConfig, BcqConfig, CqlConfig, IqlConfig, AwacConfig, CrrConfig, Td3BcConfig,
    // … on-policy, and made for limits
    A2cConfig, PpoConfig, FocopsConfig, CpoConfig, TscacConfig>;

/// Throws data_error when the environment lacks what the agent needs (a column, a cost) or the
/// learning library is missing.
std::unique_ptr<Agent> make_agent(const AgentConfig& config, const EnvSpec& spec, Seed seed,
                                  const LearningContext& learning = {});

/// Opens the learning library now: processes forked from this one find it there.
void preload_learning();

/// In the order of the variant.
const std::vector<AgentInfo>& agent_infos();

}  // namespace sluice
