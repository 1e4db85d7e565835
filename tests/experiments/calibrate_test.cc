// `sluice calibrate`: from CSV logs to a scenario.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>

#include "experiments/calibrated_scenario.h"
#include "experiments/experiment_config.h"
#include "experiments/kuairand_figures.h"
#include "sim/distributions.h"
#include "tests/gzip.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMonday = 1650816000000;  // 2022-04-25 00:00 Beijing, in ms
constexpr std::int64_t kDayMs = 86400000, kHourMs = 3600000;

std::string write(const std::string& name, const std::string& bytes) {
  const fs::path path = own_folder() / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path.string();
}

struct Outcome {
  int code;
  std::string text;  // stdout and stderr
};

Outcome calibrate(const std::string& arguments) {
  FILE* pipe = popen((SLUICE_BINARY " calibrate " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Outcome outcome;
  std::array<char, 4096> buffer;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe))
    outcome.text.append(buffer.data(), n);
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

void check(const Outcome& outcome, int code, std::initializer_list<const char*> parts) {
  CAPTURE(outcome.text);
  CHECK(outcome.code == code);
  for (const char* part : parts) {
    CAPTURE(part);
    CHECK(outcome.text.find(part) != std::string::npos);
  }
}

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

FeedConfig feed_of(const fs::path& scenario) {
  const auto config = parse_experiment("seed: 1\nenvironment: {scenario: " + scenario.string() + "}\n", "x");
  return std::get<FeedConfig>(config.environment);
}

// A thinned log: one row at a time, `rows` of them over 7 days, watch times of the published mixture.
std::string thinned_log(int rows, std::uint64_t seed) {
  Rng rng = Seed{seed}.stream(Purpose::kTest);
  std::string text = "user_id,video_id,time_ms,play_time_ms,tab\n";
  for (int i = 0; i < rows; ++i) {
    const bool skip = bernoulli(rng, static_cast<float>(kuairand::kSkipShare));
    const double ln = skip ? kuairand::kSkipMu + kuairand::kSkipSigma * static_cast<double>(normal(rng))
                           : kuairand::kWatchMu + kuairand::kWatchSigma * static_cast<double>(normal(rng));
    text += fmt::format("{},{},{},{},1\n", i % 701, i % 97, kMonday + (7 * kDayMs / rows) * i,
                        std::llround(std::exp(ln)));
  }
  return text;
}

}  // namespace

TEST_CASE(
    "calibrate: the shipped KuaiRand-Pure log gives the published marginals, keeps what it does not tell, and "
    "its scenario runs") {
  const fs::path data = fs::path(SLUICE_SOURCE_DIR) / "../shared/data/kuairand_pure";
  if (!fs::exists(data)) {
    MESSAGE("skipped: no " << data.string());
    return;
  }
  const fs::path out = own_folder() / "pure.yaml";
  check(calibrate(data.string() + "/*.csv.gz --out " + out.string()), 0,
        {"115574 rows", "user features; not used", "video features; not used", "it is thinned",
         "sessions, raw activity", "gaps between requests", "published figures of KuaiRand-27K are kept",
         "day-of-week index"});
  const std::string log = (data / "log_standard_20220425_20220501.csv.gz").string();
  const LogFit fit = fit_log(read_kuairand_logs({log}, {}), ActivitySource::kAuto);
  const auto near = [](const Estimate& e, double value, double tolerance) {
    CAPTURE(value);
    CHECK(std::abs(e.value - value) <= tolerance);
    CHECK(e.error > 0);
    CHECK(e.error < tolerance);
  };
  near(fit.watch.share, .274, .01);
  near(fit.watch.mu[0], 7.48, .02);
  near(fit.watch.mu[1], 9.54, .02);
  near(fit.watch.sigma[0], .46, .02);
  near(fit.watch.sigma[1], 1.43, .02);
  near(fit.short_share, .335, .01);
  near(fit.user.sd, .65, .03);
  CHECK(fit.watch.ks <= .025);
  CHECK(fit.hour_distance.value <= .04);
  CHECK(fit.played == 85340);
  CHECK(fit.activity.thinned);
  CHECK(!fit.activity_told);
  CHECK(!fit.weekdays_told);

  const FeedConfig feed = feed_of(out);
  const auto& users = std::get<BehaviouralUsersConfig>(feed.users);
  CHECK(users.short_video.skip_mu == doctest::Approx(fit.watch.mu[0].value - std::log(1000)).epsilon(1e-4));
  CHECK(
      users.short_video.watch_mu ==
      doctest::Approx(ShortVideoConfig{}.watch_mu + fit.watch.mu[1].value - kuairand::kWatchMu).epsilon(1e-4));
  CHECK(users.activity.sessions_mean == ActivityConfig{}.sessions_mean);
  CHECK(users.activity.weekday_index == ActivityConfig{}.weekday_index);
  CHECK(users.activity.hour_percent != ActivityConfig{}.hour_percent);
  const std::string config =
      write("pure_run.yaml",
            "seed: 1\nenvironment: {scenario: pure.yaml, users: {count: 20}, supply: {streamers: {count: 50}}, "
            "burn_in: {days: 1}}\nevaluate: {users: 20, days: 1}\nagent: {kind: threshold}\n");
  CHECK(std::system((SLUICE_BINARY " run " + config + " --out " + (own_folder() / "pure.h5").string() +
                     " >/dev/null 2>&1")
                        .c_str()) == 0);
  CHECK(fs::exists(own_folder() / "pure.h5"));
}

