#pragma once
// A folder of this process alone, removed when it ends: ctest runs test cases side by side.

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace sluice {

inline const std::filesystem::path& own_folder() {
  struct Folder {
    Folder() {
      std::string name = (std::filesystem::temp_directory_path() / "sluice_test_XXXXXX").string();
      if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
      path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
  };
  static const Folder folder;
  return folder.path;
}

}  // namespace sluice
