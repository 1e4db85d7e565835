#pragma once
// Reads logs of short-video exposures in the format of KuaiRand (Gao et al. 2022): CSV, plain or gzip,
// one row per exposure, columns in any order.
//
//   user_id, video_id  whole numbers       time_ms       Unix time of the request
//   play_time_ms       watch time, 0: not played        tab  where in the app; 1 is the main feed
//   is_rand            optional: 1 for a video shown at random by the data's collectors (left out)
//   date               optional: yyyymmdd, only compared with time_ms
//
// One pass, whatever the size: what is kept are counts, sums per user and video (a hashed sample of
// them beyond a few million) and the time stamps of a sample of users.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "experiments/activity_fit.h"
#include "experiments/random_effects.h"
#include "experiments/value_histogram.h"

namespace sluice {

inline constexpr int kAnyTab = -1;
/// A watch that ends by then is a quick one (Moment&Cross, arXiv 2408.05709).
inline constexpr std::uint64_t kShortWatchMs = 3000;

struct LogOptions {
  int tab = 1;              // whose rows give watch times and hours, or kAnyTab
  double utc_offset_h = 8;  // local time: Beijing
  bool lenient = false;     // skip and count malformed rows instead of refusing the file
};

struct LogFile {
  std::string path, kind;  // "log", or what else it is: not used
  bool used = false;
  std::int64_t rows = 0, skipped = 0;
  std::vector<std::string> first_problems;  // of skipped rows, with file and line
};

/// What one group of users adds to the counts.
struct UserGroupCounts {
  ValueHistogram watch_ms;  // played rows of the tab
  std::int64_t tab_rows = 0, short_rows = 0;
  std::array<double, 24> hours{};  // played rows of the tab, local time
};

struct KuairandLog {
  LogOptions options;
  std::vector<LogFile> files;
  std::int64_t rows = 0, skipped = 0, random_rows = 0, repeated_rows = 0, other_date_rows = 0;
  std::vector<UserGroupCounts> groups = std::vector<UserGroupCounts>(kIdGroups);
  std::map<std::int64_t, std::array<std::int64_t, 24>> days;  // rows by local day since 1970 and hour
  SumsById users{1u << 21}, videos{1u << 20};                 // ln ms of the played rows of the tab
  TimeStamps times{1u << 23};                                 // of all rows

  std::int64_t played() const;
};

/// Reads the logs among the files.  Throws data_error, naming the file (and the line): a header that is
/// none of KuaiRand's (which columns are missing), a file given twice, a malformed row unless lenient,
/// no log, no rows; UserError(kInterrupted) after a signal.  Shows progress.
KuairandLog read_kuairand_logs(const std::vector<std::string>& paths, const LogOptions& options);

}  // namespace sluice
