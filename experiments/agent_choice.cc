// What a configuration says of its agent: who it is, and whether it learns.

#include <algorithm>

#include "experiments/run.h"
#include "experiments/run_parts.h"

namespace sluice {

bool trains(const ExperimentConfig& config) {
  return std::any_of(agent_infos().begin(), agent_infos().end(),
                     [&](const AgentInfo& info) { return info.learns && info.kind == kind_of(config.agent); });
}

std::string agent_label(const ExperimentConfig& config) {
  if (!config.label.empty()) return config.label;
  // A saved agent keeps the name that it was saved under.
  if (const auto* from = std::get_if<FromConfig>(&config.agent))
    if (const auto saved = ResultReader(from->from).text("agent_label"); saved && !saved->empty()) return *saved;
  return kind_of(resolve_from(config.agent));
}

AgentConfig resolve_from(const AgentConfig& agent) {
  const auto* from = std::get_if<FromConfig>(&agent);
  if (from == nullptr) return agent;
  const AgentConfig saved = parse_experiment(ResultReader(from->from).config(), from->from + ":/config").agent;
  if (std::holds_alternative<FromConfig>(saved))
    throw data_error(from->from + ": its agent is itself `from` another file; name that one");
  return saved;
}

}  // namespace sluice
