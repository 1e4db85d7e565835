#pragma once
// What a rule does not do: learn.  The base of every agent that is not trained by gradient steps.

#include <string>
#include <vector>

#include "agents/agent.h"
#include "sim/check.h"

namespace sluice {

class Rule : public Agent {
 public:
  explicit Rule(const EnvSpec& spec)
      : num_actions_(static_cast<std::size_t>(spec.num_actions)), num_costs_(spec.cost_names.size()) {}
  void begin_day(int, std::span<const float>) override {}
  bool learns() const override { return false; }
  bool needs_observations() const override { return false; }
  void observe(const TransitionBatch&) override {}
  std::optional<UpdateLog> update() override { return std::nullopt; }
  void update_multipliers(std::span<const double>) override {}
  std::vector<double> multipliers() const override { return std::vector<double>(num_costs_, 0.0); }
  void transfer(StateArchive&) override {}  // most rules remember nothing
  void save(AgentState&) const override {}
  void load(const AgentState&) override {}

 protected:
  std::size_t num_actions_;

 private:
  std::size_t num_costs_;
};

/// Index of an observation column; data_error naming the agent's kind if there is none.
inline std::size_t required_column(const EnvSpec& spec, const char* name, const char* kind) {
  const int column = spec.schema.column(name);
  if (column < 0)
    throw data_error(std::string("agent.kind: ") + kind + " needs the observation column '" + name +
                     "', which this environment does not have");
  return static_cast<std::size_t>(column);
}

/// Index of a column of RequestBatch::latent, likewise.
inline std::size_t required_latent(const EnvSpec& spec, const char* name, const char* kind) {
  for (std::size_t i = 0; i < spec.latent_names.size(); ++i)
    if (spec.latent_names[i] == name) return i;
  throw data_error(std::string("agent.kind: ") + kind + " needs to know '" + name +
                   "' of the user model, which this environment does not tell");
}

}  // namespace sluice
