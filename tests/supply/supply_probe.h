#pragma once
// What tests of supply ask it with: one user without tastes, and traces as text.

#include <filesystem>
#include <fstream>
#include <string>

#include "sim/supply_process.h"
#include "tests/own_folder.h"

namespace sluice {

inline constexpr Followed kNobody = {kNoStreamer, kNoStreamer};

inline TopicVector flat() {
  TopicVector v;
  v.fill(0.25f);
  return v;
}

inline Candidate find(const SupplyProcess& supply, std::uint64_t key, Seconds now) {
  return supply.retrieve(flat(), kNobody, Seed{1}.stream(Purpose::kTest, key), now);
}

inline std::string write_trace(const std::string& text) {
  const auto path = own_folder() / "trace.csv";
  std::ofstream(path) << text;
  return path.string();
}

}  // namespace sluice