TEST_CASE("calibrate: figures equal to the published ones give back the default's parameters") {
  LogFit fit;
  fit.watch.mixture = {.share = kuairand::kSkipShare,
                       .mu = {kuairand::kSkipMu, kuairand::kWatchMu},
                       .sigma = {kuairand::kSkipSigma, kuairand::kWatchSigma}};
  fit.user.sd.value = kuairand::kUserSd;
  for (std::size_t h = 0; h < 24; ++h) fit.hour_percent[h].value = kuairand::kHourPercent[h];
  fit.activity_told = true;
  ActivityFit& a = fit.activity;
  a.sessions_per_day.value = kuairand::kSessionsPerDay;
  a.active_share.value = kuairand::kActiveShare;
  a.sessions_shape.value = kuairand::kSessionsShape;
  a.requests_per_session.value = kuairand::kRequestsPerSession;
  a.gap_mean_s.value = kuairand::kGapMeanS;
  a.gap_mu.value = kuairand::kGapMu;
  a.items_per_request.value = kuairand::kItemsPerRequest;
  const BehaviouralUsersConfig users = calibrated_users(fit);
  const ShortVideoConfig v, &w = users.short_video;
  for (const auto member :
       {&ShortVideoConfig::skip_share, &ShortVideoConfig::skip_sigma, &ShortVideoConfig::watch_mu,
        &ShortVideoConfig::watch_sigma, &ShortVideoConfig::user_sigma, &ShortVideoConfig::page_sigma,
        &ShortVideoConfig::slots_per_page, &ShortVideoConfig::pause_median_s})
    CHECK(w.*member == doctest::Approx(v.*member));
  CHECK(w.skip_mu == doctest::Approx(v.skip_mu).epsilon(1e-5));
  const ActivityConfig d, &e = users.activity;
  for (const auto member : {&ActivityConfig::sessions_mean, &ActivityConfig::sessions_shape,
                            &ActivityConfig::budget_mean_s, &ActivityConfig::return_mean})
    CHECK(e.*member == doctest::Approx(d.*member));
  const double sum = std::accumulate(d.hour_percent.begin(), d.hour_percent.end(), 0.0);
  for (std::size_t h = 0; h < 24; ++h)
    CHECK(e.hour_percent[h] == doctest::Approx(100 * d.hour_percent[h] / sum));
}

TEST_CASE("calibrate: users who differ more than their watches still give a scenario that reads") {
  LogFit fit;
  fit.watch.mixture = {.share = 0.1, .mu = {6, 8}, .sigma = {0.3, 0.9}};
  fit.user.sd.value = 1.4;
  for (Estimate& e : fit.hour_percent) e.value = 100.0 / 24;
  const ShortVideoConfig v = calibrated_users(fit).short_video;
  CHECK(v.user_sigma * v.user_sigma + v.page_sigma * v.page_sigma < v.watch_sigma * v.watch_sigma);
}

