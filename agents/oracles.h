#pragma once
// Policies that know what no platform does (RequestBatch::latent): how much better could one do?
//
//   myopic_oracle   inject iff (1 + λ)·E[y] − λ·v̄ > τ, with the true expected live watch E[y]: the
//                   threshold rule without prediction error.
//   planner         inject iff D_g(x) > 0, an estimate of the advantage Q(s,1) − Q(s,0) on the latent state x
//                   of a user of group g, linear in the features of agents/planner_features.h, found by
//                   policy iteration on the simulator itself (experiments/plan.h).  The best policy known:
//                   a lower bound on the optimum, not an upper one.

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "agents/agent.h"
#include "agents/agent_info.h"
#include "sim/config.h"

namespace sluice {

struct MyopicOracleConfig {
  static constexpr AgentInfo kInfo = {"myopic_oracle", "oracle", "threshold on the true expected live watch", "our choice"};
  static constexpr const char* kKind = kInfo.kind;
  double lagrange_multiplier = 0;
  double threshold_s = 17;
  static constexpr auto fields() {
    using C = MyopicOracleConfig;
    return std::tuple{
        field("lagrange_multiplier", &C::lagrange_multiplier, {.range = {0, 1e4}, .doc = "λ of the true expected Lagrangian reward (1+λ)·E[y] − λ·displaced_s"}),
        field("threshold_s", &C::threshold_s, {.unit = "s", .doc = "inject iff it exceeds this"})};
  }
};

struct PlannerConfig {
  static constexpr AgentInfo kInfo = {"planner", "oracle", "policy iteration by regression on the true latent state, by paired rollouts of the simulator", "our choice: the best policy known"};
  static constexpr const char* kKind = kInfo.kind;
  std::map<std::string, double> prices = {{"cost_time", 0.15}};
  int rounds = 3;
  int users = 4000;
  int days = 6;
  double pairs = 200000;
  int carry_days = 10;
  double start_threshold_s = 10;
  std::vector<double> boundaries_s = {4000, 13000};
  static constexpr auto fields() {
    using C = PlannerConfig;
    return std::tuple{
        field("prices", &C::prices, {.range = {0, 1e6}, .doc = "cost name → λ: the objective is live watch minus these costs per user-day; cost_time at .15 pays .15 s of live watch for a second of app usage", .source = "our choice, as in the sensitivity study of the priors"}),
        field("rounds", &C::rounds, {.range = {1, 100}, .doc = "rounds of policy iteration; from the second on the estimates are averaged", .source = "our choice"}),
        field("users", &C::users, {.range = {10, 1e7}, .unit = "users", .doc = "of the world that it learns in"}),
        field("days", &C::days, {.range = {1, 1000}, .unit = "day", .doc = "of that world per round"}),
        field("pairs", &C::pairs, {.range = {1000, 1e9}, .doc = "requests per round that are continued twice, with and without an injection"}),
        field("carry_days", &C::carry_days, {.range = {1, 365}, .unit = "day", .doc = "days over which the habit and satisfaction that a day leaves are followed"}),
        field("start_threshold_s", &C::start_threshold_s, {.unit = "s", .doc = "the first policy: myopic_oracle with λ = 0 and this τ"}),
        field("boundaries_s", &C::boundaries_s, {.range = {0, 1e9}, .unit = "s", .doc = "live watch in 21 days that separates groups 1, 2, …; ascending", .source = "about the terciles of the default scenario's live users"})};
  }
};

/// What a planner has found.
struct PlannerTable {
  std::vector<double> mean, scale;           // [inputs] of the features
  std::vector<std::vector<double>> weights;  // [group][features]: D in s of live watch
};
void save(const PlannerTable& table, AgentState& state);

std::unique_ptr<Agent> make(const MyopicOracleConfig& config, const EnvSpec& spec, Seed seed);
/// Before load(), it is the first policy of its config.
std::unique_ptr<Agent> make(const PlannerConfig& config, const EnvSpec& spec, Seed seed);

}  // namespace sluice
