#pragma once
// Reads a table from a CSV file, plain or gzip, row by row: the file may be of any size, one row is
// held.  RFC 4180: quoted cells may hold commas and "" (line feeds may not: a row is a line).  Also taken:
// a UTF-8 byte order mark, CRLF, empty lines (skipped), a last line without a line feed, several gzip
// members.
//
//   CsvReader csv("log.csv.gz");
//   const auto user = csv.column("user_id");
//   while (csv.next()) {
//     if (!csv.problem().empty()) …      // not a row of this table; csv.where() is "log.csv.gz:17"
//     use(csv.cell(*user));
//   }
//
// Throws data_error for what is wrong with the file as a whole: missing, a directory, not readable,
// empty, not text, a column named twice, damaged or cut short (gzip).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/check.h"

namespace sluice {

class CsvReader {
 public:
  explicit CsvReader(std::string path);
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  const std::string& path() const { return path_; }
  const std::vector<std::string>& header() const { return header_; }
  std::optional<std::size_t> column(std::string_view name) const;

  /// The next row that is not empty; false at the end.  What cells() gave before is gone.
  bool next();
  /// Why the row does not fit the header (number of cells, quotes); empty if it does.
  const std::string& problem() const { return problem_; }
  std::string_view cell(std::size_t i) const { return cells_[i]; }
  /// The row as it stands in the file, without the line feed.
  std::string_view text() const { return text_; }
  std::string where() const { return path_ + ":" + std::to_string(line_); }

  /// Size on disk (0 if it is not a regular file) and how much of that has been read.
  std::int64_t file_bytes() const { return file_bytes_; }
  std::int64_t file_bytes_read() const;
  /// Uncompressed bytes and their CRC-32 so far.  Equal at the end of two files: the same contents.
  std::pair<std::int64_t, std::uint32_t> contents() const { return {bytes_, checksum_}; }

 private:
  struct File;  // hides zlib

  bool refill();
  std::optional<std::string_view> take_line();
  void split(std::string_view line);
  void split_quoted(std::string_view line);
  void read_header();

  std::string path_, problem_;
  std::unique_ptr<File> file_;
  std::int64_t file_bytes_ = 0, bytes_ = 0, line_ = 0, next_line_ = 1;
  std::uint32_t checksum_ = 0;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // what of the buffer has not been taken
  bool at_end_ = false;
  std::string_view text_;
  std::vector<std::string> header_;
  std::vector<std::string_view> cells_;
  std::vector<std::string> unquoted_;  // cells that "" or quotes had to be taken out of
};

}  // namespace sluice
