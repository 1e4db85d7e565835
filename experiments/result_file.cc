#include "experiments/result_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "agents/agent.h"

namespace sluice {
namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

bool exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

UserError already_exists(const std::string& path) {
  return data_error(path +
                    ": the output exists; it was not touched.  Name another one, or add --force");
}

UserError cannot_write(const std::string& path, int error) {
  const char* advice = "choose another place for the output";
  if (error == ENOSPC || error == EDQUOT) advice = "make room there, or choose another place";
  if (error == ENOENT) advice = "make that directory first";
  return io_error(fmt::format("{}: cannot write: {}; {}", path, std::strerror(error), advice));
}

void write_all(int descriptor, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw cannot_write(path, written == 0 ? ENOSPC : errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

/// Renames without replacing: two writers of one name cannot both win.
int rename_exclusively(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (exists(to)) return EEXIST;  // a file system without that flag: the gap is a few microseconds
  return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

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
    : path_(std::move(path)), overwrite_(overwrite) {
  check_output(path_, overwrite_);
  partial_path_ = fmt::format("{}.{}-{}.partial", path_, host_name(), getpid());
  descriptor_ = ::open(partial_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw cannot_write(partial_path_, errno);
  file_ = std::make_unique<hdf5::File>(hdf5::File::create(path_));
  file_->set_attribute("/", "schema_version", kSchemaVersion);
}

ResultWriter::~ResultWriter() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(partial_path_.c_str());
}

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
  ENSURE(descriptor_ >= 0, "a result is committed once");
  file_->set_attribute("/", "complete", std::int64_t{1});
  const std::vector<std::byte> image = file_->image();
  file_.reset();
  try {
    write_all(descriptor_, image, partial_path_);
    if (fsync(descriptor_) != 0) throw cannot_write(partial_path_, errno);
    const int error = overwrite_ == Overwrite::kForce
                          ? (std::rename(partial_path_.c_str(), path_.c_str()) == 0 ? 0 : errno)
                          : rename_exclusively(partial_path_, path_);
    if (error == EEXIST) throw already_exists(path_);
    if (error != 0) throw cannot_write(path_, error);
  } catch (const UserError&) {
    ::close(descriptor_);
    descriptor_ = -1;
    ::unlink(partial_path_.c_str());
    throw;
  }
  ::close(descriptor_);
  descriptor_ = -1;
  // The rename itself must survive a power cut.
  const int directory = ::open(directory_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);
    ::close(directory);
  }
}

}  // namespace sluice
