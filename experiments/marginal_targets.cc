#include "experiments/marginal_targets.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "experiments/interrupt.h"
#include "sim/csv_reader.h"
#include "sim/user_history.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;


CdfFunction two_log_normals(double share, double mu1, double sigma1, double mu2, double sigma2) {
  return [first = log_normal_cdf(mu1, sigma1), second = log_normal_cdf(mu2, sigma2), share](double x) {
    return share * first(x) + (1 - share) * second(x);
  };
}

CdfFunction truncated(CdfFunction cdf, double most) {
  const double total = cdf(most);
  return [cdf = std::move(cdf), most, total](double x) { return std::min(1.0, cdf(std::min(x, most)) / total); };
}

bool is_table(const fs::path& path, const std::string& stem) {
  const std::string name = path.filename().string();
  return name.starts_with(stem) && (name.ends_with(".csv") || name.ends_with(".csv.gz"));
}

std::vector<fs::path> tables_in(const fs::path& folder, const std::string& stem) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (is_table(entry.path(), stem)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

std::size_t column(const CsvReader& csv, const std::string& name) {
  const auto index = csv.column(name);
  if (!index) throw data_error(csv.path() + ": no column `" + name + "`");
  return *index;
}

double number(const CsvReader& csv, std::size_t index) {
  const std::string_view text = csv.cell(index);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0)
    throw data_error(csv.where() + ": `" + std::string(text) + "` in column " + csv.header()[index] +
                     ": a number of at least 0 would be right");
  return value;
}

void require_row(const CsvReader& csv) {
  if (!csv.problem().empty()) throw data_error(csv.where() + ": " + csv.problem());
}

std::vector<double> read_exposures(const fs::path& path) {
  CsvReader csv(path.string());
  const std::size_t exposures = column(csv, "exposures");
  std::vector<double> values;
  while (csv.next()) {
    require_row(csv);
    values.push_back(number(csv, exposures) / kMarginalDays);
  }
  if (values.empty()) throw data_error(csv.path() + ": holds no users");
  return values;
}

void read_watch_times(const fs::path& path, std::vector<double>& seconds) {
  CsvReader csv(path.string());
  const std::size_t tab = column(csv, "tab"), play = column(csv, "play_time_ms");
  while (csv.next()) {
    stop_if_interrupted();
    require_row(csv);
    if (csv.cell(tab) != "1") continue;
    if (const double ms = number(csv, play); ms > 0) seconds.push_back(ms / 1000);
  }
}

}  // namespace

MarginalTargets published_targets() {
  MarginalTargets t;
  // KuaiRand-Pure, main feed, played: 171,941 rows.  Interpolated; within .008 of a week of its rows.
  t.short_watch = interpolated_cdf(
      {.552, 1, 1.25, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300},
      {.01, .0497, .10, .2378, .3404, .4523, .5172, .5804, .6538, .7037, .7742, .8377, .8787, .9288, .9572, .9819, .9965});
  t.short_watch_source = "KuaiRand-Pure, published points";
  t.user_exposures = interpolated_cdf({18.47, 44.94, 70.58, 144.39, 277.23, 491.19, 793.14, 1051.32, 1813.88, 3709.01},
                                      {.01, .05, .10, .25, .50, .75, .90, .95, .99, .999});
  t.user_exposures_source = "KuaiRand-27K, published quantiles";
  t.live_watch = two_log_normals(.6726, 1.004, 1.219, 4.453, 1.760);
  t.live_user_watch = log_normal_cdf(8.977, 1.334);
  t.stream_minutes = log_normal_cdf(4.883, 0.632);
  t.gaps = truncated(log_normal_cdf(4.278, 1.469), kSessionBreak);
  return t;
}

MarginalTargets targets_with_data(const std::string& directory) {
  if (!fs::is_directory(directory)) throw data_error(directory + ": no such directory");
  MarginalTargets t = published_targets();
  const auto users = tables_in(fs::path(directory) / "kuairand_27k", "log_standard_user_stats_distribution");
  const auto logs = tables_in(fs::path(directory) / "kuairand_pure", "log_standard");
  if (users.empty() && logs.empty())
    throw data_error(directory +
                     ": holds neither kuairand_27k/log_standard_user_stats_distribution.csv[.gz] nor "
                     "kuairand_pure/log_standard*.csv[.gz]");
  if (!users.empty()) {
    t.user_exposures = empirical_cdf(read_exposures(users.front()));
    t.user_exposures_source = users.front().filename().string();
  }
  std::vector<double> seconds;
  for (const fs::path& log : logs) {
    read_watch_times(log, seconds);
    t.short_watch_source = log.filename().string() + (logs.size() > 1 ? " and others" : "");
  }
  if (!logs.empty()) {
    if (seconds.empty()) throw data_error(logs.front().string() + ": no row of tab 1 was played");
    t.short_watch = empirical_cdf(std::move(seconds));
  }
  return t;
}

}  // namespace sluice
