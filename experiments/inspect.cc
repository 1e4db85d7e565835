#include "experiments/inspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "agents/agent.h"
#include "experiments/result_file.h"

namespace sluice {
namespace {

constexpr std::size_t kNumbersShown = 3;  // of a column or an array

template <class T>
std::string show(const T& value) {
  if constexpr (std::is_same_v<T, std::string>)
    return value;
  else if constexpr (std::is_same_v<T, double>)
    return fmt::format("{:.6g}", value);
  else
    return fmt::format("{}", value);
}

template <class T>
std::string first_values(const std::vector<T>& values) {
  std::string line;
  for (std::size_t i = 0; i < std::min(values.size(), kNumbersShown); ++i)
    line += (i > 0 ? ", " : "") + show(values[i]);
  return line + (values.size() > kNumbersShown ? ", …" : "");
}

/// Mean of the finite values; nothing for texts.
template <class T>
std::string mean_of(const std::vector<T>& values) {
  if constexpr (std::is_same_v<T, std::string>) {
    return "";
  } else {
    double sum = 0;
    std::int64_t n = 0;
    for (const T value : values) {
      if (!std::isfinite(static_cast<double>(value))) continue;
      sum += static_cast<double>(value);
      ++n;
    }
    return n == 0 ? "-" : show(sum / static_cast<double>(n));
  }
}

/// A text of several lines, below its name.
std::string indented(const std::string& text) {
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    result += "\n    " + text.substr(begin, end - begin);
    begin = end + 1;
  }
  return result;
}

void print_table(const std::string& group, const Table& table) {
  fmt::print("\n{}  {} rows, {} columns\n", group, table.num_rows(), table.columns.size());
  std::size_t name = 6, unit = 4;
  for (const Column& column : table.columns) {
    name = std::max(name, column.name.size());
    unit = std::max(unit, column.unit.size());
  }
  fmt::print("  {:<{}}  {:<{}}  {:>12}  {:<36}  {}\n", "column", name, "unit", unit, "mean",
             "first values", "what it is");
  for (const Column& column : table.columns)
    std::visit(
        [&](const auto& values) {
          fmt::print("  {:<{}}  {:<{}}  {:>12}  {:<36}  {}\n", column.name, name, column.unit, unit,
                     mean_of(values), first_values(values), column.description);
        },
        column.data);
}

}  // namespace

int inspect_command(const std::string& path) {
  const ResultReader file(path);
  fmt::print("{}\n\n", path);
  for (const auto& [name, value] : file.attributes()) {
    const std::string text = std::visit([](const auto& v) { return show(v); }, value);
    const bool is_block = text.find('\n') != std::string::npos;
    fmt::print("  {:<18} {}\n", name, is_block ? indented(text) : text);
  }

  for (const std::string& group : file.tables()) print_table(group, file.read_table(group));

  const std::vector<std::string> arrays = file.arrays();
  if (!arrays.empty()) fmt::print("\narrays\n");
  for (const std::string& name : arrays) {
    const NamedArray array = file.read_array(name);
    fmt::print("  {} [{}]  {}  {}\n", name, fmt::join(array.shape, ", "),
               first_values(array.values), array.description);
  }

  if (file.has("/agent")) {
    const AgentState agent = file.read_agent();
    std::size_t numbers = 0;
    for (const auto& [name, array] : agent.arrays) numbers += array.values.size();
    fmt::print("\n/agent  {} arrays ({} numbers), {} texts\n", agent.arrays.size(), numbers,
               agent.texts.size());
    for (const auto& [name, array] : agent.arrays)
      fmt::print("  {} [{}]\n", name, fmt::join(array.shape, ", "));
  }
  if (file.has("/config")) fmt::print("\n/config\n{}\n", file.config());
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace sluice
