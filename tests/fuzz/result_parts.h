#pragma once
// What a sound result holds, and a sound CMDP beside it, in one file.

#include <string>
#include <utility>
#include <vector>

#include "experiments/hdf5_file.h"
#include "tests/fuzz/fuzz.h"

namespace sluice::fuzz {

/// type: d, f real; r real, each row sums to 1; i, u whole; s texts; t one long text; g group; l link to a file that
/// links to itself; x link to a missing one; else left out.
struct Part {
  std::string name;
  char type = 'd';
  hdf5::Shape shape = {};
};

inline std::vector<Part> sound_parts() {
  std::vector<Part> parts = {{"/config", 't'},
                             {"/exact/return", 'd', {1}},
                             {"/optimum/return", 'd', {}},
                             {"/policy/probability", 'd', {2, 3}},
                             {"/agent/texts/kind", 't'},
                             {"/agent/arrays/w", 'd', {3, 2}},
                             {"/agent/arrays/deep/er", 'd', {1}},
                             {"/P", 'r', {3, 2, 3}},
                             {"/R", 'd', {3, 2}},
                             {"/C", 'd', {1, 3, 2}},
                             {"/mu", 'r', {3}},
                             {"/limits", 'd', {1}}};
  const auto table = [&](const std::string& group, const std::string& reals, const std::string& whole,
                         const std::string& texts) {
    for (const auto& [names, type] : {std::pair{&whole, 'i'}, {&reals, 'd'}, {&texts, 's'}})
      for (std::size_t begin = 0; begin < names->size();) {
        const std::size_t end = std::min(names->find(' ', begin), names->size());
        parts.push_back({group + "/" + names->substr(begin, end - begin), type, {5}});
        begin = end + 1;
      }
  };
  table("/daily", "dau live_dau retention_d1 users", "day", "");
  table("/episodes", "live_watch_s app_usage_s live_days active_days injections length entries skips cost_time return",
        "user_id", "");
  table("/constraints", "value limit multiplier decisions", "", "name reference");
  table("/evaluations", "decisions return", "", "");
  return parts;
}

inline std::vector<std::pair<std::string, Attribute>> sound_attributes() {
  return {{"schema_version", std::int64_t{1}},
          {"complete", std::int64_t{1}},
          {"agent", "never"},
          {"agent_label", "a"},
          {"environment", "feed"},
          {"seed", std::int64_t{1}},
          {"evaluate_seed", std::int64_t{3}},
          {"decisions", 10.0},
          {"eval_days", std::int64_t{5}},
          {"gamma", 0.9},
          {"cost_names", "cost_0"}};
}

/// The file that links of type l lead to.
inline bool make_circle() {
  hdf5::File file = hdf5::File::create("circle");
  for (const char* name : {"/a", "/b/c"}) file.link_external(name, "circle.h5_", "/");
  const std::vector<std::byte> image = file.image();
  write_file("circle.h5_", {reinterpret_cast<const char*>(image.data()), image.size()});
  return true;
}

}  // namespace sluice::fuzz
