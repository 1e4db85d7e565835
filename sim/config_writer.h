#pragma once
// Writes a configuration as YAML: every field, in the order of its list, so that reading it back gives
// an equal struct and equal structs give equal text.

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "sim/config_reader.h"

namespace sluice {

/// FNV-1a over the text, in hexadecimal.
std::string config_hash(const std::string& yaml);
/// A text as a YAML scalar, quoted where it must be.
std::string quote_scalar(const std::string& text);

template <Config C>
std::string write_config(const C& config, int indent);

template <class T>
std::string write_value(const T& value, int indent) {
  if constexpr (Config<T>) {
    return write_config(value, indent).insert(0, 1, '\n');
  } else if constexpr (IsVariant<T>::value) {
    return std::visit([&](const auto& kind) { return write_config(kind, indent).insert(0, 1, '\n'); }, value);
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? " true\n" : " false\n";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return fmt::format(" {}\n", quote_scalar(value));
  } else if constexpr (std::is_enum_v<T>) {
    return fmt::format(" {}\n", enum_names(T{})[static_cast<std::size_t>(value)]);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return fmt::format(" {}\n", value);
  } else if constexpr (IsOptional<T>::value) {
    return write_value(*value, indent);
  } else if constexpr (IsVector<T>::value) {
    std::string text = " [";
    for (std::size_t i = 0; i < value.size(); ++i) {
      std::string item = write_value(value[i], indent);
      text.append(i > 0 ? "," : "").append(item, i > 0 ? 0 : 1, item.size() - (i > 0 ? 1 : 2));
    }
    return text.append("]\n");
  } else {
    static_assert(IsMap<T>::value, "no writer for this type of field");
    if (value.empty()) return " {}\n";
    std::string text = "\n";
    for (const auto& [key, item] : value)
      text += fmt::format("{:{}}{}:{}", "", indent, quote_scalar(key), write_value(item, indent + 2));
    return text;
  }
}

template <Config C>
std::string write_config(const C& config, int indent) {
  std::string text;
  if constexpr (requires { C::kKind; }) text = fmt::format("{:{}}kind: {}\n", "", indent, C::kKind);
  const auto write_field = [&](const auto& f) {
    using F = std::decay_t<decltype(f)>;
    const auto& value = config.*(f.member);
    if constexpr (IsRest<F>::value) {
      for (const auto& [key, item] : value)
        text += fmt::format("{:{}}{}:{}", "", indent, quote_scalar(key), write_value(item, indent + 2));
    } else {
      if constexpr (IsOptional<typename F::Type>::value)
        if (!value) return;
      text += fmt::format("{:{}}{}:{}", "", indent, f.name, write_value(value, indent + 2));
    }
  };
  std::apply([&](const auto&... fields) { (write_field(fields), ...); }, C::fields());
  return text;
}

template <Config C>
std::string to_yaml(const C& config) {
  return write_config(config, 0);
}

}  // namespace sluice