TEST_CASE(
    "calibrate: a whole log tells sessions, requests, gaps, days and weekdays, exactly, in any order of rows") {
  // 30 users, 14 days, away every fifth day; 5 sessions an hour and more apart, 10 requests, 6 items.
  constexpr int kUsers = 30, kDays = 14, kSessions = 5, kRequests = 10, kItems = 6;
  const std::array<double, kRequests - 1> gaps_s = {3, 8, 15, 30, 60, 90, 200, 400, 500};
  Rng rng = Seed{4}.stream(Purpose::kTest);
  std::vector<std::string> rows;
  double active = 0, pairs1 = 0, back1 = 0, pairs7 = 0, back7 = 0;
  const auto is_active = [](int user, int day) { return (user + day) % 5 != 0; };
  for (int user = 0; user < kUsers; ++user)
    for (int day = 0; day < kDays; ++day) {
      if (!is_active(user, day)) continue;
      ++active;
      if (day + 1 < kDays) ++pairs1, back1 += is_active(user, day + 1);
      if (day + 7 < kDays) ++pairs7, back7 += is_active(user, day + 7);
      for (int session = 0; session < kSessions; ++session) {
        std::int64_t t = kMonday + day * kDayMs + (1 + 5 * session) * kHourMs + user;
        for (int request = 0; request < kRequests; ++request) {
          for (int item = 0; item < kItems; ++item) {
            const double ln = bernoulli(rng, 0.3f) ? 7.5 + 0.4 * static_cast<double>(normal(rng))
                                                   : 9.5 + 1.4 * static_cast<double>(normal(rng));
            rows.push_back(fmt::format("{},0,{},{},1,{}", std::llround(std::exp(ln)), t, user + 1000, item,
                                       item == 0 ? 1 : 0));
          }
          if (request + 1 < kRequests)
            t += static_cast<std::int64_t>(1000 * gaps_s[static_cast<std::size_t>(request)]);
        }
      }
    }
  for (std::size_t i = rows.size() - 1; i > 0; --i)
    std::swap(rows[i], rows[static_cast<std::size_t>(uniform_double(rng) * static_cast<double>(i + 1))]);
  std::string text = "play_time_ms,extra,time_ms,user_id,tab,video_id,is_rand\n";
  for (std::string& row : rows) {  // columns in another order
    const auto cells = [&] {
      std::vector<std::string> parts;
      std::stringstream stream(row);
      for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
      return parts;
    }();
    text += fmt::format("{},{},{},{},{},{},{}\n", cells[0], cells[1], cells[2], cells[3], cells[4],
                        cells[5].substr(0, 1), "0");
  }
  const std::string path = write("whole.csv", text);
  const KuairandLog log = read_kuairand_logs({path}, {});
  const LogFit fit = fit_log(log, ActivitySource::kAuto);
  const ActivityFit& a = fit.activity;
  REQUIRE(fit.activity_told);
  CHECK(fit.num_days == kDays);
  CHECK(a.users == kUsers);
  const double user_days = kUsers * kDays;
  CHECK(a.rows_per_active_day == kSessions * kRequests * kItems);
  CHECK(a.exposures_per_day.value == doctest::Approx(active * kSessions * kRequests * kItems / user_days));
  CHECK(a.sessions_per_day.value == doctest::Approx(active * kSessions / user_days));
  CHECK(a.items_per_request.value == kItems);
  CHECK(a.requests_per_session.value == kRequests);
  CHECK(a.active_share.value == doctest::Approx(active / user_days));
  CHECK(a.d1.value == doctest::Approx(back1 / pairs1));
  CHECK(a.d7.value == doctest::Approx(back7 / pairs7));
  double mean = 0, ln = 0, ln2 = 0;
  for (const double s : gaps_s) mean += s / 9, ln += std::log(s) / 9, ln2 += std::log(s) * std::log(s) / 9;
  CHECK(a.gap_mean_s.value == doctest::Approx(mean));
  const auto [mu, sigma] = fit_truncated_log_normal(ln, ln2, 1, 1800);
  CHECK(a.gap_mu.value == doctest::Approx(mu).epsilon(1e-6));
  CHECK(a.gap_sigma.value == doctest::Approx(sigma).epsilon(1e-6));
  CHECK(a.gap_mu.n == static_cast<std::int64_t>(active * kSessions * (kRequests - 1)));
  REQUIRE(fit.weekdays_told);
  for (int d = 0; d < 7; ++d) {
    double here = 0;
    for (int user = 0; user < kUsers; ++user) here += is_active(user, d) + is_active(user, d + 7);
    CHECK(fit.weekday_index[static_cast<std::size_t>(d)].value == doctest::Approx(here / active * 7));
  }
  const fs::path out = own_folder() / "whole.yaml";
  check(calibrate(path + " --out " + out.string()), 0, {"sessions per user-day"});
  const auto feed = feed_of(out);
  CHECK(std::get<BehaviouralUsersConfig>(feed.users).activity.sessions_mean ==
        doctest::Approx(ActivityConfig{}.sessions_mean * kSessions /
                        (kuairand::kSessionsPerDay / kuairand::kActiveShare))
            .epsilon(1e-3));
  check(calibrate(path + " --activity keep --force --out " + out.string()), 0, {"as was asked"});
  CHECK(std::get<BehaviouralUsersConfig>(feed_of(out).users).activity.sessions_mean ==
        ActivityConfig{}.sessions_mean);
}

