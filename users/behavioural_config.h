#pragma once
// Parameters of the behavioural user model.  Numbers with a source were read off data or published
// figures; those marked "prior" are identified by no data and are the axes of the sensitivity sweep.

#include <tuple>
#include <vector>

#include "sim/config.h"

namespace sluice {

/// When users come and for how long.
struct ActivityConfig {
  double sessions_mean = 6.402;   // sessions per active day, mean over users
  double sessions_shape = 6.9;   // gamma shape of a user's mean sessions
  double budget_mean_s = 6012;   // time a user has for a session
  double budget_user_sigma = 1.196;
  double budget_session_sigma = 0.8;
  double budget_watch_share = 0.5434;
  double page_hazard = 0.017;     // leaving after a page for no reason seen
  double page_hazard_budget = 0;
  double return_mean = -0.105;    // logit of P(active), mean over users
  double return_sigma = 0.4675;
  double return_inertia = 2.253;   // added after an active day
  double churn_per_day = 0;      // leaving for good
  std::vector<double> hour_percent = {1.92, 0.96, 0.56, 0.46, 0.60, 1.33, 2.83, 3.74, 3.88, 4.42, 4.87, 5.14, 5.93, 5.36, 3.83, 4.84, 5.13, 5.69, 6.52, 6.87, 7.53, 7.62, 6.90, 3.10};
  std::vector<double> weekday_index = {.952, .944, .952, .961, 1.014, 1.115, 1.057};

  static constexpr auto fields() {
    using C = ActivityConfig;
    return std::tuple{
        field("sessions_mean", &C::sessions_mean, {.range = {1, 50}, .unit = "1/day", .doc = "sessions per active day, mean over users", .source = "fitted: KuaiRand-27K, 4.84 per calendar day"}),
        field("sessions_shape", &C::sessions_shape, {.range = {0.1, 1000}, .doc = "gamma shape of a user's mean number of sessions", .source = "fitted: KuaiRand-27K, gamma k 6.29"}),
        field("budget_mean_s", &C::budget_mean_s, {.range = {10, 1e5}, .unit = "s", .doc = "time budget of a session, mean over users", .source = "fitted: KuaiRand-27K 78.7 exposures and 13.6 requests per session"}),
        field("budget_user_sigma", &C::budget_user_sigma, {.range = {0, 3}, .unit = "ln s", .doc = "spread of the budget between users", .source = "fitted: KuaiRand-27K exposures per user-day"}),
        field("budget_session_sigma", &C::budget_session_sigma, {.range = {0, 3}, .unit = "ln s", .doc = "spread of the budget between sessions of a user", .source = "prior"}),
        field("budget_watch_share", &C::budget_watch_share, {.range = {0, 2}, .doc = "users who watch videos longer take more time: ln budget gains this share of their ln watch scale", .source = "fitted: item-weighted short watch time"}),
        field("page_hazard", &C::page_hazard, {.range = {0, 1}, .doc = "probability of leaving after a page whatever it held", .source = "prior"}),
        field("page_hazard_budget", &C::page_hazard_budget, {.range = {0, 2}, .doc = "users with more time leave less readily: page_hazard × (their median budget / the median user's)^−this; 0: all alike, 1: as large a part of everyone's sessions ends so", .source = "our choice: 0, not fitted yet; above 0 it lengthens the upper tail of exposures per user-day"}),
        field("return_mean", &C::return_mean, {.unit = "logit", .doc = "P(active today), mean over users", .source = "fitted: D1 .90, D7 .80"}),
        field("return_sigma", &C::return_sigma, {.range = {0, 10}, .unit = "logit", .doc = "spread of P(active) between users", .source = "fitted: D1 .90, D7 .80"}),
        field("return_inertia", &C::return_inertia, {.unit = "logit", .doc = "added to P(active) after an active day", .source = "fitted: D1 .90, D7 .80"}),
        field("churn_per_day", &C::churn_per_day, {.range = {0, 1}, .doc = "probability per day of leaving for good (terminates the episode); long-run churn is not identified by the data", .source = "prior"}),
        field("hour_percent", &C::hour_percent, {.range = {0, 100}, .unit = "%", .doc = "session starts by hour of the day, 24 numbers", .source = "fitted: KuaiRand-27K exposures by hour"}),
        field("weekday_index", &C::weekday_index, {.range = {0, 10}, .doc = "sessions by day of the week, Monday first; day 0 is a Monday", .source = "KuaiRand-27K"})};
  }
};

/// Short-video watch time: a quick skip or a watch, both log-normal.
struct ShortVideoConfig {
  double slots_per_page = 5.968;
  double skip_share = 0.2753;
  double skip_share_sigma = 0.4;
  double skip_mu = 7.471 - 6.907755;  // ln ms → ln s
  double skip_sigma = 0.463;
  double watch_mu = 2.565;
  double watch_sigma = 1.609;
  double end_rate = 0;
  double user_sigma = 0.9596;
  double page_sigma = 1.043;
  double skip_mood = 2.302;
  double match_gain = 0.3;
  double pause_median_s = 2.09;
  double pause_sigma = 2.33;

