#pragma once
// A table in memory: equal-length named columns, each with a unit and a description.  It is what the
// simulator hands out, what a result file stores and what the analysis reads back.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/check.h"

namespace sluice {

using ColumnData =
    std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;

struct Column {
  std::string name;
  std::string unit;         // "s", "1", "users", ...; "1" for a plain number
  std::string description;  // one line
  ColumnData data;
};

struct Table {
  std::vector<Column> columns;

  std::size_t num_rows() const {
    if (columns.empty()) return 0;
    return std::visit([](const auto& values) { return values.size(); }, columns.front().data);
  }
  const Column* find(const std::string& name) const {
    for (const Column& column : columns)
      if (column.name == name) return &column;
    return nullptr;
  }
  /// The values of a column that must be there with this type.
  template <class T>
  const std::vector<T>& get(const std::string& name) const {
    const Column* column = find(name);
    ENSURE(column != nullptr, "no column " + name);
    ENSURE(std::holds_alternative<std::vector<T>>(column->data), "type of column " + name);
    return std::get<std::vector<T>>(column->data);
  }
};

}  // namespace sluice
