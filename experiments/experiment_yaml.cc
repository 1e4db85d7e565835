#include "experiments/experiment_config.h"
#include "sim/config_writer.h"

namespace sluice {

std::string to_yaml(const ExperimentConfig& config) { return write_config(config, 0); }
std::string to_yaml(const FeedConfig& config) { return write_config(config, 0); }

}  // namespace sluice
