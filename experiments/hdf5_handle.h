#pragma once
// What the files that include HDF5 share: handles that close themselves, texts, and its messages.  For hdf5_file.cc,
// hdf5_attributes.cc and hdf5_stream.cc only.

#include <fmt/format.h>
#include <hdf5.h>

#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/check.h"

namespace sluice::hdf5 {

static_assert(std::is_same_v<hid_t, std::int64_t>, "HDF5 1.10 or later");

// The library's macros of these hold old-style casts.
inline constexpr hid_t kDefault = 0;                                          // H5P_DEFAULT
inline constexpr std::size_t kVariableLength = static_cast<std::size_t>(-1);  // H5T_VARIABLE

/// HDF5's own innermost message.
inline std::string reason() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD,
           [](unsigned n, const H5E_error2_t* error, void* out) -> herr_t {
             if (n == 0 && error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
             return 0;
           }, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.empty() ? "no reason given" : text;
}

inline UserError cannot_read(const std::string& file, const std::string& what) {
  return data_error(
      fmt::format("{}: cannot read {}: {}; the file is damaged or not a file of this "
                  "program: make it again",
                  file, what, reason()));
}

inline UserError cannot_write(const std::string& file, const std::string& what) {
  return io_error(fmt::format("{}: cannot write {}: {}", file, what, reason()));
}

inline void silence() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

/// A text of fixed or, with kVariableLength, variable size; the caller closes it.
inline hid_t text_type(std::size_t size) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, size);
  H5Tset_cset(type, H5T_CSET_UTF8);
  if (size != kVariableLength) H5Tset_strpad(type, H5T_STR_NULLPAD);
  return type;
}

/// Owns an HDF5 handle; `close` is its kind's close function.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }
  bool ok() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

inline Handle make_space(const std::vector<std::int64_t>& shape) {
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose};
}

/// Strings behind a dataset or an attribute.  `read` fills a buffer of the given memory type.
template <class Read>
std::vector<std::string> read_texts(hid_t stored, hid_t space, Read&& read) {
  const auto n = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space));
  std::vector<std::string> texts(n);
  if (n == 0) return texts;
  if (H5Tis_variable_str(stored) > 0) {
    const Handle type(H5Tcopy(stored), H5Tclose);
    std::vector<char*> pointers(n, nullptr);
    if (read(type, pointers.data()) < 0) return {};
    for (std::size_t i = 0; i < n; ++i)
      if (pointers[i] != nullptr) texts[i] = pointers[i];
    H5Dvlen_reclaim(type, space, kDefault, pointers.data());
    return texts;
  }
  const std::size_t size = H5Tget_size(stored);
  std::vector<char> bytes(n * size);
  if (read(stored, bytes.data()) < 0) return {};
  for (std::size_t i = 0; i < n; ++i) {
    const char* text = bytes.data() + i * size;
    texts[i].assign(text, strnlen(text, size));
  }
  return texts;
}

}  // namespace sluice::hdf5
