#include "experiments/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sluice {
namespace {

bool exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

/// Renames without replacing: two writers of one name cannot both win.
int rename_exclusively(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (exists(to)) return EEXIST;  // a file system without that flag: the gap is a few microseconds
  return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

void sync_directory(const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

UserError cannot_write(const std::string& path, int error) {
  const char* advice = "choose another place for the output";
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) advice = "make room there, or choose another place";
  if (error == ENOENT) advice = "make that directory first";
  return io_error(fmt::format("{}: cannot write: {}; {}", path, std::strerror(error), advice));
}

UserError already_exists(const std::string& path) {
  return data_error(path + ": the output exists; it was not touched.  Name another one, or add --force");
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

DurableFile::DurableFile(std::string path, Overwrite overwrite)
    : path_(std::move(path)),
      partial_path_(fmt::format("{}.{}-{}.partial", path_, host_name(), getpid())),
      overwrite_(overwrite),
      descriptor_(::open(partial_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw cannot_write(partial_path_, errno);
}

DurableFile::~DurableFile() { discard(); }

void DurableFile::discard() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(partial_path_.c_str());
  descriptor_ = -1;
}

void DurableFile::commit(std::span<const std::byte> bytes) {
  ENSURE(descriptor_ >= 0, "a file is committed once");
  try {
    write_and_rename(bytes);
  } catch (const UserError&) {
    discard();
    throw;
  }
  ::close(descriptor_);
  descriptor_ = -1;
  sync_directory(directory_of(path_));  // the rename itself must survive a power cut
}

void DurableFile::write_and_rename(std::span<const std::byte> bytes) {
  const std::size_t size = bytes.size();
  const auto failed = [&](int error) {
    if (error != ENOSPC && error != EDQUOT && error != EFBIG) return cannot_write(partial_path_, error);
    struct statvfs disk {};
    const bool known = statvfs(directory_of(path_).c_str(), &disk) == 0;
    const auto written = static_cast<double>(size - bytes.size());  // its room is free again in a moment
    return io_error(fmt::format("{}: cannot write: {}: it needs {:.3g} MB{}; make room there, or choose another place", path_, std::strerror(error),
                                static_cast<double>(size) / 1e6,
                                known ? fmt::format(", and {:.3g} MB are free", (static_cast<double>(disk.f_bavail * disk.f_frsize) + written) / 1e6) : ""));
  };
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw failed(written == 0 ? ENOSPC : errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (fsync(descriptor_) != 0) throw failed(errno);
  const int error = overwrite_ == Overwrite::kForce
                        ? (std::rename(partial_path_.c_str(), path_.c_str()) == 0 ? 0 : errno)
                        : rename_exclusively(partial_path_, path_);
  if (error == EEXIST) throw already_exists(path_);
  if (error != 0) throw cannot_write(path_, error);
}

}  // namespace sluice
