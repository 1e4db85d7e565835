#pragma once
// Reads YAML into typed configuration structs, strictly.  Reading is overlaying: keys that are there
// replace, all others keep, so a document, what it includes and --set are read one after another into
// the same struct.  A kind that stays the same keeps its values; a new kind starts from its defaults.
//
//   ExperimentConfig config;
//   read_config(load_config_file("run.yaml"), "", config);
//   read_config(parse_setting("agent.num_groups=5"), "", config);

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "sim/config.h"
#include "sim/config_node.h"

namespace sluice {

template <class T>
struct IsVariant : std::false_type {};
template <class... Ts>
struct IsVariant<std::variant<Ts...>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};
template <class F>
struct IsRest : std::false_type {};
template <class C, class T>
struct IsRest<RestField<C, T>> : std::true_type {};

/// "a number in [0, 1)", "a whole number of at least 1", ...
std::string describe_range(const Range& range, bool whole);
double read_number(const ConfigNode& node, const std::string& path, const Range& range, bool whole);
std::uint64_t read_unsigned(const ConfigNode& node, const std::string& path);
bool read_bool(const ConfigNode& node, const std::string& path);
std::string read_text(const ConfigNode& node, const std::string& path);
void require_map(const ConfigNode& node, const std::string& path);
[[noreturn]] void unknown_key(const ConfigNode& map, std::size_t index, const std::string& path,
                              const std::vector<std::string>& known);
[[noreturn]] void unknown_choice(const ConfigNode& node, const std::string& path, const std::string& what,
                                 const std::string& given, const std::vector<std::string>& choices);

template <Config C>
void read_config(const ConfigNode& node, const std::string& path, C& config);

template <class... Cs>
void read_kind(const ConfigNode& node, const std::string& path, std::variant<Cs...>& value);

template <class T>
void read_field(const ConfigNode& node, const std::string& path, const FieldInfo& info, T& value) {
  if constexpr (Config<T>) {
    read_config(node, path, value);
  } else if constexpr (IsVariant<T>::value) {
    read_kind(node, path, value);
  } else if constexpr (std::is_same_v<T, bool>) {
    value = read_bool(node, path);
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = read_text(node, path);
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    value = read_unsigned(node, path);
  } else if constexpr (std::is_enum_v<T>) {
    const std::string given = read_text(node, path);
    const auto names = enum_names(T{});
    for (std::size_t i = 0; i < names.size(); ++i)
      if (given == names[i]) {
        value = static_cast<T>(i);
        return;
      }
    unknown_choice(node, path, "value", given, {names.begin(), names.end()});
  } else if constexpr (std::is_integral_v<T>) {
    Range range = info.range;
    range.lo = std::max(range.lo, static_cast<double>(std::numeric_limits<T>::min()));
    range.hi = std::min(range.hi, sizeof(T) == 8 ? 9e15 : static_cast<double>(std::numeric_limits<T>::max()));
    value = static_cast<T>(read_number(node, path, range, true));
  } else if constexpr (std::is_floating_point_v<T>) {
    value = static_cast<T>(read_number(node, path, info.range, false));
  } else if constexpr (IsOptional<T>::value) {
    typename T::value_type inner{};
    if (value) inner = *value;
    read_field(node, path, info, inner);
    value = inner;
  } else if constexpr (IsVector<T>::value) {
    if (node.kind != ConfigNode::Kind::kSequence)
      throw config_error(node, path, "expected a list, e.g. [1, 2]");
    T items;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      typename T::value_type item{};
      read_field(node.children[i], path + "[" + std::to_string(i) + "]", info, item);
      items.push_back(item);
    }
    value = std::move(items);
  } else if constexpr (IsMap<T>::value) {
    require_map(node, path);
    for (std::size_t i = 0; i < node.keys.size(); ++i)
      read_field(node.children[i], path + "." + node.keys[i], info, value[node.keys[i]]);
  } else {
    static_assert(sizeof(T) == 0, "no reader for this type of field");
  }
}

template <Config C>
void read_config(const ConfigNode& node, const std::string& path, C& config) {
  require_map(node, path);
  const auto child_path = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const std::string& key = node.keys[i];
    if constexpr (requires { C::kKind; })
      if (key == "kind") continue;
    bool taken = false;
    std::vector<std::string> known;
    std::apply(
        [&](const auto&... fields) {
          [[maybe_unused]] const auto try_field = [&](const auto& f) {
            using F = std::decay_t<decltype(f)>;
            if constexpr (!IsRest<F>::value) {
              known.emplace_back(f.name);
              if (key != f.name) return;
              taken = true;
              read_field(node.children[i], child_path(key), f.info, config.*(f.member));
            }
          };
          (try_field(fields), ...);
          [[maybe_unused]] const auto try_rest = [&](const auto& f) {
            using F = std::decay_t<decltype(f)>;
            if constexpr (IsRest<F>::value) {
              if (taken) return;
              taken = true;
              read_field(node.children[i], child_path(key), f.info, (config.*(f.member))[key]);
            }
          };
          (try_rest(fields), ...);
        },
        C::fields());
    if (taken) continue;
    if constexpr (requires { C::kKind; }) known.emplace_back("kind");
    unknown_key(node, i, path, known);
  }
}

template <class... Cs>
void read_kind(const ConfigNode& node, const std::string& path, std::variant<Cs...>& value) {
  require_map(node, path);
  if (const ConfigNode* kind = node.find("kind")) {
    const std::string given = read_text(*kind, path + ".kind");
    bool found = false;
    const auto choose = [&]<class C>(std::type_identity<C>) {
      if (given != C::kKind) return;
      found = true;
      if (!std::holds_alternative<C>(value)) value = C{};
    };
    (choose(std::type_identity<Cs>{}), ...);
    if (!found) unknown_choice(*kind, path + ".kind", "kind", given, {Cs::kKind...});
  }
  std::visit([&](auto& config) { read_config(node, path, config); }, value);
}

}  // namespace sluice
