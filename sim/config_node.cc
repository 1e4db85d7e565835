#include "sim/config_node.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

namespace sluice {
namespace {

ConfigNode convert(const YAML::Node& yaml, const std::string& file, const std::string& path, int depth) {
  ConfigNode node;
  node.file = file;
  node.line = yaml.Mark().line + 1;
  if (depth > 64) throw config_error(node, path, "nested deeper than 64 levels");
  switch (yaml.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      break;
    case YAML::NodeType::Scalar:
      node.kind = ConfigNode::Kind::kScalar;
      node.text = yaml.Scalar();
      node.quoted = yaml.Tag() == "!";
      break;
    case YAML::NodeType::Sequence:
      node.kind = ConfigNode::Kind::kSequence;
      for (std::size_t i = 0; i < yaml.size(); ++i)
        node.children.push_back(convert(yaml[i], file, path + "[" + std::to_string(i) + "]", depth + 1));
      break;
    case YAML::NodeType::Map:
      node.kind = ConfigNode::Kind::kMap;
      for (const auto& entry : yaml) {
        ConfigNode key = {.file = file, .line = entry.first.Mark().line + 1};
        if (!entry.first.IsScalar()) throw config_error(key, path, "a key must be a plain text");
        const std::string& name = entry.first.Scalar();
        const std::string child = path.empty() ? name : path + "." + name;
        if (name == "<<") throw config_error(key, child, "merge keys are not supported; use `include:`");
        const auto first = std::find(node.keys.begin(), node.keys.end(), name);
        if (first != node.keys.end())
          throw config_error(key, child,
                             "the key `" + name + "` is there twice (first in line " +
                                 std::to_string(node.children[static_cast<std::size_t>(
                                                                  first - node.keys.begin())].line) +
                                 "); keep one");
        node.keys.push_back(name);
        node.children.push_back(convert(entry.second, file, child, depth + 1));
        // An empty value has no mark of its own.
        if (node.children.back().line <= 0 || node.children.back().kind == ConfigNode::Kind::kNull)
          node.children.back().line = key.line;
      }
      break;
  }
  return node;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

const ConfigNode* ConfigNode::find(const std::string& key) const {
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &children[static_cast<std::size_t>(found - keys.begin())];
}

std::string ConfigNode::where() const {
  return line > 0 ? file + ":" + std::to_string(line) : file;
}

UserError config_error(const ConfigNode& node, const std::string& path, const std::string& message) {
  const std::string place = node.where();
  return data_error((place.empty() ? "" : place + ": ") + (path.empty() ? "" : path + ": ") + message);
}

std::string nearest(const std::string& word, const std::vector<std::string>& names) {
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(word, name);
    if (distance >= least) continue;
    least = distance;
    best = name;
  }
  return best;
}

ConfigNode parse_config_text(const std::string& text, const std::string& name) {
  std::vector<YAML::Node> documents;
  try {
    documents = YAML::LoadAll(text);
  } catch (const YAML::Exception& e) {
    throw data_error(name + ":" + std::to_string(e.mark.line + 1) + ":" +
                     std::to_string(e.mark.column + 1) + ": not valid YAML: " + e.msg);
  }
  if (documents.size() > 1) throw data_error(name + ": holds more than one YAML document; give one");
  if (documents.empty() || documents[0].IsNull())
    throw data_error(name + ": is empty; a run needs at least `seed: 1`");
  return convert(documents[0], name, "", 0);
}

ConfigNode load_config_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw data_error(path + ": is a directory; give a YAML file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw data_error(path + ": cannot be read: " + std::strerror(errno));
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad() || text.str().size() > (1u << 24))
    throw data_error(path + ": cannot be read as a config (unreadable, or over 16 MiB)");
  return parse_config_text(text.str(), path);
}

ConfigNode parse_setting(const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos || equals == 0)
    throw usage_error("--set " + setting + ": give PATH=VALUE, e.g. --set agent.num_groups=5");
  const std::string source = "--set " + setting;
  ConfigNode value;
  const std::string text = setting.substr(equals + 1);
  if (text.find_first_not_of(" \t") == std::string::npos)
    throw usage_error(source + ": the value is missing");
  value = parse_config_text(text, source);
  value.line = 0;
  std::string path = setting.substr(0, equals);
  while (true) {
    const auto dot = path.rfind('.');
    ConfigNode map = {.kind = ConfigNode::Kind::kMap, .file = source};
    map.keys.push_back(dot == std::string::npos ? path : path.substr(dot + 1));
    if (map.keys.back().empty()) throw usage_error(source + ": a part of the path is empty");
    map.children.push_back(std::move(value));
    value = std::move(map);
    if (dot == std::string::npos) return value;
    path.resize(dot);
  }
}

}  // namespace sluice
