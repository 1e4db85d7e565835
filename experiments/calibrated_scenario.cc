#include "experiments/calibrated_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/kuairand_figures.h"

namespace sluice {
namespace {

double logit_of(double p) { return std::log(p / (1 - p)); }
double rounded(double x, int decimals) {
  const double scale = std::pow(10, decimals);
  return std::round(x * scale) / scale;
}

/// The default share, moved on the logit scale.
double moved_share(double share, double fitted, double published) {
  return 1 / (1 + std::exp(-(logit_of(share) + logit_of(fitted) - logit_of(published))));
}

// The part of a watch's variance that is not the user's.  The floor matters where users differ so much
// that nothing would be left.
double within_variance(double sigma, double user_sd) {
  return std::max(0.1 * sigma * sigma, sigma * sigma - user_sd * user_sd);
}

void apply_watch(const LogFit& fit, ShortVideoConfig& v) {
  const LogNormalMixture& m = fit.watch.mixture;
  const double ms = std::log(1000.0);
  v.skip_share = moved_share(v.skip_share, m.share, kuairand::kSkipShare);
  v.skip_mu = m.mu[0] - ms;
  v.skip_sigma = m.sigma[0];
  v.watch_mu += m.mu[1] - kuairand::kWatchMu;
  // σ² = user² + page² + video²: each part by its own ratio.
  const double user_sd = fit.user.sd.known() ? fit.user.sd.value : kuairand::kUserSd;
  const double ratio = std::sqrt(within_variance(m.sigma[1], user_sd) /
                                 within_variance(kuairand::kWatchSigma, kuairand::kUserSd));
  const double within = (v.watch_sigma * v.watch_sigma - v.user_sigma * v.user_sigma) * ratio * ratio;
  v.user_sigma *= user_sd / kuairand::kUserSd;
  v.page_sigma *= ratio;
  v.watch_sigma = std::sqrt(v.user_sigma * v.user_sigma + within);
}

void apply_hours(const LogFit& fit, ActivityConfig& a) {
  double sum = 0;
  for (std::size_t h = 0; h < 24; ++h)
    sum += a.hour_percent[h] *= fit.hour_percent[h].value / kuairand::kHourPercent[h];
  for (double& percent : a.hour_percent) percent *= 100 / sum;
}

void apply_activity(const ActivityFit& fit, ActivityConfig& a, ShortVideoConfig& v) {
  const double per_active_day = fit.sessions_per_day.value / fit.active_share.value;
  a.sessions_mean *= per_active_day / (kuairand::kSessionsPerDay / kuairand::kActiveShare);
  if (fit.sessions_shape.known()) a.sessions_shape *= fit.sessions_shape.value / kuairand::kSessionsShape;
  const double session_s = fit.requests_per_session.value * fit.gap_mean_s.value;
  if (std::isfinite(session_s))
    a.budget_mean_s *= session_s / (kuairand::kRequestsPerSession * kuairand::kGapMeanS);
  if (fit.active_share.value < 1)
    a.return_mean += logit_of(fit.active_share.value) - logit_of(kuairand::kActiveShare);
  v.slots_per_page =
      std::clamp(v.slots_per_page + fit.items_per_request.value - kuairand::kItemsPerRequest, 1.0, 6.0);
  if (fit.gap_mu.known()) v.pause_median_s *= std::exp(fit.gap_mu.value - kuairand::kGapMu);
}

std::string plus_minus(const Estimate& e, int decimals) {
  return std::isfinite(e.error) ? fmt::format("{:.{}f} ± {:.{}f}", e.value, decimals, e.error, decimals)
                                : fmt::format("{:.{}f} ± ?", e.value, decimals);
}

std::string evidence(const Estimate& e, int decimals, double published) {
  return fmt::format("fitted {}, n {}; published {:.{}f}", plus_minus(e, decimals), e.n, published, decimals);
}

class Yaml {
 public:
  void comment(std::string text) {
    for (char& letter : text)  // a file's name may hold a line feed
      if (static_cast<unsigned char>(letter) < 32) letter = '?';
    text_ += text.empty() ? "#\n" : "# " + text + "\n";
  }
  void line(const std::string& text) { text_ += text + "\n"; }
  /// A key of the third level with its comment.
  void value(const char* key, double x, int decimals, const std::string& why) {
    list(key, {x}, decimals, why, false);
  }
  void list(const char* key, const std::vector<double>& values, int decimals, const std::string& why,
            bool brackets = true) {
    std::vector<std::string> parts;
    for (const double x : values) parts.push_back(fmt::format("{}", rounded(x, decimals)));
    text_ += fmt::format("    # {}\n    {}: {}{}{}\n", why, key, brackets ? "[" : "", fmt::join(parts, ", "),
                         brackets ? "]" : "");
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void write_activity(Yaml& yaml, const LogFit& fit, const BehaviouralUsersConfig& users) {
  const ActivityFit& f = fit.activity;
  const ActivityConfig& a = users.activity;
  double error = 0;
  for (const Estimate& e : fit.hour_percent) error = std::max(error, e.error);
  yaml.line("  activity:");
  yaml.list("hour_percent", a.hour_percent, 2,
            fmt::format("session starts: the default times fitted / published share of rows by hour; errors up "
                        "to {:.2f}, n {}",
                        error, fit.hour_percent[0].n));
  if (fit.weekdays_told) {
    std::vector<double> index;
    double worst = 0;
    for (const Estimate& e : fit.weekday_index) index.push_back(e.value), worst = std::max(worst, e.error);
    yaml.list(
        "weekday_index", index, 3,
        fmt::format("rows by day of the week, Monday first; errors up to {:.3f}, {} or more days each", worst,
                    std::min_element(fit.weekday_index.begin(), fit.weekday_index.end(), [](auto& x, auto& y) {
                      return x.n < y.n;
                    })->n));
  }
  if (!fit.activity_told) return;
  yaml.value("sessions_mean", a.sessions_mean, 3,
             "per user and calendar day: " + evidence(f.sessions_per_day, 3, kuairand::kSessionsPerDay) +
                 "; P(active) " + evidence(f.active_share, 3, kuairand::kActiveShare));
  if (f.sessions_shape.known())
    yaml.value("sessions_shape", a.sessions_shape, 2,
               "gamma shape: " + evidence(f.sessions_shape, 2, kuairand::kSessionsShape));
  if (f.gap_mean_s.known())
    yaml.value("budget_mean_s", a.budget_mean_s, 0,
               "requests per session " + evidence(f.requests_per_session, 2, kuairand::kRequestsPerSession) +
                   "; mean gap, s, " + evidence(f.gap_mean_s, 1, kuairand::kGapMeanS));
  yaml.value("return_mean", a.return_mean, 3,
             "P(active on a day): " + evidence(f.active_share, 3, kuairand::kActiveShare));
}

void write_short_video(Yaml& yaml, const LogFit& fit, const BehaviouralUsersConfig& users) {
  const ActivityFit& f = fit.activity;
  const ShortVideoConfig& v = users.short_video;
  const auto& [share, mu, sigma] = std::tie(fit.watch.share, fit.watch.mu, fit.watch.sigma);
  yaml.line("  short_video:");
  yaml.value("skip_share", v.skip_share, 4,
             "the default moved (logit): " + evidence(share, 4, kuairand::kSkipShare) +
                 fmt::format("; KS {:.4f}", fit.watch.ks));
  yaml.value("skip_mu", v.skip_mu, 4, "ln s; ln ms " + evidence(mu[0], 4, kuairand::kSkipMu));
  yaml.value("skip_sigma", v.skip_sigma, 4, evidence(sigma[0], 4, kuairand::kSkipSigma));
  yaml.value("watch_mu", v.watch_mu, 4, "the default moved: ln ms " + evidence(mu[1], 4, kuairand::kWatchMu));
  yaml.value("watch_sigma", v.watch_sigma, 4,
             "the default scaled, the user's part and the rest apart: " +
                 evidence(sigma[1], 4, kuairand::kWatchSigma));
  yaml.value("user_sigma", v.user_sigma, 4,
             "the default scaled: sd of users' ln watch " +
                 (fit.user.sd.known() ? evidence(fit.user.sd, 4, kuairand::kUserSd) : "not known, kept"));
  yaml.value("page_sigma", v.page_sigma, 4, "the default scaled as watch_sigma without the user's part");
  if (!fit.activity_told) return;
  yaml.value("slots_per_page", v.slots_per_page, 3,
             "the default moved, at most 6: items per request " +
                 evidence(f.items_per_request, 3, kuairand::kItemsPerRequest));
  if (f.gap_mu.known())
    yaml.value("pause_median_s", v.pause_median_s, 3,
               "the default scaled: ln s of a gap " + evidence(f.gap_mu, 4, kuairand::kGapMu) + "; log-sd " +
                   evidence(f.gap_sigma, 4, kuairand::kGapSigma) + fmt::format("; KS {:.4f}", f.gap_ks));
}

}  // namespace

BehaviouralUsersConfig calibrated_users(const LogFit& fit) {
  BehaviouralUsersConfig users;
  apply_watch(fit, users.short_video);
  apply_hours(fit, users.activity);
  if (fit.weekdays_told)
    for (std::size_t d = 0; d < 7; ++d) users.activity.weekday_index[d] = fit.weekday_index[d].value;
  if (fit.activity_told) apply_activity(fit.activity, users.activity, users.short_video);
  return users;
}

std::string scenario_yaml(const KuairandLog& log, const LogFit& fit) {
  Yaml yaml;
  yaml.comment(
      "The default world with what `sluice calibrate` fitted to a log; everything else is the default's.");
  yaml.comment("Use it by `environment: {scenario: THIS_FILE}`.");
  yaml.comment("");
  for (const LogFile& file : log.files)
    yaml.comment(fmt::format("  {}: {}", file.path,
                             file.used ? fmt::format("log, {} rows, {} skipped", file.rows, file.skipped)
                                       : file.kind + ", not used"));
  yaml.comment("");
  yaml.comment("By exposure.  ±: one standard error, of drawing users; n: what the figure was read off.");
  for (const FitRow& row : fit_rows(fit))
    if (row.fitted.known())
      yaml.comment(fmt::format(
          "  {}, {}: {}, n {}{}{}", row.name, row.unit, plus_minus(row.fitted, row.decimals), row.fitted.n,
          std::isfinite(row.published) ? fmt::format("; published {:.{}f}", row.published, row.decimals) : "",
          row.remark.empty() ? "" : "; " + row.remark));
  for (const ProfileRow& row : fit_profiles(fit)) {
    yaml.comment("  " + row.name);
    yaml.comment("    fitted    " + join_numbers(row.fitted, row.decimals));
    yaml.comment("    ± error   " + join_numbers(row.errors, row.decimals));
    yaml.comment("    published " + join_numbers(row.published, row.decimals));
  }
  yaml.comment("");
  for (const std::string& remark : fit_remarks(log, fit)) yaml.comment(remark);
  const BehaviouralUsersConfig users = calibrated_users(fit);
  yaml.line("users:");
  write_activity(yaml, fit, users);
  write_short_video(yaml, fit, users);
  return yaml.text();
}

}  // namespace sluice
