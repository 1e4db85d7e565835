#include "experiments/result_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "agents/agent.h"

namespace sluice {
void check_output(const std::string& path, Overwrite overwrite) {
  struct stat info {};
  if (lstat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode))
      throw data_error(path + ": the output is a directory; a file name (.h5) is needed");
    if (overwrite == Overwrite::kRefuse) throw already_exists(path);
  } else if (errno != ENOENT) {
    throw cannot_write(path, errno);
  }
  const std::string directory = directory_of(path);
  if (access(directory.c_str(), W_OK | X_OK) != 0) throw cannot_write(path, errno);
}

ResultWriter::ResultWriter(std::string path, Overwrite overwrite)
    : path_((check_output(path, overwrite), std::move(path))), target_(path_, overwrite) {
  file_ = std::make_unique<hdf5::File>(hdf5::File::create(path_));
  file_->set_attribute("/", "schema_version", kSchemaVersion);
}

ResultWriter::~ResultWriter() = default;

void ResultWriter::set_attribute(const std::string& name, const Attribute& value) {
  ENSURE(name != "schema_version" && name != "complete", "attribute of the writer's own: " + name);
  file_->set_attribute("/", name, value);
}

void ResultWriter::write_config(const std::string& yaml) { file_->write_text("/config", yaml); }

void ResultWriter::write_table(const std::string& group, const Table& table) {
  ENSURE(!file_->has(group), "table written twice: " + group);
  file_->make_group(group);
  for (const Column& column : table.columns) {
    ENSURE(!column.name.empty() && column.name.find('/') == std::string::npos,
           "name of a column of " + group + ": " + column.name);
    const std::string name = group + "/" + column.name;
    std::visit(
        [&](const auto& values) {
          using T = typename std::decay_t<decltype(values)>::value_type;
          ENSURE(values.size() == table.num_rows(), "length of " + name);
          file_->write<T>(name, {static_cast<std::int64_t>(values.size())}, values);
        },
        column.data);
    file_->set_attribute(name, "unit", column.unit);
    file_->set_attribute(name, "description", column.description);
  }
}

void ResultWriter::write_array(const std::string& name, const NamedArray& array) {
  ENSURE(!file_->has(name), "array written twice: " + name);
  file_->write<double>(name, array.shape, array.values);
  file_->set_attribute(name, "unit", array.unit);
  file_->set_attribute(name, "description", array.description);
}

void ResultWriter::write_agent(const AgentState& state) {
  file_->make_group("/agent/arrays");
  file_->make_group("/agent/texts");
  for (const auto& [name, array] : state.arrays)
    file_->write<double>("/agent/arrays/" + name, array.shape, array.values);
  for (const auto& [name, text] : state.texts) file_->write_text("/agent/texts/" + name, text);
}

void ResultWriter::commit() {
  ENSURE(file_ != nullptr, "a result is committed once");
  file_->set_attribute("/", "complete", std::int64_t{1});
  const std::vector<std::byte> image = file_->image();
  file_.reset();
  target_.commit(image);
}

}  // namespace sluice
