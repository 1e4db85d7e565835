#pragma once
// Golden files: text that a test makes again and compares byte for byte with tests/golden/NAME.  A change
// of numbers is a change of such a file, seen in review.  `sluice_tests -tc="golden*" --update-golden`
// writes them anew; nothing else does.

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace sluice {

/// Set by the flag --update-golden (main.cc).
inline bool update_golden = false;

inline void check_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(SLUICE_SOURCE_DIR) + "/tests/golden/" + name;
  if (update_golden) {
    std::ofstream(path, std::ios::binary) << text;
    MESSAGE("wrote " << path);
    return;
  }
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path << " is missing; make it with --update-golden");
  const std::string golden{std::istreambuf_iterator<char>(in), {}};
  if (golden == text) return;
  std::istringstream expected(golden), found(text);
  std::string was, is;
  int line = 0;
  do {
    ++line;
    if (!std::getline(expected, was)) was = "(the end)";
    if (!std::getline(found, is)) is = "(the end)";
  } while (was == is);
  FAIL_CHECK(path << ":" << line << " differs.\n  golden: " << was << "\n  now:    " << is
                  << "\nIf that is meant: sluice_tests -tc=\"golden*\" --update-golden, and say why in the commit.");
}

}  // namespace sluice
