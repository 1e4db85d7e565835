#pragma once
// Typed configuration: a plain struct with defaults and ONE list of its fields.
//
//   struct DqnConfig {
//     static constexpr const char* kKind = "dqn";           // only if it is one kind of several
//     double learning_rate = 3e-4;
//     static constexpr auto fields() {
//       return std::tuple{field("learning_rate", &DqnConfig::learning_rate,
//                               {.range = {0, 1, kOpenBelow}, .doc = "Adam step size", .source = "our choice"})};
//     }
//   };
//
// From that list come the strict reader (config_reader.h), the resolved YAML and the reference
// documentation (`sluice schema`).  A field's type may be bool, int, std::int64_t, std::uint64_t,
// double, std::string, an enum with enum_names(), std::vector of int/double/string,
// std::map<std::string, T> (free keys), std::optional<T>, another config struct, or a std::variant of
// config structs told apart by the YAML key `kind`.

#include <limits>
#include <tuple>

namespace sluice {

enum class Bounds { kClosed, kOpenBelow, kOpenAbove, kOpen };
using enum Bounds;

/// Accepted values of a number: [lo, hi], or open where `bounds` says so.  NaN is never accepted.
struct Range {
  double lo = -std::numeric_limits<double>::infinity();
  double hi = std::numeric_limits<double>::infinity();
  Bounds bounds = kClosed;
};

/// What the reference documentation says of a field.
struct FieldInfo {
  Range range = {};
  const char* unit = "";
  const char* doc = "";
  const char* source = "our choice";  // where the default comes from; "prior" if no data identifies it
};

template <class C, class T>
struct Field {
  using Type = T;
  const char* name;
  T C::*member;
  FieldInfo info;
};

template <class C, class T>
constexpr Field<C, T> field(const char* name, T C::*member, FieldInfo info = {}) {
  return {name, member, info};
}

/// Keys of a mapping that no listed field takes (e.g. `multiplier: {kind: fixed, cost_usage: 1}`).
/// At most one per struct, of type std::map<std::string, double>; info.doc says what the keys are.
template <class C, class T>
struct RestField {
  using Type = T;
  T C::*member;
  FieldInfo info;
};

template <class C, class T>
constexpr RestField<C, T> rest_field(T C::*member, FieldInfo info = {}) {
  return {member, info};
}

template <class C>
concept Config = requires { C::fields(); };

}  // namespace sluice
