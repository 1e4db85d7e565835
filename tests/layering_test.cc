// Who may include whom, as a test: the table in the README.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"sim", {"sim"}},
    {"users", {"users", "sim"}},
    {"supply", {"supply", "sim"}},
    {"agents", {"agents", "sim"}},
    {"experiments", {"experiments", "agents", "supply", "users", "sim"}},
    {"analysis", {"analysis", "experiments", "sim"}}};
// What the analysis may know of experiments/: result files.
const std::set<std::string> kResultHeaders = {"experiments/result_file.h"};

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string between(const std::string& line, char open, char close) {
  const auto begin = line.find(open), end = line.find(close, begin + 1);
  return begin == std::string::npos || end == std::string::npos ? "" : line.substr(begin + 1, end - begin - 1);
}

}  // namespace

TEST_CASE("layering: every room includes only the rooms below it, and libraries stay in their place") {
  const std::filesystem::path root = SLUICE_SOURCE_DIR;
  int files = 0;
  for (const auto& [room, allowed] : kMayInclude)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / room)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      const std::string name = room + "/" + entry.path().filename().string();
      CAPTURE(name);
      ++files;
      const auto lines = lines_of(entry.path());
      CHECK(lines.size() <= 600);
      for (const std::string& line : lines) {
        if (line.rfind("#include", 0) != 0) continue;
        CAPTURE(line);
        const std::string library = between(line, '<', '>'), own = between(line, '"', '"');
        if (library.rfind("torch/", 0) == 0) CHECK(room == "agents");
        if (library.rfind("hdf5", 0) == 0) CHECK(name == "experiments/hdf5_handle.h");
        if (library.rfind("yaml-cpp", 0) == 0) CHECK(name == "sim/config_node.cc");
        if (own == "experiments/hdf5_handle.h")
          CHECK((name == "experiments/hdf5_attributes.cc" || name == "experiments/hdf5_file.cc" || name == "experiments/hdf5_stream.cc"));
        const std::string target = own.substr(0, own.find('/'));
        if (own.find('/') == std::string::npos || kMayInclude.count(target) == 0) continue;
        if (name == "experiments/main.cc" && own == "analysis/commands.h") continue;
        CHECK(allowed.count(target) == 1);
        if (room == "analysis" && target == "experiments") CHECK(kResultHeaders.count(own) == 1);
      }
    }
  CHECK(files > 60);
}

// What doctest's CMake module makes of names: a semicolon splits one into two that match nothing, and a comma loses the
// label of a test suite.  A name may stand on the line below its TEST_CASE.
TEST_CASE("test names: none holds a semicolon, and none of a labelled suite a comma") {
  int names = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::filesystem::path(SLUICE_SOURCE_DIR) / "tests")) {
    if (entry.path().extension() != ".cc") continue;
    std::string text;
    for (const std::string& line : lines_of(entry.path())) text += line + "\n";
    const std::string opening = "\n  TEST_CASE(";
    for (const bool in_suite : {false, true}) {
      const std::string wanted = in_suite ? opening : "\n" + opening.substr(3);
      for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
        ++names;
        const std::string name = between(text.substr(at), '"', '"');
        CAPTURE(name);
        CHECK(name.find(';') == std::string::npos);
        if (in_suite) CHECK(name.find(',') == std::string::npos);
      }
    }
  }
  CHECK(names > 400);
}
