#pragma once
// A thin RAII view of HDF5: named arrays, texts and attributes in a tree of groups.  The
// library is included by hdf5_*.cc only.  Names are absolute ("/daily/dau"); groups on the way
// are made.  HDF5 prints nothing itself: its innermost message becomes part of our error.
//
// Element types: double, float, std::int64_t, std::uint8_t, std::string.  Arrays of strings are
// stored as fixed-length UTF-8 (they compress), single texts as variable-length UTF-8; both kinds
// are read.  Arrays from 16 KiB on are chunked, shuffled and deflated (level 3) unless kPlain.  No time stamps:
// the same data give the same bytes.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sluice {

/// Value of an attribute.
using Attribute = std::variant<std::int64_t, double, std::string>;

namespace hdf5 {

using Shape = std::vector<std::int64_t>;

/// kCompressed: chunked, shuffled and deflated from 16 KiB on.
enum class Storage { kCompressed, kPlain };

enum class Kind { kReal, kInteger, kText, kOther };

class File {
 public:
  /// A new file in memory; `name` is for error messages.  image() hands out its bytes.
  static File create(std::string name);
  /// An existing file, read only.  Throws data_error: missing, a directory, empty, foreign,
  /// truncated, damaged (files of image() carry a checksum).
  static File open(const std::string& path);
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  bool has(const std::string& name) const;
  bool is_group(const std::string& name) const;
  /// Names (not paths) in a group, in the order of creation if the file knows it, else by name.
  std::vector<std::string> children(const std::string& group) const;

  Shape shape(const std::string& name) const;
  Kind kind(const std::string& name) const;

  void make_group(const std::string& name);
  template <class T>
  void write(const std::string& name, const Shape& shape, std::span<const T> values,
             Storage storage = Storage::kCompressed);
  void write_text(const std::string& name, const std::string& text);

  /// Numbers of any stored type are converted to T.
  template <class T>
  std::vector<T> read(const std::string& name) const;
  std::string read_text(const std::string& name) const;

  /// A name for the object `target` of another file, which is looked up when it is opened: a file that is not there is an
  /// error then, not missing values.  `file` is relative to this file's folder.
  void link_external(const std::string& name, const std::string& file, const std::string& target);

  /// `object` is a group or an array; "/" is the root.  An existing attribute is replaced.
  void set_attribute(const std::string& object, const std::string& name, const Attribute& value);
  void set_attribute(const std::string& object, const std::string& name,
                     const std::vector<std::string>& values);
  /// Scalar numbers and texts; attributes of other types are left out.
  std::map<std::string, Attribute> attributes(const std::string& object) const;
  /// An attribute that is a list of texts (or one text); empty if there is none.
  std::vector<std::string> attribute_texts(const std::string& object,
                                           const std::string& name) const;

  /// The bytes of a file made by create().
  std::vector<std::byte> image();

 private:
  File(std::string name, std::int64_t id) : name_(std::move(name)), id_(id) {}
  std::string name_;
  std::int64_t id_;  // HDF5's handle; negative after a move
};

}  // namespace hdf5
}  // namespace sluice
