#pragma once
// Reading and writing a saved agent (agents/agent.h).

#include <string>
#include <vector>

#include "agents/agent.h"

namespace sluice {

/// Throws data_error when there is no such array.
const AgentState::Array& require_array(const std::string& name, const AgentState& state);

void save_vector(const std::string& name, const std::vector<double>& values, AgentState& state);
/// Throws data_error when there is no such array.
std::vector<double> load_vector(const std::string& name, const AgentState& state);

/// Kind of agent and hash of the schema: written on save, required on load.
void save_identity(const char* kind, const ObservationSchema& schema, AgentState& state);
void check_identity(const char* kind, const ObservationSchema& schema, const AgentState& state);

}  // namespace sluice
