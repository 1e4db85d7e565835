// The table of a fitted log and what is to be said of it.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/calibrated_scenario.h"
#include "experiments/kuairand_figures.h"

namespace sluice {
namespace {

const double kNone = std::nan("");
constexpr const char* kKept = "kept";

void add_watch(const LogFit& fit, std::vector<FitRow>& rows) {
  const MixtureFit& w = fit.watch;
  rows.push_back({"watch time: share of quick skips", "1", w.share, kuairand::kSkipShare, 4});
  rows.push_back({"  log-mean of a quick skip", "ln ms", w.mu[0], kuairand::kSkipMu, 4});
  rows.push_back({"  log-sd of a quick skip", "ln ms", w.sigma[0], kuairand::kSkipSigma, 4});
  rows.push_back({"  log-mean of a watch", "ln ms", w.mu[1], kuairand::kWatchMu, 4});
  rows.push_back({"  log-sd of a watch", "ln ms", w.sigma[1], kuairand::kWatchSigma, 4});
  rows.push_back({"  KS of the mixture",
                  "1",
                  {w.ks, kNone, fit.played},
                  kuairand::kMixtureKs,
                  4,
                  w.converged ? "" : "NOT CONVERGED"});
  rows.push_back({"  P(3 s or less)", "1", fit.short_share, kuairand::kShortShare, 4});
  rows.push_back({"  P(not played)", "1", fit.not_played, kuairand::kNotPlayed, 4});
  for (std::size_t i = 0; i < fit.watch_quantiles_ms.size(); ++i)
    rows.push_back({fmt::format("  p{:.0f}", 100 * kuairand::kWatchQuantilesMs[i].first), "ms",
                    fit.watch_quantiles_ms[i], kuairand::kWatchQuantilesMs[i].second, 0});
  const auto sampled = [](const RandomEffects& e, const char* what) {
    return e.sampled_share < 1 ? fmt::format("{} {}, a sample of 1 in {:.0f}", e.ids, what, 1 / e.sampled_share)
                               : fmt::format("{} {}", e.ids, what);
  };
  rows.push_back({"  sd between users of ln watch", "ln ms", fit.user.sd, kuairand::kUserSd, 4,
                  sampled(fit.user, "users")});
  rows.push_back({"  user share of variance (ICC)", "1", fit.user.icc, kuairand::kUserIcc, 4});
  rows.push_back({"  sd within users", "ln ms", fit.user.within_sd, kuairand::kResidualSd, 4});
  rows.push_back({"  sd between videos", "ln ms", fit.video.sd, kuairand::kVideoSd, 4,
                  sampled(fit.video, "videos") + "; no parameter"});
}

void add_activity(const LogFit& fit, std::vector<FitRow>& rows) {
  const ActivityFit& a = fit.activity;
  const auto add = [&](const char* name, const char* unit, Estimate e, double published, int decimals) {
    rows.push_back(
        {name, unit, fit.activity_told ? e : Estimate{}, published, decimals, fit.activity_told ? "" : kKept});
  };
  add("exposures per user-day", "1", a.exposures_per_day, kuairand::kExposuresPerDay, 1);
  add("  gamma shape of users' means", "1", a.exposures_shape, kuairand::kExposuresShape, 3);
  add("  gamma scale", "1", a.exposures_scale, kuairand::kExposuresScale, 1);
  add("  KS of the gamma", "1", {a.exposures_ks, kNone, a.users}, kuairand::kExposuresKs, 4);
  add("sessions per user-day", "1", a.sessions_per_day, kuairand::kSessionsPerDay, 3);
  add("  gamma shape of users' numbers", "1", a.sessions_shape, kuairand::kSessionsShape, 2);
  add("requests per session", "1", a.requests_per_session, kuairand::kRequestsPerSession, 2);
  add("items per request", "1", a.items_per_request, kuairand::kItemsPerRequest, 3);
  add("gap between requests: log-mean", "ln s", a.gap_mu, kuairand::kGapMu, 4);
  add("  log-sd", "ln s", a.gap_sigma, kuairand::kGapSigma, 4);
  add("  KS of the log-normal", "1", {a.gap_ks, kNone, a.gap_mu.n}, kuairand::kGapKs, 4);
  add("  mean", "s", a.gap_mean_s, kuairand::kGapMeanS, 1);
  add("P(active on a day)", "1", a.active_share, kuairand::kActiveShare, 3);
  add("P(active the next day | active), D1", "1", a.d1, kuairand::kD1, 3);
  add("P(active 7 days later | active), D7", "1", a.d7, kuairand::kD7, 3);
}

}  // namespace

std::vector<FitRow> fit_rows(const LogFit& fit) {
  std::vector<FitRow> rows;
  add_watch(fit, rows);
  rows.push_back({"hour profile, total variation to the published", "1", fit.hour_distance, kNone, 4});
  add_activity(fit, rows);
  return rows;
}

std::string join_numbers(const std::vector<double>& values, int decimals) {
  std::string text;
  for (const double x : values)
    text += std::isfinite(x) ? fmt::format("{}{:.{}f}", text.empty() ? "" : " ", x, decimals)
            : text.empty()   ? "-"
                             : " -";
  return text;
}

std::vector<ProfileRow> fit_profiles(const LogFit& fit) {
  std::vector<ProfileRow> profiles = {{"share of hours 0 to 23, %", {}, {}, {}, 2},
                                      {"index of Monday to Sunday", {}, {}, {}, 3}};
  for (std::size_t h = 0; h < 24; ++h) {
    profiles[0].fitted.push_back(fit.hour_percent[h].value);
    profiles[0].errors.push_back(fit.hour_percent[h].error);
    profiles[0].published.push_back(kuairand::kHourPercent[h]);
  }
  for (std::size_t d = 0; d < 7; ++d) {
    profiles[1].fitted.push_back(fit.weekday_index[d].value);
    profiles[1].errors.push_back(fit.weekday_index[d].error);
    profiles[1].published.push_back(kuairand::kWeekdayIndex[d]);
  }
  if (!fit.weekdays_told) profiles[1].name += fmt::format(" ({})", kKept);
  return profiles;
}

std::vector<std::string> fit_remarks(const KuairandLog& log, const LogFit& fit) {
  std::vector<std::string> remarks;
  const ActivityFit& a = fit.activity;
  const auto part = [](std::int64_t n, std::int64_t of) {
    return 100 * static_cast<double>(n) / static_cast<double>(std::max<std::int64_t>(1, of));
  };
  if (!fit.activity_told) {
    const std::string why =
        fit.num_days == 0 ? "it covers no whole day"
        : a.thinned       ? fmt::format(
                                "it is thinned: {:.1f} rows per user and active day, {:.3f} of the steps within a "
                                      "response; a whole log has about 381 and {:.3f}",
                                a.rows_per_active_day, a.same_response_share, kuairand::kSameResponseShare)
                    : "as was asked";
    remarks.push_back(
        "Not taken from this log: sessions, raw activity (exposures per user-day), items per request, gaps "
        "between requests, "
        "active days and return (D1, D7): " +
        why + ".  The published figures of KuaiRand-27K are kept.");
  } else if (a.thinned) {
    remarks.push_back(
        fmt::format("WARNING: the log looks thinned ({:.1f} rows per user and active day, {:.3f} of the steps "
                    "within a response): sessions, "
                    "activity, gaps and return are of what is left of it.",
                    a.rows_per_active_day, a.same_response_share));
  }
  if (fit.activity_told)
    remarks.push_back(fmt::format(
        "Sessions, requests, gaps and days: from {} users{}, {} days.", a.users,
        a.sampled_share < 1 ? fmt::format(" (a sample of 1 in {:.0f})", 1 / a.sampled_share) : "", a.days));
  if (!fit.weekdays_told)
    remarks.push_back(fmt::format(
        "Not taken from this log: the day-of-week index; {}.  The published index is kept.",
        fit.weekday_index[0].known()
            ? "some weekdays occur once only, and a holiday or a trend cannot be told from a weekday"
            : "it does not hold every day of the week"));
  remarks.push_back(
      "Not told by any log of exposures, kept: live streams and how users take them (fatigue, interruption, "
      "habit), satisfaction, churn.");
  if (log.skipped > 0)
    remarks.push_back(fmt::format("{} malformed rows were skipped ({:.3f} %).", log.skipped,
                                  part(log.skipped, log.skipped + log.rows)));
  if (log.random_rows > 0)
    remarks.push_back(
        fmt::format("{} rows of videos shown at random (is_rand = 1) are left out of watch times and hours.",
                    log.random_rows));
  if (log.repeated_rows > 0)
    remarks.push_back(fmt::format("{} rows ({:.2f} %) repeat the row before them; they were counted.",
                                  log.repeated_rows, part(log.repeated_rows, log.rows)));
  if (part(log.other_date_rows, log.rows) > 1)
    remarks.push_back(
        fmt::format("WARNING: {:.1f} % of the rows have another local day by time_ms than by `date`; is "
                    "--utc-offset {:g} right?",
                    part(log.other_date_rows, log.rows), log.options.utc_offset_h));
  return remarks;
}

}  // namespace sluice