  static constexpr auto fields() {
    using C = ShortVideoConfig;
    return std::tuple{
        field("slots_per_page", &C::slots_per_page, {.range = {1, 6}, .doc = "slots per request; the live stream takes one of them", .source = "fitted: KuaiRand-27K 5.80 items per batch; the last page of a session is cut short"}),
        field("skip_share", &C::skip_share, {.range = {0, 1, kOpen}, .doc = "share of quick skips, mean over users", .source = "fitted: KuaiRand-Pure, .277 by exposure"}),
        field("skip_share_sigma", &C::skip_share_sigma, {.range = {0, 3}, .unit = "logit", .doc = "spread of the skip share between users", .source = "prior"}),
        field("skip_mu", &C::skip_mu, {.unit = "ln s", .doc = "log-mean of a quick skip", .source = "KuaiRand-Pure: 7.471 ln ms"}),
        field("skip_sigma", &C::skip_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "log-sd of a quick skip", .source = "KuaiRand-Pure"}),
        field("watch_mu", &C::watch_mu, {.unit = "ln s", .doc = "log-mean of a watch, mean over users", .source = "fitted: KuaiRand-Pure, 9.532 ln ms by exposure; by user it is lower"}),
        field("watch_sigma", &C::watch_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "log-sd of a watch over users, pages and videos", .source = "fitted: KuaiRand-Pure, 1.431 by exposure; by user it is wider"}),
        field("end_rate", &C::end_rate, {.range = {0, 1}, .unit = "1/s", .doc = "videos end: a watch of w becomes w/√(1 + (rate·w)²), so none is longer than 1/rate; 0: they do not", .source = "our choice: 0, not fitted yet; above 0 it shortens the tail, which is longer than that of KuaiRand-Pure"}),
        field("user_sigma", &C::user_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "part of watch_sigma that belongs to the user", .source = "fitted: KuaiRand-Pure ICC .18 of ln watch"}),
        field("page_sigma", &C::page_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "part of watch_sigma that is shared by a page (a skimming or an absorbed mood); widens the gap between requests", .source = "fitted: KuaiRand-27K gap log-sd 1.469"}),
        field("skip_mood", &C::skip_mood, {.range = {0, 10}, .unit = "logit", .doc = "a page in a skimming mood (page effect one sd down) has its skip share raised by this; the mean share stays", .source = "fitted: KuaiRand-27K gap log-sd 1.469"}),
        field("match_gain", &C::match_gain, {.range = {0, 3}, .unit = "ln s", .doc = "a video of a favourite topic is watched longer: ln watch + gain·(interest − mean interest)", .source = "prior"}),
        field("pause_median_s", &C::pause_median_s, {.range = {0, 1000}, .unit = "s", .doc = "median pause within a page (log-normal)", .source = "fitted: KuaiRand-27K mean gap 165 s"}),
        field("pause_sigma", &C::pause_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "log-sd of the pause", .source = "fitted: KuaiRand-27K gap log-sd 1.469"})};
  }
};

/// Entering and watching a live stream.
struct LiveWatchConfig {
  double enter_bias = -1.63;
  double enter_appeal = 0.8;
  double no_affinity_share = 0.282;
  double no_affinity = -5;
  double affinity_sigma = 0.6108;
  double early_mu = 0.8059;
  double early_sigma = 1.219;
  double late_share_bias = -0.8001;
  double late_share_appeal = 0.5;
  double late_mu = 3.49;
  double late_sigma = 1.743;
  double late_appeal = 0.4;
  double late_user_sigma = 0.6374;
  double mood_sigma = 0.5;
  double mood_half_life_s = 1800;
  double pass_s = 2;
  double predictor_sigma = 0.4;

