#pragma once
// A YAML document as a plain tree that remembers where everything stood.  (yaml-cpp stays behind
// config_node.cc.)

#include <string>
#include <vector>

#include "sim/check.h"

namespace sluice {

struct ConfigNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  std::string text;      // of a scalar
  bool quoted = false;   // "1" in quotes is a text, not a number
  std::string file;
  int line = 0;          // from 1; 0: not from a file
  std::vector<std::string> keys;      // of a map, as written
  std::vector<ConfigNode> children;   // values of a map or items of a sequence

  const ConfigNode* find(const std::string& key) const;
  /// "run.yaml:12", or the name of the source if it has no lines.
  std::string where() const;
};

/// Throws data_error: missing, a directory, unreadable, empty, not YAML (line, column), more than one
/// document, a key twice in one mapping, a key that is not a plain text.
ConfigNode load_config_file(const std::string& path);
ConfigNode parse_config_text(const std::string& text, const std::string& name);
/// "a.b.c=VALUE" as the document {a: {b: {c: VALUE}}}; VALUE is YAML.  Throws usage_error if it is not
/// of that form.
ConfigNode parse_setting(const std::string& setting);

/// The name nearest to `word` within a third of its length; empty if none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& names);

/// "FILE:LINE: PATH: MESSAGE", exit code 65.
UserError config_error(const ConfigNode& node, const std::string& path, const std::string& message);

}  // namespace sluice