TEST_CASE(
    "calibrate: a gzip file gives the same scenario as the plain one, byte for byte, and so do two parts") {
  const std::string text = thinned_log(4000, 1);
  const auto middle = text.find('\n', text.size() / 2) + 1;
  const std::string header = text.substr(0, text.find('\n') + 1);
  const std::string plain = write("same.csv", text), first = write("same1.csv", text.substr(0, middle)),
                    second = write("same2.csv.gz", gzip("\xef\xbb\xbf" + header + text.substr(middle)));
  const auto scenario = [&](const std::string& files) {
    const fs::path out = own_folder() / "same.yaml";
    check(calibrate(files + " --force --out " + out.string()), 0, {});
    const std::string yaml = text_of(out);
    return yaml.substr(yaml.find("# By exposure"));  // below the names of the files
  };
  const std::string expected = scenario(plain);
  CHECK(scenario(plain) == expected);
  CHECK(scenario(first + " " + second) == expected);
  CHECK(expected.find("skip_share: ") != std::string::npos);
  const std::string odd = write("same\nusers: 3\n.csv", text);
  CHECK(scenario("'" + odd + "'") == expected);
  write("same.csv.gz", gzip(text));
  fs::remove(plain);
  CHECK(scenario(plain + ".gz") == expected);
}

TEST_CASE("calibrate: a malformed row is refused with file and line, --lenient skips and counts it") {
  const std::string good = thinned_log(1000, 2);
  const std::string out = " --force --out " + (own_folder() / "rows.yaml").string();
  for (const auto& [row, why] : {std::pair{"x,1,1650816000000,5,1", "user_id is 'x'"},
                                 {"1,-3,1650816000000,5,1", "video_id is '-3'"},
                                 {"1,1,1650816000,5,1", "time_ms is '1650816000'; expected Unix time in ms"},
                                 {"1,1,1650816000000,,1", "play_time_ms is ''"},
                                 {"1,1,1650816000000,99999999999,1", "from 0 to a day"},
                                 {"1,1,1650816000000,5.5,1", "play_time_ms is '5.5'"},
                                 {"1,1,1650816000000,5,home", "tab is 'home'"},
                                 {"1,1,1650816000000,5", "4 cells, the header has 5"},
                                 {"1,1,1650816000000,5,\"1", "a quote that is not closed"}}) {
    CAPTURE(row);
    const auto middle = good.find('\n', good.size() / 2) + 1;
    const auto line = 1 + std::count(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(middle), '\n');
    const std::string path = write("rows.csv", good.substr(0, middle) + row + "\n" + good.substr(middle));
    const std::string where = fmt::format("rows.csv:{}: ", line);
    check(calibrate(path + out), 65, {where.c_str(), why, "--lenient"});
    check(calibrate(path + " --lenient" + out), 0,
          {"1 malformed", where.c_str(), "1 malformed rows were skipped"});
  }
  const std::string whole_numbers =
      write("floats.csv", "user_id,video_id,time_ms,play_time_ms,tab\n1,1,1650816000000.0,5.0,1.0\n");
  CHECK(read_kuairand_logs({whole_numbers}, {}).rows == 1);
}