  static constexpr auto fields() {
    using C = LiveWatchConfig;
    return std::tuple{
        field("enter_bias", &C::enter_bias, {.unit = "logit", .doc = "P(enter | shown) of an average user and stream", .source = "fitted: KuaiLive, .28 of impressions entered"}),
        field("enter_appeal", &C::enter_appeal, {.unit = "logit", .doc = "gain of P(enter) per unit of appeal", .source = "prior"}),
        field("no_affinity_share", &C::no_affinity_share, {.range = {0, 1}, .doc = "share of users who hardly ever watch live", .source = "fitted: live DAU / DAU .57"}),
        field("no_affinity", &C::no_affinity, {.unit = "logit", .doc = "live affinity of those users", .source = "prior"}),
        field("affinity_sigma", &C::affinity_sigma, {.range = {0, 5}, .unit = "logit", .doc = "spread of live affinity among the others", .source = "fitted: KuaiLive user live watch in 21 days"}),
        field("early_mu", &C::early_mu, {.unit = "ln s", .doc = "log-mean of a short look", .source = "fitted: KuaiLive shop rooms, 1.004 before cutting by the budget"}),
        field("early_sigma", &C::early_sigma, {.range = {0, 5, kOpenBelow}, .unit = "ln s", .doc = "log-sd of a short look", .source = "KuaiLive shop rooms"}),
        field("late_share_bias", &C::late_share_bias, {.unit = "logit", .doc = "share of entries that become a long watch", .source = "fitted: KuaiLive shop rooms, .327 before cutting by the budget"}),
        field("late_share_appeal", &C::late_share_appeal, {.unit = "logit", .doc = "gain of that share per unit of appeal", .source = "prior"}),
        field("late_mu", &C::late_mu, {.unit = "ln s", .doc = "log-mean of a long watch", .source = "fitted: KuaiLive mean 82.6 s per entry"}),
        field("late_sigma", &C::late_sigma, {.range = {0, 5, kOpenBelow}, .unit = "ln s", .doc = "log-sd of a long watch", .source = "fitted: KuaiLive shop rooms, 1.760 before cutting and with the user's part"}),
        field("late_appeal", &C::late_appeal, {.unit = "ln s", .doc = "a long watch is longer by this per unit of appeal", .source = "prior"}),
        field("late_user_sigma", &C::late_user_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "spread of long watches between users", .source = "fitted: KuaiLive user live watch in 21 days"}),
        field("mood_sigma", &C::mood_sigma, {.range = {0, 5}, .doc = "sd of a user's passing mood for live (same unit as appeal)", .source = "prior"}),
        field("mood_half_life_s", &C::mood_half_life_s, {.range = {1, 1e7}, .unit = "s", .doc = "half-life of that mood", .source = "prior"}),
        field("pass_s", &C::pass_s, {.range = {0, 60}, .unit = "s", .doc = "time a stream costs that is shown and not entered", .source = "prior"}),
        field("predictor_sigma", &C::predictor_sigma, {.range = {0, 3}, .unit = "ln s", .doc = "error of the platform's prediction of watch time and entry", .source = "prior; sweep .1 to .8"})};
  }
};

/// What live streams do to a user over minutes, hours and days.
struct DynamicsConfig {
  double fatigue_half_life_s = 1200;
  double fatigue_enter = 0.6;
  double fatigue_watch = 0.3;
  double fatigue_good_entry = 0.7;
  double fatigue_sigma = 0.4;
  double interruption_leave = 0.003;
  double interruption_not_entered = 0.5;
  double interruption_fatigue = 1;
  double interruption_sigma = 0.6;
  double interruption_spill = 0.03;
  double substitution = 0.8;
  double habit_enter = 0.8;
  double habit_gain = 0.05;
  double habit_half_life_days = 3;
  double satisfaction_return = 0.03;
  double satisfaction_good = 1;
  double satisfaction_bad = 0.15;
  double satisfaction_half_life_days = 1.5;
  double expectation_half_life_days = 14;
  double expectation_share = 0.7;
  double satisfaction_stay = 0.005;
  double interest_drift = 0.02;

