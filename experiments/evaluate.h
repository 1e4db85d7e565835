#pragma once
// Frozen evaluation: no exploration, no learning, the same users, supply and luck for every agent.

#include <functional>
#include <memory>
#include <vector>

#include "agents/agent.h"
#include "experiments/policy_loop.h"
#include "experiments/worlds.h"
#include "sim/table.h"
#include "sim/tabular_cmdp.h"

namespace sluice {

struct FeedEvaluation {
  Table daily, daily_group, episodes;
  std::vector<double> totals;   // mean per user-day, FeedTotal order
  std::vector<double> costs;    // mean per user-day, FeedCost order
  std::vector<CostLimit> limits;
  std::int64_t decisions = 0;
  double live_dau_share = 0;    // user-days with an entry / user-days with a request
};

/// Makes an agent for a world.  An evaluation never runs the learner itself but a copy made for its
/// world: what an agent keeps per user belongs to the users of one world.
using AgentMaker = std::function<std::unique_ptr<Agent>(const EnvSpec&)>;

/// Evaluates on a fork of the world of `key` for `days`.
FeedEvaluation evaluate_feed(Worlds& worlds, const FeedConfig& config, const WorldKey& key, int days,
                             const AgentMaker& make, const DecisionCounter& count = {});

/// Rows of /constraints and /evaluations, collected over a run.
class EvaluationLog {
 public:
  explicit EvaluationLog(std::vector<std::string> cost_names) : cost_names_(std::move(cost_names)) {}
  void add_constraints(std::int64_t decisions, std::span<const double> costs,
                       std::span<const CostLimit> limits, std::span<const double> multipliers);
  void add_feed(std::int64_t decisions, const FeedEvaluation& evaluation);
  void add_exact(std::int64_t decisions, double exact_return, std::span<const double> exact_costs);
  Table constraints() const;
  Table evaluations() const;
  void transfer(StateArchive& archive);

 private:
  struct Constraint {
    std::int64_t decisions;
    std::int64_t cost;  // index into cost_names_
    double value, limit, multiplier;
  };
  std::vector<std::string> cost_names_;
  std::vector<Constraint> constraints_;
  std::vector<std::string> references_;  // as constraints_: policy that the limit is relative to
  std::vector<std::string> value_names_, value_units_;
  std::vector<std::int64_t> decisions_;
  std::vector<std::vector<double>> values_;  // one row per evaluation
};

}  // namespace sluice
