// Bytes as the files that a sweep keeps in its folder: a shard's status, and the list of finished runs, which may hold
// anything and may not change what is found in the folder.

#include "experiments/durable_file.h"
#include "experiments/result_file.h"
#include "experiments/run_inputs.h"
#include "experiments/sweep_folder.h"
#include "experiments/sweep_status.h"
#include "sim/config_writer.h"
#include "tests/fuzz/fuzz.h"

using namespace sluice;

namespace {

const std::string kYaml = to_yaml(ExperimentConfig());
const PlannedRun kSound{.name = "sound", .hash = run_hash(kYaml, "")}, kOther{.name = "other", .hash = "fedcba9876543210"},
    kMissing{.name = "missing", .hash = "0000000000000000"};

void make_results() {
  for (const PlannedRun& run : {kSound, kOther}) {
    ResultWriter writer(run.file(), Overwrite::kRefuse);
    writer.set_attribute("config_hash", Attribute(config_hash(kYaml)));
    writer.commit();
  }
}

void read_list(const std::string& bytes) {
  fuzz::write_file(".sweep/finished.tsv", bytes);
  for (int time = 0; time < 2; ++time) {  // the second one reads what the first one has written
    SweepFolder folder(".");
    fuzz::require(folder.state(kSound) == RunState::kDone, "a finished run is found", bytes);
    fuzz::require(folder.state(kMissing) == RunState::kOpen, "a missing run is open", bytes);
    try {
      folder.state(kOther);
      fuzz::require(false, "another run's result is refused", bytes);
    } catch (const UserError&) {
    }
    fuzz::require(folder.strangers({kSound, kOther}).empty(), "no strangers", bytes);
    folder.sweep_up({kSound, kOther, kMissing});
    folder.save_list();
  }
}

void read_json(const std::string& bytes) {
  const std::string path = ".sweep/00000000-shard-0-of-1.json";
  fuzz::write_file(path, bytes);
  read_statuses(".", "00000000");
  std::string json;
  try {
    const ShardStatus status = read_status(path);
    status.is_lost();
    json = to_json(status);
  } catch (const UserError&) {
    return;
  }
  fuzz::write_file(path, json);
  const std::string again = to_json(read_status(path));
  fuzz::require(again == json, "a status reads back to itself", json + "\n---\n" + again);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static const bool made = [] {
    std::filesystem::create_directories(".sweep");
    make_results();
    return true;
  }();
  (void)made;
  if (size == 0) return 0;
  const std::string bytes = fuzz::text_of(data + 1, size - 1);
  if (data[0] == 'L') read_list(bytes);
  else read_json(bytes);
  return 0;
}