  static constexpr auto fields() {
    using C = DynamicsConfig;
    return std::tuple{
        field("fatigue_half_life_s", &C::fatigue_half_life_s, {.range = {1, 1e6}, .unit = "s", .doc = "half-life of live fatigue F; injecting on every page leads to F = 1", .source = "prior; sweep 300 to 3600"}),
        field("fatigue_enter", &C::fatigue_enter, {.range = {0, 10}, .unit = "logit", .doc = "drop of P(enter) at F = 1", .source = "prior; sweep 0 to 1.5"}),
        field("fatigue_watch", &C::fatigue_watch, {.range = {0, 10}, .unit = "ln s", .doc = "drop of a long watch at F = 1", .source = "prior; sweep 0 to .75"}),
        field("fatigue_good_entry", &C::fatigue_good_entry, {.range = {0, 1}, .doc = "fatigue of a stream that was entered and not skipped, relative to one shown in vain", .source = "prior"}),
        field("fatigue_sigma", &C::fatigue_sigma, {.range = {0, 3}, .unit = "ln", .doc = "spread of fatigue sensitivity between users (log-normal, mean 1)", .source = "prior"}),
        field("interruption_leave", &C::interruption_leave, {.range = {0, 10}, .doc = "hazard of leaving the app per bad live exposure (1 if left within 3 s)", .source = "prior; sweep 0 to .02"}),
        field("interruption_not_entered", &C::interruption_not_entered, {.range = {0, 1}, .doc = "how bad an exposure is that was not entered", .source = "prior; sweep .2 to 1"}),
        field("interruption_fatigue", &C::interruption_fatigue, {.range = {0, 10}, .doc = "a bad exposure is worse by this share at F = 1", .source = "prior; sweep 0 to 2"}),
        field("interruption_sigma", &C::interruption_sigma, {.range = {0, 3}, .unit = "ln", .doc = "spread of interruption sensitivity between users (log-normal, mean 1)", .source = "prior"}),
        field("interruption_spill", &C::interruption_spill, {.range = {0, 1}, .doc = "a bad exposure shortens the watches of the rest of the page by this share", .source = "prior; sweep 0 to .15"}),
        field("substitution", &C::substitution, {.range = {0, 2}, .doc = "share of live watch time taken out of the session's budget; 1: live eats it in full", .source = "prior; sweep .3 to 1"}),
        field("habit_enter", &C::habit_enter, {.range = {0, 10}, .unit = "logit", .doc = "gain of P(enter) by live habit h: gain·h/(1+h)", .source = "prior; sweep 0 to 1.6"}),
        field("habit_gain", &C::habit_gain, {.range = {0, 10}, .doc = "habit gained by a live watch of 2 min or more", .source = "prior"}),
        field("habit_half_life_days", &C::habit_half_life_days, {.range = {0.01, 1000}, .unit = "day", .doc = "half-life of the habit", .source = "prior; sweep 1 to 7"}),
        field("satisfaction_return", &C::satisfaction_return, {.range = {0, 10}, .unit = "logit", .doc = "P(active tomorrow) per unit of satisfaction above expectation", .source = "prior; sweep 0 to .1"}),
        field("satisfaction_good", &C::satisfaction_good, {.range = {0, 100}, .doc = "satisfaction gained by a live watch of 5 min or more", .source = "prior"}),
        field("satisfaction_bad", &C::satisfaction_bad, {.range = {0, 100}, .doc = "satisfaction lost by a bad live exposure", .source = "prior"}),
        field("satisfaction_half_life_days", &C::satisfaction_half_life_days, {.range = {0.01, 1000}, .unit = "day", .doc = "half-life of satisfaction", .source = "prior"}),
        field("expectation_half_life_days", &C::expectation_half_life_days, {.range = {0.01, 10000}, .unit = "day", .doc = "half-life with which expectation follows satisfaction", .source = "prior"}),
        field("expectation_share", &C::expectation_share, {.range = {0, 1}, .doc = "share of a lasting change of satisfaction that users get used to", .source = "prior"}),
        field("satisfaction_stay", &C::satisfaction_stay, {.range = {0, 10}, .unit = "ln", .doc = "page_hazard is multiplied by exp(−this · satisfaction above expectation)", .source = "prior"}),
        field("interest_drift", &C::interest_drift, {.range = {0, 1}, .unit = "1/day", .doc = "probability per day that one of a user's favourite topics gives way to another", .source = "prior"})};
  }
};

/// Stress knobs: factors on variances, 1 = calibrated.  Means are kept where the model has them in
/// closed form: log-normal means exactly, mean probabilities by E[σ(b + s z)] ≈ σ(b/√(1 + .346 s²)).
struct VarianceConfig {
  double watch_time = 1;
  double entry = 1;
  double returning = 1;

  static constexpr auto fields() {
    using C = VarianceConfig;
    return std::tuple{
        field("watch_time", &C::watch_time, {.range = {0, 10}, .doc = "factor on the log-variance of watch times, short (within a page) and live; means before cutting are kept"}),
        field("entry", &C::entry, {.range = {0, 10}, .doc = "factor on the variance of live affinity and mood; the mean entry probability is kept approximately"}),
        field("returning", &C::returning, {.range = {0, 10}, .doc = "factor on the variance of return propensity between users; the mean is kept approximately"})};
  }
};

struct BehaviouralUsersConfig {
  static constexpr const char* kKind = "behavioural";
  int count = 20000;
  int first = 0;
  ActivityConfig activity;
  ShortVideoConfig short_video;
  LiveWatchConfig live;
  DynamicsConfig dynamics;
  VarianceConfig variance;

  static constexpr auto fields() {
    using C = BehaviouralUsersConfig;
    return std::tuple{
        field("count", &C::count, {.range = {1, 1e8}, .unit = "users", .doc = "users in the world"}),
        field("first", &C::first, {.range = {0, 2e9}, .doc = "number of the first user: {first: 17, count: 1} is user 17 alone, with the same luck"}),
        field("activity", &C::activity), field("short_video", &C::short_video),
        field("live", &C::live), field("dynamics", &C::dynamics),
        field("variance", &C::variance, {.doc = "stress knobs"})};
  }
};

/// The config with its `variance` worked into the other fields.
BehaviouralUsersConfig with_variance_applied(BehaviouralUsersConfig config);

}  // namespace sluice
