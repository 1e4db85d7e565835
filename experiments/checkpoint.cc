#include "experiments/checkpoint.h"

#include <unistd.h>

#include <filesystem>

#include "experiments/durable_file.h"
#include "experiments/hdf5_file.h"
#include "experiments/progress.h"
#include "experiments/provenance.h"
#include "sim/config_writer.h"

namespace sluice {
namespace {

constexpr std::int64_t kFormat = 1;

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::int64_t integer(const std::map<std::string, Attribute>& attributes, const std::string& name) {
  const auto found = attributes.find(name);
  const auto* value = found == attributes.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
  return value == nullptr ? -1 : *value;
}

void read_state(const hdf5::File& file, const std::string& group, const std::string& prefix, StateBlobs& blobs) {
  for (const std::string& name : file.children(group)) {
    const std::string path = group + "/" + name;
    if (file.is_group(path)) {
      read_state(file, path, prefix + name + "/", blobs);
      continue;
    }
    StateBlobs::Blob& blob = blobs.blobs[prefix + name];
    blob.element_bytes = static_cast<std::uint32_t>(integer(file.attributes(path), "element_bytes"));
    blob.bytes = file.read<std::uint8_t>(path);
  }
}

}  // namespace

Checkpoint::Checkpoint(const std::string& out, std::string config_yaml, double every_minutes)
    : path_(out + ".ckpt"), config_(std::move(config_yaml)), every_minutes_(every_minutes) {}

bool Checkpoint::exists() const {
  std::error_code error;
  return std::filesystem::exists(path_, error);
}

StateBlobs Checkpoint::load() {
  const hdf5::File file = hdf5::File::open(path_);
  const auto attributes = file.attributes("/");
  if (integer(attributes, "format") != kFormat)
    throw data_error(path_ + ": not a checkpoint of this version; remove it, or start anew with --force");
  if (file.read_text("/config") != config_)
    throw data_error(path_ + ": an interrupted run of another configuration is kept there; give another --out, or "
                     "start anew with --force");
  const auto revision = attributes.find("git_revision");
  if (revision == attributes.end() || revision->second != Attribute(git_revision()))
    note("warning: " + path_ + " was made by another revision of the program: the result may differ from an uninterrupted run's");
  if (const auto wall = attributes.find("wall_s"); wall != attributes.end())
    if (const auto* value = std::get_if<double>(&wall->second)) wall_before_s_ = *value;
  resumes_ = integer(attributes, "resumes") + 1;
  StateBlobs blobs;
  read_state(file, "/state", "", blobs);
  return blobs;
}

bool Checkpoint::due() const { return every_minutes_ > 0 && seconds(Clock::now() - last_) >= 60 * every_minutes_; }

void Checkpoint::save(const StateBlobs& blobs, std::int64_t decisions) {
  hdf5::File file = hdf5::File::create(path_);
  file.set_attribute("/", "format", kFormat);
  file.set_attribute("/", "config_hash", config_hash(config_));
  file.set_attribute("/", "git_revision", git_revision());
  file.set_attribute("/", "decisions", decisions);
  file.set_attribute("/", "wall_s", wall_s());
  file.set_attribute("/", "resumes", resumes_);
  file.write_text("/config", config_);
  for (const auto& [name, blob] : blobs.blobs) {
    const std::string path = "/state/" + name;
    file.write<std::uint8_t>(path, {static_cast<std::int64_t>(blob.bytes.size())}, blob.bytes, hdf5::Storage::kPlain);
    file.set_attribute(path, "element_bytes", static_cast<std::int64_t>(blob.element_bytes));
  }
  DurableFile(path_, Overwrite::kForce).commit(file.image());
  last_ = Clock::now();
}

void Checkpoint::remove() const { ::unlink(path_.c_str()); }

double Checkpoint::wall_s() const { return wall_before_s_ + seconds(Clock::now() - start_); }

}  // namespace sluice
