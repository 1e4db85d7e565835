#include "experiments/provenance.h"

#include <fmt/core.h>

#include <Eigen/Core>
#include <boost/version.hpp>

#include "revision.h"

namespace sluice {

std::vector<std::pair<std::string, std::string>> versions() {
  return {{"sluice", SLUICE_VERSION},
          {"git revision", SLUICE_GIT_REVISION},
          {"compiler", fmt::format("g++ {}", __VERSION__)},
          {"build", SLUICE_BUILD_TYPE},
          {"Eigen", fmt::format("{}.{}.{}", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
          {"Boost", fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
          {"HDF5", SLUICE_HDF5_VERSION},
          {"yaml-cpp", SLUICE_YAML_VERSION},
          {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)}};
}

std::string git_revision() { return SLUICE_GIT_REVISION; }

void write_provenance(ResultWriter& file) {
  std::string packages;
  for (const auto& [name, version] : versions())
    if (name != "sluice" && name != "git revision") packages += (packages.empty() ? "" : ", ") + name + " " + version;
  file.set_attribute("sluice_version", SLUICE_VERSION);
  file.set_attribute("git_revision", git_revision());
  file.set_attribute("packages", packages);
  file.set_attribute("host", host_name());
}

}  // namespace sluice
