#include "experiments/run_inputs.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/check.h"
#include "sim/config_writer.h"

namespace sluice {
namespace {

std::string hash_of_file(const std::string& path) {
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);  // of a pipe or a device there is no end
  std::ifstream in(path, std::ios::binary);
  if (!regular || !in)
    throw data_error(fmt::format("{}: a run reads this file, and it {}", path, !std::filesystem::exists(path, error) ? "does not exist"
                                 : !regular ? "is no file" : "cannot be opened"));
  return config_hash({std::istreambuf_iterator<char>(in), {}});
}

}  // namespace

std::vector<std::string> input_files(const ExperimentConfig& config) {
  std::vector<std::string> files;
  if (const auto* from = std::get_if<FromConfig>(&config.agent)) files.push_back(from->from);
  if (const auto* tabular = std::get_if<TabularEnvConfig>(&config.environment); tabular && tabular->source == CmdpSource::kFile) files.push_back(tabular->file);
  if (const auto* feed = std::get_if<FeedConfig>(&config.environment))
    if (const auto* trace = std::get_if<TraceSupplyConfig>(&feed->supply)) files.push_back(trace->file);
  return files;
}

std::string RunInputs::hash_of(const ExperimentConfig& config) {
  std::string hashes;
  for (const std::string& file : input_files(config)) {
    std::string& hash = known_[file];
    if (hash.empty()) hash = hash_of_file(file);
    hashes += hash;
  }
  return hashes.empty() ? "" : config_hash(hashes);
}

std::string run_hash(const std::string& yaml, const std::string& inputs) {
  return config_hash(inputs.empty() ? yaml : yaml + inputs);
}

}  // namespace sluice
