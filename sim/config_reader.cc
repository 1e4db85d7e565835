#include "sim/config_reader.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace sluice {
namespace {

std::string shown(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::kNull: return "nothing";
    case ConfigNode::Kind::kScalar: return "`" + node.text + "`" + (node.quoted ? " in quotes" : "");
    case ConfigNode::Kind::kSequence: return "a list";
    case ConfigNode::Kind::kMap: return "a mapping";
  }
  return "";
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string hint(const std::string& given, const std::vector<std::string>& names) {
  const std::string near = nearest(given, names);
  return near.empty() ? "" : "; did you mean `" + near + "`?";
}

}  // namespace

std::string describe_range(const Range& range, bool whole) {
  const std::string what = whole ? "a whole number" : "a number";
  const bool lower = std::isfinite(range.lo) && range.lo > -2e9, upper = std::isfinite(range.hi) && range.hi < 2e9;
  const bool open_lo = range.bounds == kOpenBelow || range.bounds == kOpen;
  const bool open_hi = range.bounds == kOpenAbove || range.bounds == kOpen;
  if (lower && upper)
    return fmt::format("{} in {}{}, {}{}", what, open_lo ? "(" : "[", range.lo, range.hi, open_hi ? ")" : "]");
  if (lower) return fmt::format("{} {} {}", what, open_lo ? "above" : "of at least", range.lo);
  if (upper) return fmt::format("{} {} {}", what, open_hi ? "below" : "of at most", range.hi);
  return what;
}

double read_number(const ConfigNode& node, const std::string& path, const Range& range, bool whole) {
  const std::string expected = "expected " + describe_range(range, whole);
  if (node.kind != ConfigNode::Kind::kScalar || node.quoted)
    throw config_error(node, path, expected + ", not " + shown(node));
  double value = 0;
  const char* begin = node.text.data();
  const char* end = begin + node.text.size();
  if (begin != end && *begin == '+') ++begin;
  const auto [stop, error] = std::from_chars(begin, end, value);
  const bool numeric = error == std::errc() && stop == end && std::isfinite(value);
  if (!numeric || (whole && value != std::floor(value)))
    throw config_error(node, path, expected + ", not " + shown(node));
  const bool below = value < range.lo || (value == range.lo && (range.bounds == kOpenBelow || range.bounds == kOpen));
  const bool above = value > range.hi || (value == range.hi && (range.bounds == kOpenAbove || range.bounds == kOpen));
  if (below || above) throw config_error(node, path, node.text + " is out of range; " + expected);
  return value;
}

std::uint64_t read_unsigned(const ConfigNode& node, const std::string& path) {
  std::uint64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (node.kind != ConfigNode::Kind::kScalar || node.quoted || error != std::errc() || stop != end ||
      value > static_cast<std::uint64_t>(INT64_MAX))  // result files keep seeds as signed numbers
    throw config_error(node, path, "expected a whole number in [0, 9223372036854775807], not " + shown(node));
  return value;
}

bool read_bool(const ConfigNode& node, const std::string& path) {
  if (node.kind == ConfigNode::Kind::kScalar && !node.quoted) {
    if (node.text == "true") return true;
    if (node.text == "false") return false;
  }
  throw config_error(node, path, "expected true or false, not " + shown(node));
}

std::string read_text(const ConfigNode& node, const std::string& path) {
  if (node.kind != ConfigNode::Kind::kScalar)
    throw config_error(node, path, "expected a text, not " + shown(node));
  return node.text;
}

void require_map(const ConfigNode& node, const std::string& path) {
  if (node.kind != ConfigNode::Kind::kMap)
    throw config_error(node, path, "expected a mapping (key: value), not " + shown(node));
}

void unknown_key(const ConfigNode& map, std::size_t index, const std::string& path,
                 const std::vector<std::string>& known) {
  const std::string& key = map.keys[index];
  const std::string near = hint(key, known);
  throw config_error(map.children[index], path.empty() ? key : path + "." + key,
                     "unknown key `" + key + "`" + near +
                         (near.empty() ? "; known here: " + join(known) : ""));
}

void unknown_choice(const ConfigNode& node, const std::string& path, const std::string& what,
                    const std::string& given, const std::vector<std::string>& choices) {
  throw config_error(node, path, "unknown " + what + " `" + given + "`" + hint(given, choices) +
                                     "; accepted: " + join(choices));
}

}  // namespace sluice
