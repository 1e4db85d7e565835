#include "experiments/sweep_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "experiments/durable_file.h"
#include "experiments/result_file.h"
#include "experiments/run_inputs.h"
#include "sim/config_writer.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr double kForeignTemporaryIsStale_s = 7 * 86400;

/// `NAME.HOST-PID.partial` of a process that is not there any more.  Of another host only the age tells.
bool is_stale(const fs::path& file) {
  const std::string stem = file.stem().string();  // without .partial
  const std::size_t dash = stem.rfind('-');
  if (dash == std::string::npos) return false;
  if (stem.substr(0, dash).ends_with("." + host_name())) {
    const auto pid = static_cast<pid_t>(std::atol(stem.c_str() + dash + 1));
    return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
  }
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 && std::difftime(std::time(nullptr), info.st_mtime) > kForeignTemporaryIsStale_s;
}

}  // namespace

SweepFolder::SweepFolder(std::string path) : path_(std::move(path)) {
  std::ifstream in(list_path());
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string name, end;
    Entry entry;
    if (std::getline(fields, name, '\t') && fields >> entry.size >> entry.changed_ns >> entry.inode >> entry.hash && !(fields >> end)) sound_[name] = entry;
  }
}

void SweepFolder::make() const {
  std::error_code error;
  fs::create_directories(path_ + "/.sweep", error);
  if (error) throw io_error(fmt::format("{}: cannot make this folder: {}; choose another --out", path_, error.message()));
  const DurableFile probe(path_ + "/.sweep/probe", Overwrite::kForce);  // throws where nothing can be written
}

RunState SweepFolder::state(const PlannedRun& run) {
  const std::string path = file(run);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) throw io_error(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    return ::access((path + ".ckpt").c_str(), F_OK) == 0 ? RunState::kInterrupted : RunState::kOpen;
  }
  const Entry entry{.size = info.st_size, .changed_ns = info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec, .inode = static_cast<std::int64_t>(info.st_ino), .hash = run.hash};
  const auto known = sound_.find(run.file());
  if (known != sound_.end() && known->second == entry) return RunState::kDone;
  const ResultReader result(path);
  const std::string inputs = result.text("inputs_hash").value_or("");
  if (result.text("config_hash") != config_hash(to_yaml(run.config)) || run_hash(to_yaml(run.config), inputs) != run.hash)
    throw data_error(path + ": is not the result of this run, though it has its name (another config_hash or inputs_hash)");
  sound_[run.file()] = entry;
  changed_ = true;
  return RunState::kDone;
}

std::vector<std::string> SweepFolder::strangers(const std::vector<PlannedRun>& runs) const {
  std::set<std::string> ours;
  for (const PlannedRun& run : runs) ours.insert(run.file());
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator it(path_, error), end; it != end; it.increment(error))
    if (it->path().extension() == ".h5" && it->path().filename() != "index.h5" && !ours.contains(it->path().filename().string()))
      found.push_back(it->path().filename().string());
  std::sort(found.begin(), found.end());
  return found;
}

void SweepFolder::sweep_up(const std::vector<PlannedRun>& runs) const {
  std::set<std::string> ours;
  for (const PlannedRun& run : runs) ours.insert(run.file());
  std::error_code error;
  for (fs::directory_iterator it(path_, error), end; it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const std::size_t result = name.find(".h5.");
    if (result == std::string::npos || !ours.contains(name.substr(0, result + 3))) continue;
    const bool finished = fs::exists(path_ + "/" + name.substr(0, result + 3), error);
    if (name.ends_with(".partial") ? is_stale(it->path()) : name.ends_with(".h5.ckpt") && finished) fs::remove(it->path(), error);
  }
  for (fs::directory_iterator it(path_ + "/.sweep", error), end; it != end; it.increment(error))
    if (it->path().extension() == ".partial" && is_stale(it->path())) fs::remove(it->path(), error);
}

void SweepFolder::save_list() const {
  if (!changed_) return;
  std::string text;
  for (const auto& [name, entry] : sound_) text += fmt::format("{}\t{}\t{}\t{}\t{}\n", name, entry.size, entry.changed_ns, entry.inode, entry.hash);
  try {
    DurableFile(list_path(), Overwrite::kForce).commit(std::as_bytes(std::span(text)));
  } catch (const UserError&) {  // a full disk, or somebody else's folder
  }
}

}  // namespace sluice
