#pragma once
// /diagnostics: how healthy the critic is in the course of training, and how far its Q is from the truth.

#include <string>
#include <vector>

#include "agents/agent.h"
#include "agents/monte_carlo.h"
#include "experiments/experiment_config.h"
#include "sim/table.h"

namespace sluice {

/// Rows of named numbers.  A name that a row lacks is NaN there.
class DiagnosticsLog {
 public:
  void add(std::int64_t update, std::int64_t decisions, const std::vector<Diagnostic>& row);
  bool empty() const { return rows_.empty(); }
  Table table() const;
  void transfer(StateArchive& archive);

 private:
  struct Row {
    std::int64_t update, decisions;
    std::vector<double> values;  // in the order of names_; shorter if names came later
  };
  std::vector<std::string> names_, units_, descriptions_;
  std::vector<Row> rows_;
};

/// Q of the agent beside its true value at requests of the batch that waits in `environment`, by rollouts of
/// its frozen policy at its own multipliers and discount (agents/monte_carlo.h):
///   q_bias = mean Q̂ − Q,  q_rmse with the rollouts' own noise taken out,  the same of the advantage
///   Q(s,1) − Q(s,0), which is what decides.  Empty if the agent has no Q.
std::vector<Diagnostic> true_q_diagnostics(const Environment& environment, Agent& agent, const PolicyMaker& frozen,
                                           const DiscountConfig& discount, const DiagnosticsConfig& config, Seed seed);

/// γ of an agent's configuration; that of an agent without: 1 per request.
DiscountConfig discount_of(const AgentConfig& config);

}  // namespace sluice
