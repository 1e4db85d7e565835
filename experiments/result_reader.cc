#include <fmt/format.h>

#include <algorithm>

#include "agents/agent.h"
#include "experiments/result_file.h"

namespace sluice {
namespace {

constexpr int kMaxGroups = 8;  // within each other: a foreign file may hold links in a circle

/// Every dataset under `group`, as paths relative to it.  `where`: the file's path.
void collect_arrays(const hdf5::File& file, const std::string& where, const std::string& group,
                    const std::string& prefix, std::vector<std::string>& names, int depth = 1) {
  if (depth > kMaxGroups)
    throw data_error(
        fmt::format("{}: {} is a group within more than {} groups: not a result of sluice", where, group, kMaxGroups));
  for (const std::string& child : file.children(group)) {
    const std::string path = group + "/" + child;
    if (file.is_group(path)) collect_arrays(file, where, path, prefix + child + "/", names, depth + 1);
    else
      names.push_back(prefix + child);
  }
}

/// A group is a table if it holds one-dimensional datasets of one length, and nothing else.
bool is_table(const hdf5::File& file, const std::string& group) {
  const std::vector<std::string> columns = file.children(group);
  std::int64_t rows = -1;
  for (const std::string& column : columns) {
    const std::string path = group + "/" + column;
    if (file.is_group(path)) return false;
    const hdf5::Shape shape = file.shape(path);
    if (shape.size() != 1 || (rows >= 0 && shape[0] != rows)) return false;
    rows = shape[0];
  }
  return !columns.empty();
}

std::string text_attribute(const std::map<std::string, Attribute>& attributes,
                           const std::string& name, const std::string& otherwise) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return otherwise;
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? otherwise : *text;
}

const Column& column_of(const Table& table, const std::string& name, const std::string& where) {
  const Column* column = table.find(name);
  if (column == nullptr) throw data_error(fmt::format("{}: no column {}", where, name));
  return *column;
}

}  // namespace

ResultReader::ResultReader(std::string path)
    : path_(std::move(path)), file_(std::make_unique<hdf5::File>(hdf5::File::open(path_))) {
  const std::optional<std::int64_t> version = integer("schema_version");
  if (!version)
    throw data_error(path_ + ": an HDF5 file, but not a result of sluice (no schema_version)");
  if (*version != kSchemaVersion)
    throw data_error(fmt::format(
        "{}: schema version {}; this program reads version {}: {}", path_, *version, kSchemaVersion,
        *version > kSchemaVersion ? "use a newer sluice" : "make it again"));
  if (integer("complete").value_or(0) != 1)
    throw data_error(path_ + ": incomplete: its run did not finish; run it again");
}

ResultReader::~ResultReader() = default;
ResultReader::ResultReader(ResultReader&&) noexcept = default;
ResultReader& ResultReader::operator=(ResultReader&&) noexcept = default;

std::map<std::string, Attribute> ResultReader::attributes() const { return file_->attributes("/"); }

std::optional<std::string> ResultReader::text(const std::string& name) const {
  const auto all = attributes();
  const auto found = all.find(name);
  if (found == all.end() || !std::holds_alternative<std::string>(found->second)) return {};
  return std::get<std::string>(found->second);
}

std::optional<std::int64_t> ResultReader::integer(const std::string& name) const {
  const auto all = attributes();
  const auto found = all.find(name);
  if (found == all.end() || !std::holds_alternative<std::int64_t>(found->second)) return {};
  return std::get<std::int64_t>(found->second);
}

std::optional<double> ResultReader::number(const std::string& name) const {
  const auto all = attributes();
  const auto found = all.find(name);
  if (found == all.end()) return {};
  if (const auto* real = std::get_if<double>(&found->second)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&found->second))
    return static_cast<double>(*whole);
  return {};
}

std::string ResultReader::config() const {
  if (!has("/config")) throw data_error(path_ + ": no /config in it");
  return file_->read_text("/config");
}

bool ResultReader::has(const std::string& name) const { return file_->has(name); }

std::vector<std::string> ResultReader::tables() const {
  std::vector<std::string> names;
  for (const std::string& child : file_->children("/")) {
    const std::string group = "/" + child;
    if (group != "/agent" && file_->is_group(group) && is_table(*file_, group))
      names.push_back(group);
  }
  return names;
}

