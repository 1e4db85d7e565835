#include "experiments/kuairand_log.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "sim/check.h"
#include "sim/csv_reader.h"

namespace sluice {
namespace {

constexpr std::int64_t kDayMs = 86400000, kHourMs = 3600000;
// A time stamp before 2000 is in seconds, one after 2100 in microseconds.
constexpr double kFirstTime = 946684800000.0, kLastTime = 4102444800000.0;
constexpr double kLargestId = 9e15;        // exact in a double
constexpr int kRowsBetweenLooks = 8192;    // at signals and progress
constexpr std::size_t kProblemsShown = 3;  // per file

const std::vector<std::string> kLogColumns = {"user_id", "video_id", "time_ms", "play_time_ms", "tab"};

struct FileKind {
  const char* name;
  std::vector<std::string> columns;  // that tell it
};
const std::vector<FileKind>& other_kinds() {
  static const std::vector<FileKind> kinds = {
      {"user features", {"user_id", "user_active_degree", "register_days"}},
      {"video features", {"video_id", "video_type", "upload_dt"}},
      {"video statistics", {"video_id", "counts", "show_cnt"}},
      {"video categories", {"video_id", "first_level_category_id"}}};
  return kinds;
}

std::vector<std::string> missing(const CsvReader& csv, const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  for (const std::string& name : columns)
    if (!csv.column(name)) names.push_back(name);
  return names;
}

std::string shortened(std::string_view text) {
  return text.size() <= 40 ? std::string(text) : std::string(text.substr(0, 40)) + "…";
}

std::string kind_of(const CsvReader& csv) {
  const std::vector<std::string> lacks = missing(csv, kLogColumns);
  if (lacks.empty()) return "log";
  for (const FileKind& kind : other_kinds())
    if (missing(csv, kind.columns).empty()) return kind.name;
  throw data_error(fmt::format("{}: not a log of KuaiRand's format: its header lacks {} (it has {})",
                               csv.path(), fmt::join(lacks, ", "),
                               shortened(fmt::format("{}", fmt::join(csv.header(), ", ")))));
}

// A whole number, also written 17.0, as pandas does.
bool parse_whole(std::string_view text, double lo, double hi, std::int64_t& value) {
  const char* const end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at == text.data()) return false;
  if (at != end) {
    if (*at++ != '.') return false;
    while (at != end && *at == '0') ++at;
    if (at != end) return false;
  }
  return static_cast<double>(value) >= lo && static_cast<double>(value) <= hi;
}

struct LogRow {
  std::int64_t user = 0, video = 0, time_ms = 0, play_ms = 0, tab = 0, is_random = 0;
};

class RowParser {
 public:
  explicit RowParser(const CsvReader& csv)
      : user_(*csv.column("user_id")),
        video_(*csv.column("video_id")),
        time_(*csv.column("time_ms")),
        play_(*csv.column("play_time_ms")),
        tab_(*csv.column("tab")),
        random_(csv.column("is_rand")) {}

  /// What is wrong with the row; empty if nothing is.
  std::string parse(const CsvReader& csv, LogRow& row) const {
    if (!csv.problem().empty()) return csv.problem();
    if (!parse_whole(csv.cell(user_), 0, kLargestId, row.user))
      return bad("user_id", csv.cell(user_), "a whole number");
    if (!parse_whole(csv.cell(video_), 0, kLargestId, row.video))
      return bad("video_id", csv.cell(video_), "a whole number");
    if (!parse_whole(csv.cell(time_), kFirstTime, kLastTime, row.time_ms))
      return bad("time_ms", csv.cell(time_), "Unix time in ms, between the years 2000 and 2100");
    if (!parse_whole(csv.cell(play_), 0, kDayMs, row.play_ms))
      return bad("play_time_ms", csv.cell(play_), "a whole number of ms, from 0 to a day");
    if (!parse_whole(csv.cell(tab_), 0, 1000, row.tab))
      return bad("tab", csv.cell(tab_), "a whole number from 0 to 1000");
    if (random_ && !parse_whole(csv.cell(*random_), 0, 1, row.is_random))
      return bad("is_rand", csv.cell(*random_), "0 or 1");
    return {};
  }

 private:
  static std::string bad(const char* name, std::string_view cell, const char* expected) {
    return fmt::format("{} is '{}'; expected {}", name, shortened(cell), expected);
  }
  std::size_t user_, video_, time_, play_, tab_;
  std::optional<std::size_t> random_;
};

// yyyymmdd of a day since 1970-01-01 (Hinnant, chrono-compatible low-level date algorithms).
std::int64_t calendar_date(std::int64_t day) {
  const std::int64_t z = day + 719468, era = z / 146097, doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  return (yoe + era * 400 + (month <= 2)) * 10000 + month * 100 + doy - (153 * mp + 2) / 5 + 1;
}

class LogReader {
 public:
  LogReader(KuairandLog& log, Progress& progress)
      : log_(log),
        progress_(progress),
        offset_ms_(static_cast<std::int64_t>(log.options.utc_offset_h * kHourMs)) {}

  void read(CsvReader& csv, LogFile& file, std::int64_t bytes_before);

