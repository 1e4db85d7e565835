#pragma once
// What `sluice list agents` says of an agent: a constant kInfo of its config struct.

namespace sluice {

struct AgentInfo {
  const char* kind;         // the word in YAML
  const char* family;       // "reference rule", "oracle", "value-based", "actor-critic", …
  const char* description;  // one line
  const char* source;
  bool learns = false;
  const char* data = "-";    // "off-policy": from a replay buffer of anybody's decisions; "on-policy": from its own
  bool offline = false;      // its loss is made for logs of another policy
  const char* limits = "-";  // how it keeps limits: "price": the Lagrangian reward; or a way of its own
};

}  // namespace sluice
