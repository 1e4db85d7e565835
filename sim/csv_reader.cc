#include "sim/csv_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

namespace sluice {
namespace {

constexpr std::size_t kBlock = 1u << 18;       // bytes asked of zlib at a time: larger gains nothing
constexpr std::size_t kLongestRow = 1u << 20;  // a longer one is no table

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view without_cr(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool is_text(std::string_view line) {
  return std::none_of(line.begin(), line.end(), [](char c) {
    return static_cast<unsigned char>(c) < 32 && c != '\t' && c != '\r' && c != '\n';
  });
}

}  // namespace

struct CsvReader::File {
  gzFile gz = nullptr;
  ~File() {
    if (gz != nullptr) gzclose_r(gz);
  }
};

CsvReader::CsvReader(std::string path) : path_(std::move(path)), file_(std::make_unique<File>()) {
  struct stat info {};
  if (stat(path_.c_str(), &info) != 0) throw data_error(path_ + ": cannot be read: " + std::strerror(errno));
  if (S_ISDIR(info.st_mode)) throw data_error(path_ + ": is a directory; name the CSV files in it");
  file_bytes_ = S_ISREG(info.st_mode) ? info.st_size : 0;
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw data_error(path_ + ": cannot be read: " + std::strerror(errno));
  file_->gz = gzdopen(descriptor, "rb");  // reads plain files, too
  if (file_->gz == nullptr) {
    ::close(descriptor);
    throw std::bad_alloc();
  }
  gzbuffer(file_->gz, 1u << 17);
  buffer_.resize(2 * kBlock);
  read_header();
}

CsvReader::~CsvReader() = default;

std::int64_t CsvReader::file_bytes_read() const { return std::max<std::int64_t>(0, gzoffset(file_->gz)); }

std::optional<std::size_t> CsvReader::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header_.begin());
}

// Moves what is left to the front and reads a block behind it; false at the end of the file.
bool CsvReader::refill() {
  if (at_end_) return false;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (buffer_.size() < end_ + kBlock) buffer_.resize(end_ + kBlock);
  const int n = gzread(file_->gz, buffer_.data() + end_, kBlock);
  int error = Z_OK;
  const char* message = gzerror(file_->gz, &error);
  if (error == Z_ERRNO) throw data_error(path_ + ": cannot be read: " + std::strerror(errno));
  if (error == Z_BUF_ERROR) throw data_error(path_ + ": the gzip file is cut short; copy it again");
  if (n < 0 || error != Z_OK) throw data_error(path_ + ": the gzip file is damaged: " + message);
  checksum_ = static_cast<std::uint32_t>(
      crc32(checksum_, reinterpret_cast<const Bytef*>(buffer_.data() + end_), static_cast<uInt>(n)));
  end_ += static_cast<std::size_t>(n);
  bytes_ += n;
  at_end_ = n == 0;
  return n > 0;
}

// Up to the next line feed, which is taken and left out.
std::optional<std::string_view> CsvReader::take_line() {
  std::size_t searched = 0;
  for (;;) {
    const char* start = buffer_.data() + begin_;
    const std::size_t left = end_ - begin_;
    const void* feed = left > searched ? std::memchr(start + searched, '\n', left - searched) : nullptr;
    if (feed != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(feed) - start);
      begin_ += length + 1;
      ++next_line_;
      return std::string_view(start, length);
    }
    if (left > kLongestRow)
      throw data_error(path_ + ":" + std::to_string(next_line_) +
                       ": a line of more than 1 MB; is this a CSV file?");
    searched = left;
    if (refill()) continue;
    if (left == 0) return std::nullopt;
    start = buffer_.data() + begin_;  // the last line, without a line feed
    begin_ = end_;
    ++next_line_;
    return std::string_view(start, left);
  }
}

bool CsvReader::next() {
  for (;;) {
    line_ = next_line_;
    const auto line = take_line();
    if (!line) return false;
    text_ = without_cr(*line);
    if (text_.empty()) continue;
    problem_.clear();
    cells_.clear();
    if (std::memchr(text_.data(), '"', text_.size()) == nullptr)
      split(text_);
    else
      split_quoted(text_);
    if (problem_.empty() && cells_.size() != header_.size())
      problem_ = std::to_string(cells_.size()) + " cells, the header has " + std::to_string(header_.size());
    return true;
  }
}

void CsvReader::split(std::string_view line) {
  const char* at = line.data();
  const char* const end = at + line.size();
  const char* cell = at;
  for (; at != end; ++at) {
    if (*at != ',') continue;
    cells_.emplace_back(cell, static_cast<std::size_t>(at - cell));
    cell = at + 1;
  }
  cells_.emplace_back(cell, static_cast<std::size_t>(end - cell));
}

void CsvReader::split_quoted(std::string_view line) {
  unquoted_.clear();
  unquoted_.reserve(
      static_cast<std::size_t>(std::count(line.begin(), line.end(), '"')));  // views into it stay valid
  std::size_t at = 0;
  for (;;) {
    if (at < line.size() && line[at] == '"') {
      std::string& cell = unquoted_.emplace_back();
      for (++at; at < line.size(); ++at) {
        if (line[at] == '"' && (at + 1 >= line.size() || line[at + 1] != '"')) break;
        if (line[at] == '"') ++at;
        cell += line[at];
      }
      if (at >= line.size()) {
        problem_ = "a quote that is not closed on its line";
        return;
      }
      ++at;  // the closing quote
      if (at < line.size() && line[at] != ',') {
        problem_ = "a closing quote followed by something else than a comma";
        return;
      }
      cells_.emplace_back(cell);
    } else {
      const std::size_t comma = std::min(line.find(',', at), line.size());
      cells_.push_back(line.substr(at, comma - at));
      if (cells_.back().find('"') != std::string_view::npos) {
        problem_ = "a quote in the middle of a cell";
        return;
      }
      at = comma;
    }
    if (at >= line.size()) return;
    ++at;  // the comma
  }
}

void CsvReader::read_header() {
  while (end_ - begin_ < 3 && refill()) {
  }
  if (end_ - begin_ >= 3 && std::memcmp(buffer_.data(), "\xef\xbb\xbf", 3) == 0) begin_ = 3;
  const bool any = next();  // sets a problem, for there is no header yet
  if (!any) throw data_error(path_ + ": is empty; expected a CSV table with a header line");
  if (!is_text(text_)) throw data_error(path_ + ": is not a text file; expected CSV, plain or gzip");
  if (problem_.find("quote") != std::string::npos) throw data_error(where() + ": the header line has " + problem_);
  for (const std::string_view cell : cells_) header_.emplace_back(trimmed(cell));
  std::set<std::string_view> names;  // a header may hold some 100 000
  for (const std::string& name : header_)
    if (!names.insert(name).second) throw data_error(where() + ": column '" + name + "' twice");
  problem_.clear();
}

}  // namespace sluice