std::vector<std::string> ResultReader::arrays() const {
  const std::vector<std::string> table_names = tables();
  std::vector<std::string> names;
  for (const std::string& child : file_->children("/")) {
    const std::string path = "/" + child;
    if (path == "/agent" || path == "/config") continue;
    if (std::find(table_names.begin(), table_names.end(), path) != table_names.end()) continue;
    if (file_->is_group(path)) collect_arrays(*file_, path_, path, path + "/", names);
    else
      names.push_back(path);
  }
  return names;
}

Table ResultReader::read_table(const std::string& group) const {
  if (!file_->is_group(group)) throw data_error(fmt::format("{}: no table {}", path_, group));
  Table table;
  for (const std::string& name : file_->children(group)) {
    const std::string path = group + "/" + name;
    Column column{.name = name, .unit = "1", .description = "", .data = {}};
    const std::map<std::string, Attribute> about = file_->attributes(path);
    column.unit = text_attribute(about, "unit", "1");
    column.description = text_attribute(about, "description", "");
    switch (file_->kind(path)) {
      case hdf5::Kind::kReal:
        column.data = file_->read<double>(path);
        break;
      case hdf5::Kind::kInteger:
        column.data = file_->read<std::int64_t>(path);
        break;
      case hdf5::Kind::kText:
        column.data = file_->read<std::string>(path);
        break;
      case hdf5::Kind::kOther:
        throw data_error(fmt::format("{}: {} is neither numbers nor texts", path_, path));
    }
    const auto rows = std::visit([](const auto& values) { return values.size(); }, column.data);
    if (!table.columns.empty() && rows != table.num_rows())
      throw data_error(fmt::format("{}: {} has {} rows, {} has {}: the file is damaged", path_,
                                   path, rows, table.columns.front().name, table.num_rows()));
    table.columns.push_back(std::move(column));
  }
  return table;
}

NamedArray ResultReader::read_array(const std::string& name) const {
  if (!has(name)) throw data_error(fmt::format("{}: no array {}", path_, name));
  const std::map<std::string, Attribute> about = file_->attributes(name);
  return {.shape = file_->shape(name),
          .values = file_->read<double>(name),
          .unit = text_attribute(about, "unit", "1"),
          .description = text_attribute(about, "description", "")};
}

AgentState ResultReader::read_agent() const {
  if (!file_->is_group("/agent/arrays") || !file_->is_group("/agent/texts"))
    throw data_error(path_ + ": holds no saved agent (/agent)");
  AgentState state;
  std::vector<std::string> names;
  collect_arrays(*file_, path_, "/agent/arrays", "", names);
  for (const std::string& name : names) {
    const std::string path = "/agent/arrays/" + name;
    state.arrays[name] = {.shape = file_->shape(path), .values = file_->read<double>(path)};
  }
  names.clear();
  collect_arrays(*file_, path_, "/agent/texts", "", names);
  for (const std::string& name : names)
    state.texts[name] = file_->read_text("/agent/texts/" + name);
  return state;
}

std::vector<double> numbers(const Table& table, const std::string& column,
                            const std::string& where) {
  const Column& found = column_of(table, column, where);
  if (const auto* reals = std::get_if<std::vector<double>>(&found.data)) return *reals;
  if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&found.data))
    return {whole->begin(), whole->end()};
  throw data_error(fmt::format("{}: column {} holds texts, not numbers", where, column));
}

std::vector<std::int64_t> integers(const Table& table, const std::string& column,
                                   const std::string& where) {
  const Column& found = column_of(table, column, where);
  if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&found.data)) return *whole;
  throw data_error(fmt::format("{}: column {} does not hold whole numbers", where, column));
}

std::vector<std::string> texts(const Table& table, const std::string& column,
                               const std::string& where) {
  const Column& found = column_of(table, column, where);
  if (const auto* values = std::get_if<std::vector<std::string>>(&found.data)) return *values;
  throw data_error(fmt::format("{}: column {} does not hold texts", where, column));
}

}  // namespace sluice
