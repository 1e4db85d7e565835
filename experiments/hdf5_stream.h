#pragma once
// A table that grows in an HDF5 file while it is being written, and of which nothing that was committed is
// lost when the writer is killed: single-writer/multiple-reader mode (SWMR), and a flush of every column
// before the number of rows is written to /NAME_rows.  A reader cuts every column at that number.
//
// One dataset per column, chunks of about 1 MiB (of whole rows), never-ending first dimension.  A column with
// `width` > 1 is two-dimensional.  A killed writer leaves a file that says so: open it with
// h5py.File(name, libver="latest", swmr=True), or after `h5clear -s --increment name` as any other.
// Flushed means given to the operating system: the program may die, but a power cut may lose it.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "experiments/hdf5_file.h"

namespace sluice::hdf5 {

enum class Element { kReal64, kReal32, kInteger32, kByte };

struct StreamColumn {
  std::string name;
  std::string unit;
  std::string description;
  Element element = Element::kReal32;
  std::int64_t width = 1;  // elements per row
  std::size_t row_bytes() const;
};

struct StreamOptions {
  int gzip_level = 0;    // 0: none; 1 … 9
  bool shuffle = true;   // before gzip
};

class StreamWriter {
 public:
  /// Makes the file; replaces an existing one.  `group`: "/requests".
  StreamWriter(std::string path, std::string group, std::vector<StreamColumn> columns, const StreamOptions& options);
  ~StreamWriter();  // without close(): as if killed after the last commit
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  /// Root attributes and texts; only before the first append: SWMR allows no new objects.
  void set_attribute(const std::string& name, const Attribute& value);
  void write_text(const std::string& name, const std::string& text);

  /// `rows` more rows of every column; data[i] holds rows · columns[i].row_bytes().
  void append(std::size_t rows, std::span<const void* const> data);
  /// What was appended so far will be there, whatever becomes of this process.
  void commit();
  /// commit(), and the root attribute `complete` = 1.
  void close();
  std::int64_t rows() const { return rows_; }

 private:
  void start();
  std::string path_, group_;
  std::vector<StreamColumn> columns_;
  struct Handles;
  std::unique_ptr<Handles> handles_;
  std::int64_t rows_ = 0;
  bool started_ = false;
};

/// Reads what is committed, while it is being written, after a kill, or when it is complete.
class StreamReader {
 public:
  /// Throws data_error (65): missing, or not such a file.
  StreamReader(std::string path, std::string group);
  ~StreamReader();
  std::int64_t rows() const { return rows_; }
  bool complete() const { return complete_; }
  /// All committed rows of a column; numbers are converted to T (double, float, std::int64_t, std::uint8_t).
  template <class T>
  std::vector<T> read(const std::string& column) const;

 private:
  std::string path_, group_;
  std::int64_t file_ = -1;
  std::int64_t rows_ = 0;
  bool complete_ = false;
};

}  // namespace sluice::hdf5
