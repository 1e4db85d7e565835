#pragma once
// Snapshots: the moving state of a world, an agent or a run as named arrays of plain values.
//
// Every stateful class has ONE function that lists its state, used to save and to load, so the two
// cannot drift apart:
//
//   void MyClass::transfer(StateArchive& archive) {
//     archive.value("minute", minute_);
//     archive.values("records", records_);
//   }
//
// What is fixed by (config, seed) is not in it: a snapshot is loaded into an object made from the same
// config and seed.  Values are stored as the bytes of this build's memory layout; the size of an
// element is kept and checked.  Not meant as an exchange format: result files are.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

namespace sluice {

/// Named arrays: what a snapshot consists of.  Names are paths, "users/states".
struct StateBlobs {
  struct Blob {
    std::uint32_t element_bytes = 0;
    std::vector<std::uint8_t> bytes;
  };
  std::map<std::string, Blob> blobs;
};

class StateArchive {
 public:
  static StateArchive saving(StateBlobs& blobs) { return StateArchive(&blobs, nullptr); }
  static StateArchive loading(const StateBlobs& blobs) { return StateArchive(nullptr, &blobs); }
  bool is_loading() const { return from_ != nullptr; }

  /// Names within it get the prefix "name/".
  template <class Body>
  void section(const std::string& name, Body body) {
    const std::string outer = prefix_;
    prefix_ += name + "/";
    body();
    prefix_ = outer;
  }
  template <class T>
  void value(const std::string& name, T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    transfer(name, &value, sizeof(T), 1);
  }
  /// Loading sets the size.
  template <class T, class Allocator>
  void values(const std::string& name, std::vector<T, Allocator>& values) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_same_v<T, bool>);
    if (is_loading()) values.resize(count(name, sizeof(T)));
    transfer(name, values.data(), sizeof(T), values.size());
  }
  /// An array whose length (config, seed) fix: loading another length is an error.
  template <class T, class Allocator>
  void fixed(const std::string& name, std::vector<T, Allocator>& values) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_same_v<T, bool>);
    transfer(name, values.data(), sizeof(T), values.size());
  }
  /// `n` values at `data`; loading another number is an error.
  template <class T>
  void array(const std::string& name, T* data, std::size_t n) {
    static_assert(std::is_trivially_copyable_v<T>);
    transfer(name, data, sizeof(T), n);
  }
  /// Texts without NUL.
  void texts(const std::string& name, std::vector<std::string>& texts);

 private:
  StateArchive(StateBlobs* to, const StateBlobs* from) : to_(to), from_(from) {}
  std::size_t count(const std::string& name, std::size_t element_bytes) const;
  void transfer(const std::string& name, void* data, std::size_t element_bytes, std::size_t n);

  StateBlobs* to_;
  const StateBlobs* from_;
  std::string prefix_;
};

}  // namespace sluice
