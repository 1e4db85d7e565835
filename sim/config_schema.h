#pragma once
// The reference documentation of a configuration, from the same list of fields that reads it.

#include <string>
#include <vector>

#include "sim/config_writer.h"

namespace sluice {

/// One documented field, or one kind of a variant (`type` "kind").
struct SchemaRow {
  std::string path, type, accepted, unit, default_value, doc, source;
};

template <Config C>
void list_schema(const C& defaults, const std::string& path, std::vector<SchemaRow>& rows);

template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, bool>) return "true|false";
  else if constexpr (std::is_same_v<T, std::string>) return "text";
  else if constexpr (std::is_enum_v<T>) return "choice";
  else if constexpr (std::is_integral_v<T>) return "integer";
  else if constexpr (std::is_floating_point_v<T>) return "number";
  else if constexpr (IsOptional<T>::value) return type_name<typename T::value_type>() + ", optional";
  else if constexpr (IsVector<T>::value) return "list of " + type_name<typename T::value_type>() + "s";
  else return "mapping";
}

template <class T>
void list_field(const T& value, const std::string& path, const FieldInfo& info, std::vector<SchemaRow>& rows) {
  if constexpr (Config<T>) {
    list_schema(value, path, rows);
  } else if constexpr (IsVariant<T>::value) {
    const auto list_kind = [&]<class K>(std::type_identity<K>) {
      K kind{};
      bool is_default = false;
      if (const K* held = std::get_if<K>(&value)) {
        kind = *held;
        is_default = true;
      }
      rows.push_back({.path = path, .type = "kind", .accepted = K::kKind,
                      .default_value = is_default ? "default" : "", .doc = info.doc});
      list_schema(kind, path, rows);
    };
    [&]<class... Ks>(std::type_identity<std::variant<Ks...>>) {
      (list_kind(std::type_identity<Ks>{}), ...);
    }(std::type_identity<T>{});
  } else {
    SchemaRow row{.path = path, .type = type_name<T>(), .unit = info.unit, .doc = info.doc, .source = info.source};
    if constexpr (std::is_enum_v<T>) {
      for (const char* name : enum_names(T{})) row.accepted += (row.accepted.empty() ? "" : ", ") + std::string(name);
    } else if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      row.accepted = describe_range(info.range, std::is_integral_v<T>);
    }
    if constexpr (IsOptional<T>::value) {
      row.default_value = value ? write_value(*value, 0) : "none";
    } else if constexpr (IsMap<T>::value) {
      row.path += ".NAME";
      if constexpr (Config<typename T::mapped_type>) {
        rows.push_back(row);
        list_schema(typename T::mapped_type{}, row.path, rows);
        return;
      }
    } else {
      row.default_value = write_value(value, 0);
    }
    while (!row.default_value.empty() && (row.default_value.back() == '\n' || row.default_value.back() == ' '))
      row.default_value.pop_back();
    if (!row.default_value.empty() && row.default_value.front() == ' ') row.default_value.erase(0, 1);
    rows.push_back(row);
  }
}

template <Config C>
void list_schema(const C& defaults, const std::string& path, std::vector<SchemaRow>& rows) {
  const auto list_one = [&](const auto& f) {
    using F = std::decay_t<decltype(f)>;
    if constexpr (IsRest<F>::value)
      rows.push_back({.path = path + ".NAME", .type = "number", .accepted = describe_range(f.info.range, false),
                      .doc = f.info.doc, .source = f.info.source});
    else
      list_field(defaults.*(f.member), path.empty() ? f.name : path + "." + f.name, f.info, rows);
  };
  std::apply([&](const auto&... fields) { (list_one(fields), ...); }, C::fields());
}

}  // namespace sluice
