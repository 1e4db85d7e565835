#include "sim/config_node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>

namespace sluice {
namespace {

// A document may name a part and repeat it: a few lines of names of names would be a tree of any size.
constexpr std::size_t kMaxWeight = 200000;
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxBytes = 1u << 22;

/// Values below a node and itself; a long text weighs more.
std::size_t weight_of(const ConfigNode& node) {
  std::size_t weight = 1 + node.text.size() / 128;
  for (const std::string& key : node.keys) weight += key.size() / 128;
  for (const ConfigNode& child : node.children) weight += weight_of(child);
  return weight;
}

std::size_t depth_of(const ConfigNode& node) {
  std::size_t depth = 0;
  for (const ConfigNode& child : node.children) depth = std::max(depth, 1 + depth_of(child));
  return depth;
}

/// Takes yaml-cpp's events, so that a document that would grow without bound is left before it does.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string file) : file_(std::move(file)) {}
  ConfigNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp also begins a second document, or a never-ending row of empty ones, where a `,` or `}` is left over.
    if (++documents_ > 1)
      throw data_error(file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) +
                       ": more than one YAML document, or a mark too many, e.g. a `,`; give one document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add_leaf(node_at(mark), anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    if (named == anchors_.end()) throw config_error(node_at(mark), path(), "names a part that it is in itself");
    check_depth(open_.size() + depth_of(named->second), named->second);
    add_leaf(named->second, 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    ConfigNode node = node_at(mark);
    node.kind = ConfigNode::Kind::kScalar;
    node.text = value;
    node.quoted = tag == "!";
    add_leaf(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, ConfigNode::Kind::kSequence, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, ConfigNode::Kind::kMap, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  /// A list or a map whose end has not come yet.
  struct Open {
    ConfigNode node;
    YAML::anchor_t anchor = 0;
    std::map<std::string, std::size_t> places;  // of the keys
    int key_line = 0;
    bool takes_key() const { return node.kind == ConfigNode::Kind::kMap && node.keys.size() == node.children.size(); }
  };

  ConfigNode node_at(const YAML::Mark& mark) const { return {.file = file_, .line = mark.line + 1}; }

  std::string path() const {
    std::string path;
    for (const Open& open : open_)
      if (open.node.kind == ConfigNode::Kind::kSequence)
        path.append("[").append(std::to_string(open.node.children.size())).append("]");
      else if (!open.takes_key()) path.append(path.empty() ? "" : ".").append(open.node.keys.back());
    return path;
  }

  void open(const YAML::Mark& mark, ConfigNode::Kind kind, YAML::anchor_t anchor) {
    ConfigNode node = node_at(mark);
    if (!open_.empty() && open_.back().takes_key()) throw config_error(node, path(), "a key must be a plain text");
    check_depth(open_.size(), node);
    put_on_the_scales(node);
    node.kind = kind;
    open_.push_back({.node = std::move(node), .anchor = anchor});
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  void check_depth(std::size_t depth, const ConfigNode& node) const {
    if (depth > kMaxDepth) throw config_error(node, path(), "nested deeper than 64 levels");
  }
  void put_on_the_scales(const ConfigNode& node) {
    weight_ += weight_of(node);
    if (weight_ > kMaxWeight) throw config_error(node, path(), "more than 200 000 values, repeated parts included");
  }

  void add_leaf(ConfigNode node, YAML::anchor_t anchor) {
    check_depth(open_.size(), node);
    put_on_the_scales(node);
    add(std::move(node), anchor);
  }
  void add(ConfigNode node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      put_on_the_scales(node);  // the copy that is kept
      anchors_[anchor] = node;
    }
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.takes_key()) {
      add_key(parent, node);
    } else {
      // An empty value has no mark of its own.
      if (parent.node.kind == ConfigNode::Kind::kMap && (node.line <= 0 || node.kind == ConfigNode::Kind::kNull))
        node.line = parent.key_line;
      parent.node.children.push_back(std::move(node));
    }
  }

  void add_key(Open& map, const ConfigNode& key) {
    if (key.kind != ConfigNode::Kind::kScalar) throw config_error(key, path(), "a key must be a plain text");
    const std::string outer = path(), child = outer.empty() ? key.text : outer + "." + key.text;
    if (key.text == "<<") throw config_error(key, child, "merge keys are not supported; use `include:`");
    const auto [first, is_new] = map.places.try_emplace(key.text, map.node.keys.size());
    if (!is_new)
      throw config_error(key, child,
                         "the key `" + key.text + "` is there twice (first in line " +
                             std::to_string(map.node.children[first->second].line) + "); keep one");
    map.node.keys.push_back(key.text);
    map.key_line = key.line;
  }

  std::string file_;
  int documents_ = 0;
  std::size_t weight_ = 0;
  ConfigNode root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, ConfigNode> anchors_;
};

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
  if (text.size() > kMaxBytes) throw data_error(name + ": over 4 MiB: not a config");
  TreeBuilder builder(name);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    throw data_error(name + ":" + std::to_string(e.mark.line + 1) + ":" +
                     std::to_string(e.mark.column + 1) + ": not valid YAML: " + e.msg);
  }
  ConfigNode root = builder.take_root();
  if (root.kind == ConfigNode::Kind::kNull) throw data_error(name + ": is empty; a run needs at least `seed: 1`");
  return root;
}

ConfigNode load_config_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw data_error(path + ": is a directory; give a YAML file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw data_error(path + ": cannot be read: " + std::strerror(errno));
  std::string text;
  std::array<char, 1u << 14> block{};
  while (text.size() <= kMaxBytes && file.read(block.data(), block.size()).gcount() > 0)  // /dev/zero has no end
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
  if (file.bad()) throw data_error(path + ": cannot be read as a config");
  return parse_config_text(text, path);
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
  if (std::count(path.begin(), path.end(), '.') > static_cast<std::ptrdiff_t>(kMaxDepth))
    throw usage_error(source + ": a path of more than 64 parts");
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