 private:
  void add(const LogRow& row);
  void check_date(std::string_view cell);
  void skip(const CsvReader& csv, LogFile& file, const std::string& problem);

  KuairandLog& log_;
  Progress& progress_;
  std::int64_t offset_ms_, day_ = -1, date_ = 0;
  std::array<std::int64_t, 24>* day_hours_ = nullptr;
};

void LogReader::read(CsvReader& csv, LogFile& file, std::int64_t bytes_before) {
  const RowParser parser(csv);
  const auto date = csv.column("date");
  std::string before;
  LogRow row;
  for (int i = 0; csv.next(); ++i) {
    if (i == kRowsBetweenLooks) {
      i = 0;
      stop_if_interrupted();
      progress_.set(bytes_before + csv.file_bytes_read());
    }
    if (const std::string problem = parser.parse(csv, row); !problem.empty()) {
      skip(csv, file, problem);
      continue;
    }
    ++file.rows;
    if (csv.text() == before)
      ++log_.repeated_rows;
    else
      before = csv.text();
    add(row);
    if (date) check_date(csv.cell(*date));
  }
}

void LogReader::skip(const CsvReader& csv, LogFile& file, const std::string& problem) {
  const std::string message = csv.where() + ": " + problem;
  if (!log_.options.lenient) throw data_error(message + "  (--lenient skips and counts such rows)");
  ++file.skipped;
  ++log_.skipped;
  if (file.first_problems.size() < kProblemsShown) file.first_problems.push_back(message);
}

void LogReader::add(const LogRow& row) {
  ++log_.rows;
  const auto user = static_cast<std::uint64_t>(row.user);
  const std::int64_t local = row.time_ms + offset_ms_, day = local / kDayMs;
  const auto hour = static_cast<std::size_t>(local % kDayMs / kHourMs);
  if (day != day_) {
    day_ = day;
    date_ = calendar_date(day);
    day_hours_ = &log_.days[day];
  }
  ++(*day_hours_)[hour];
  log_.times.add(user, row.time_ms);
  if (row.is_random == 1) {
    ++log_.random_rows;
    return;
  }
  if (log_.options.tab != kAnyTab && row.tab != log_.options.tab) return;
  UserGroupCounts& group = log_.groups[static_cast<std::size_t>(id_group(user))];
  ++group.tab_rows;
  if (row.play_ms == 0) return;
  const auto ms = static_cast<std::uint64_t>(row.play_ms);
  group.watch_ms.add(ms);
  group.short_rows += ms <= kShortWatchMs;
  group.hours[hour] += 1;
  const double x = std::log(static_cast<double>(ms));
  log_.users.add(user, x);
  log_.videos.add(static_cast<std::uint64_t>(row.video), x);
}

void LogReader::check_date(std::string_view cell) {
  std::int64_t date = 0;
  if (parse_whole(cell, 0, 1e9, date) && date != date_) ++log_.other_date_rows;
}

// The same file twice would count its rows twice.
class Duplicates {
 public:
  void check_path(const std::string& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
        !files_.insert({info.st_dev, info.st_ino}).second)
      throw data_error(path + ": is given twice");
  }
  void check_contents(const CsvReader& csv) {
    const auto [entry, is_new] = contents_.emplace(csv.contents(), csv.path());
    if (!is_new)
      throw data_error(csv.path() + ": has the same contents as " + entry->second +
                       "; its rows would count twice");
  }

 private:
  std::set<std::pair<dev_t, ino_t>> files_;
  std::map<std::pair<std::int64_t, std::uint32_t>, std::string> contents_;
};

}  // namespace

std::int64_t KuairandLog::played() const {
  std::int64_t n = 0;
  for (const UserGroupCounts& group : groups) n += group.watch_ms.total();
  return n;
}

KuairandLog read_kuairand_logs(const std::vector<std::string>& paths, const LogOptions& options) {
  KuairandLog log;
  log.options = options;
  Duplicates duplicates;
  std::int64_t total = 0, before = 0;
  // All headers first: a wrong file is found out before an hour of reading.
  for (const std::string& path : paths) {
    duplicates.check_path(path);
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
      throw data_error(path + ": is not a regular file; write it to a file first");
    const CsvReader csv(path);
    LogFile& file = log.files.emplace_back();
    file.path = path;
    file.kind = kind_of(csv);
    file.used = file.kind == "log";
    if (file.used) total += csv.file_bytes();
  }
  if (std::none_of(log.files.begin(), log.files.end(), [](const LogFile& file) { return file.used; }))
    throw data_error(fmt::format("{}: {}; none of the files is a log (a header with {})", log.files[0].path,
                                 log.files[0].kind, fmt::join(kLogColumns, ", ")));
  Progress progress("reading", total, "bytes");
  LogReader reader(log, progress);
  for (LogFile& file : log.files) {
    if (!file.used) continue;
    CsvReader csv(file.path);
    reader.read(csv, file, before);
    if (file.rows == 0 && file.skipped == 0) throw data_error(file.path + ": has a header and no rows");
    duplicates.check_contents(csv);
    before += csv.file_bytes();
    progress.set(before);
  }
  progress.done();
  return log;
}

}  // namespace sluice