TEST_CASE("calibrate: wrong files and places get 64, 65 or 74 and leave nothing behind") {
  const std::string log = write("ok.csv", thinned_log(1000, 3)),
                    features =
                        write("users.csv", "user_id,user_active_degree,register_days\n1,full_active,3\n");
  const fs::path out = own_folder() / "no.yaml";
  const std::string to = " --out " + out.string();
  check(calibrate((own_folder() / "nowhere.csv").string() + to), 65, {"nowhere.csv", "No such file"});
  check(calibrate(own_folder().string() + to), 65, {"is a directory"});
  check(calibrate(write("empty.csv", "") + to), 65, {"is empty"});
  check(calibrate(write("header.csv", "user_id,video_id,time_ms,play_time_ms,tab\n") + to), 65,
        {"header.csv", "no rows"});
  check(calibrate(write("other.csv", "user_id,time_ms,watch\n1,2,3\n") + to), 65,
        {"other.csv", "lacks video_id, play_time_ms, tab"});
  check(calibrate(features + to), 65, {"user features", "none of the files is a log"});
  check(calibrate(log + " " + log + to), 65, {"ok.csv", "given twice"});
  check(calibrate(log + " " + write("copy.csv.gz", gzip(thinned_log(1000, 3))) + to), 65,
        {"copy.csv.gz", "same contents"});
  const std::string zipped = gzip(thinned_log(1000, 3));
  check(calibrate(write("cut.csv.gz", zipped.substr(0, zipped.size() - 20)) + to), 65,
        {"cut.csv.gz", "cut short"});
  check(calibrate(write("few.csv", thinned_log(100, 3)) + to), 65, {"100 of 100 rows", "at least 500"});
  check(calibrate(log + " --tab 7" + to), 65, {"of tab 7", "--tab all"});
  check(calibrate(log + " --tab main" + to), 64, {"--tab"});
  check(calibrate(log + " --utc-offset 99" + to), 64, {"--utc-offset"});
  check(calibrate(log), 64, {"--out"});
  check(calibrate(log + " --out " + log + " --force"), 64, {"is one of the logs"});
  check(calibrate(log + " --out /proc/nowhere/x.yaml"), 74, {"/proc/nowhere"});
  CHECK(!fs::exists(out));
  write("no.yaml", "mine");
  check(calibrate(log + to), 65, {"no.yaml", "exists", "--force"});
  CHECK(text_of(out) == "mine");
  check(calibrate(log + to + " --force"), 0, {});
  CHECK(text_of(out) != "mine");
  for (const auto& entry : fs::directory_iterator(own_folder())) CHECK(entry.path().extension() != ".partial");
  check(calibrate("--help"), 0, {"Example", "--lenient", "--utc-offset"});
}

TEST_CASE(
    "calibrate: local hours and weekdays follow --utc-offset, and a wrong one is noticed by the date column") {
  std::string text = "user_id,video_id,time_ms,play_time_ms,tab,date\n";
  for (int i = 0; i < 2000; ++i)
    text += fmt::format("{},1,{},{},1,20220425\n", i % 50, kMonday + kHourMs / 2,
                        1000 + 37 * (i % 100) + 900 * (i % 7) * (i % 11));
  const std::string path = write("hours.csv", text);
  const KuairandLog beijing = read_kuairand_logs({path}, {}),
                    utc = read_kuairand_logs({path}, {.utc_offset_h = 0});
  CHECK(beijing.days.size() == 1);
  CHECK(beijing.days.begin()->second[0] == 2000);
  CHECK(beijing.other_date_rows == 0);
  CHECK(utc.days.begin()->second[16] == 2000);
  CHECK(utc.other_date_rows == 2000);
}

TEST_CASE("calibrate: rows shown at random and other tabs are left out of watch times") {
  const KuairandLog log = read_kuairand_logs(
      {write("tabs.csv",
             "user_id,video_id,time_ms,play_time_ms,tab,is_rand\n"
             "1,1,1650816000000,2000,1,0\n1,2,1650816000000,0,1,0\n1,3,1650816000000,2000,1,1\n"
             "1,4,1650816000000,2000,4,0\n1,4,1650816000000,2000,4,0\n")},
      {});
  CHECK(log.rows == 5);
  CHECK(log.played() == 1);
  CHECK(log.random_rows == 1);
  CHECK(log.repeated_rows == 1);
  CHECK(read_kuairand_logs({(own_folder() / "tabs.csv").string()}, {.tab = kAnyTab}).played() == 3);
}

TEST_CASE("calibrate: a signal ends it with 75 and leaves nothing behind") {
  const std::string row = "1,1,1650816000000,2000,1\n";
  std::string text = "user_id,video_id,time_ms,play_time_ms,tab\n";
  for (int i = 0; i < 6000000; ++i) text += row;
  const std::string path = write("long.csv", text), out = (own_folder() / "long.yaml").string();
  // Its temporary is there once signals are caught.
  const std::string script = SLUICE_BINARY " calibrate " + path + " --out " + out + " >/dev/null 2>&1 & " +
                             "until ls " + out +
                             ".*.partial >/dev/null 2>&1; do sleep 0.01; done; kill -TERM $!; wait $!";
  CHECK(WEXITSTATUS(std::system(script.c_str())) == 75);
  fs::remove(path);
  for (const auto& entry : fs::directory_iterator(own_folder()))
    CHECK(entry.path().string().find("long.yaml") == std::string::npos);
}

}  // namespace sluice
