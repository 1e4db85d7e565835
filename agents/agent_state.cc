#include "agents/agent_state.h"

#include "sim/check.h"

namespace sluice {
namespace {

std::string hash_text(const ObservationSchema& schema) { return std::to_string(schema.hash()); }

}  // namespace

const AgentState::Array& require_array(const std::string& name, const AgentState& state) {
  const auto found = state.arrays.find(name);
  if (found == state.arrays.end()) throw data_error("the saved agent has no array '" + name + "'");
  return found->second;
}

void save_vector(const std::string& name, const std::vector<double>& values, AgentState& state) {
  state.arrays[name] = {{static_cast<std::int64_t>(values.size())}, values};
}

std::vector<double> load_vector(const std::string& name, const AgentState& state) {
  return require_array(name, state).values;
}

void save_identity(const char* kind, const ObservationSchema& schema, AgentState& state) {
  state.texts["kind"] = kind;
  state.texts["schema_hash"] = hash_text(schema);
  state.texts["schema"] = schema.to_text();
}

void check_identity(const char* kind, const ObservationSchema& schema, const AgentState& state) {
  const auto text = [&](const char* name) {
    const auto found = state.texts.find(name);
    return found == state.texts.end() ? std::string("none") : found->second;
  };
  if (text("kind") != kind)
    throw data_error("the saved agent is of kind '" + text("kind") + "', expected '" + kind + "'");
  if (text("schema_hash") != hash_text(schema))
    throw data_error("the saved agent learned on other observations (schema hash " +
                     text("schema_hash") + ") than this environment gives (" + hash_text(schema) + ")");
}

}  // namespace sluice
