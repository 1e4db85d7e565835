#pragma once
// Files that are there in full or not at all, also after a power cut: written under a temporary name
// `<name>.<host>-<pid>.partial`, synced, renamed, and the directory synced.

#include <cstddef>
#include <span>
#include <string>

#include "sim/check.h"

namespace sluice {

enum class Overwrite { kRefuse, kForce };

/// io_error (74) with what to do about `error` (an errno).
UserError cannot_write(const std::string& path, int error);
/// data_error (65): the output exists.
UserError already_exists(const std::string& path);
std::string host_name();
std::string directory_of(const std::string& path);

/// A file in the making.  Its temporary exists from the constructor on, so that a place that cannot be
/// written is found out before the work; without commit() it is removed again.
class DurableFile {
 public:
  DurableFile(std::string path, Overwrite overwrite);
  ~DurableFile();
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  /// Writes, syncs and renames.  Errors: the target exists by now (65, unless kForce), disk full or
  /// not writable (74); in all of them the temporary is gone.
  void commit(std::span<const std::byte> bytes);
  const std::string& partial_path() const { return partial_path_; }

 private:
  void write_and_rename(std::span<const std::byte> bytes);
  void discard();

  std::string path_, partial_path_;
  Overwrite overwrite_;
  int descriptor_ = -1;  // of the temporary
};

}  // namespace sluice
