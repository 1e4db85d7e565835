// `version`, `list` and `schema`: what there is, without running anything.

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <thread>

#include "agents/blas_info.h"
#include "experiments/commands.h"
#include "experiments/experiment_config.h"
#include "experiments/provenance.h"
#include "sim/config_schema.h"

namespace sluice {
namespace {

bool under(const std::string& path, const std::string& prefix) {
  return prefix.empty() || path == prefix || path.starts_with(prefix + ".");
}

// First line of a scenario's comment.
std::string summary(const std::string& yaml) {
  const auto end = yaml.find('\n');
  return yaml.starts_with("# ") ? yaml.substr(2, end - 2) : "";
}

}  // namespace

int version_command() {
  for (const auto& [name, version] : versions()) fmt::print("{:<13} {}\n", name, version);
  const BlasInfo& blas = blas_info();
  fmt::print("{:<13} {} ({})\n", "BLAS", blas.text(), blas.file);
  if (blas.is_reference)
    fmt::print("{:<13} WARNING: reference BLAS, about 25 times slower; apt-get install libopenblas0-serial\n", "");
  fmt::print("{:<13} {} cores; one libtorch thread per process\n", "threads", std::thread::hardware_concurrency());
  return 0;
}

int list_command(const std::string& what) {
  if (what == "agents" || what == "policies") {
    fmt::print("{:<18} {:<15} {:<11} {:<8} {:<12} {}\n", "kind", "family", "learns", "offline", "limits", "what it is (source)");
    for (const AgentInfo& info : agent_infos())
      if (what == "agents" || !info.learns)
        fmt::print("{:<18} {:<15} {:<11} {:<8} {:<12} {} ({})\n", info.kind, info.family, info.learns ? info.data : "no",
                   info.learns ? (info.offline ? "made for" : info.data == std::string_view("off-policy") ? "able" : "no") : "-", info.limits, info.description, info.source);
    if (what == "agents")
      fmt::print("\nlearns: from a replay of anybody's decisions (off-policy) or its own rollouts (on-policy)\n"
                 "limits: price: by the Lagrangian reward, at prices that are fixed or move (agent.multiplier); threshold: bisected\n"
                 "        until they are kept; trust region: every step keeps them to first order; proximity: stays near a policy for\n"
                 "        each cost, which no setting is known to make optimal under a limit\n");
    return 0;
  }
  if (what == "environments") {
    fmt::print("feed      short videos and live streams; one request per step, inject or not\n");
    fmt::print("tabular   a finite constrained MDP, from an HDF5 file or made, with exact evaluation\n");
    return 0;
  }
  if (what == "scenarios") {
    for (const auto& [name, yaml] : builtin_scenarios()) fmt::print("{:<10} {}\n", name, summary(yaml));
    return 0;
  }
  throw usage_error("list: unknown `" + what + "`; accepted: agents, policies, environments, scenarios");
}

int schema_command(const std::string& path) {
  std::vector<SchemaRow> rows;
  list_schema(ExperimentConfig{}, "", rows);
  const bool any = std::any_of(rows.begin(), rows.end(), [&](const SchemaRow& row) { return under(row.path, path); });
  if (!any) {
    std::vector<std::string> paths;
    for (const SchemaRow& row : rows) {
      paths.push_back(row.path);
      for (auto dot = row.path.rfind('.'); dot != std::string::npos; dot = row.path.rfind('.', dot - 1))
        paths.push_back(row.path.substr(0, dot));
    }
    const std::string near = nearest(path, paths);
    throw usage_error("schema: no field `" + path + "`" + (near.empty() ? "" : "; did you mean `" + near + "`?"));
  }
  for (const SchemaRow& row : rows) {
    if (!under(row.path, path)) continue;
    if (row.type == "kind") {
      fmt::print("\n{}.kind: {}{}{}\n", row.path, row.accepted, row.default_value.empty() ? "" : "  (default)",
                 row.doc.empty() ? "" : "  — " + row.doc);
      continue;
    }
    fmt::print("{}{}\n", row.path, row.default_value.empty() ? "" : " = " + row.default_value);
    std::string facts = row.accepted.empty() ? row.type : (row.type == "choice" ? "one of " + row.accepted : row.accepted);
    if (!row.unit.empty()) facts += " (" + row.unit + ")";
    fmt::print("    {}.  {}.  Source: {}.\n", facts, row.doc, row.source);
  }
  return 0;
}

}  // namespace sluice
