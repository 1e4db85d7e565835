#pragma once
// What the fuzz targets share: a folder of their own in /tmp, and a check that ends the process.

#include <stdlib.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "sim/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace sluice::fuzz {

/// An empty folder and the current one: what an input includes is looked up here, and nowhere else.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-fuzz-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
    std::filesystem::current_path(path_);
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string text_of(const std::uint8_t* data, std::size_t size) { return {data, data + size}; }

/// A promise of the code under test.  (An exception that is no UserError ends the process by itself.)
inline void require(bool holds, const char* promise, const std::string& shown) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n%s\n", promise, shown.c_str());
  std::abort();
}

}  // namespace sluice::fuzz
