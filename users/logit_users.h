#pragma once
// A deliberately simple user model: every choice is a logit, every time a log-normal, and memory lasts
// a day.  Its means are known in closed form, so it checks the platform and the agents, and shows which
// conclusions need the behavioural model's finer mechanisms.
//
// Fixed effects of a user, all normal: z_A sessions, z_w short watch, z_e entering, z_r returning.
// Return:   P(active today) = σ(ρ + σ_r z_r + c_w W − c_u U),  of yesterday: W the share of time in session
//           spent in live streams, U the share of pages with a stream that was shown and not entered.
// Sessions: starts of a Poisson process on an active day, rate A_u · (hour profile),
//           A_u = A exp(σ_A z_A − σ_A²/2), put off to 30 min after the last session's end.
// Page:     n slots.  Short watch LN(μ_s + σ_u z_w, σ_s); a live stream takes the first slot:
//           P(enter) = σ(α + σ_e z_e + β x),   y | entered = min(LN(μ_y + γ x, σ_y), stream's end),
//           x the candidate's appeal; a stream shown and not entered costs a pass.
// Leaving:  after a page with probability σ(h + c_l·[a stream was shown and not entered]), so without
//           live the pages of a session are geometric; and after 30 min of short videos on one page.
//
// Draws are keyed by (purpose, user, day, session, page).

#include <memory>
#include <tuple>
#include <vector>

#include "sim/config.h"
#include "sim/user_model.h"
#include "users/behavioural_config.h"

namespace sluice {

struct LogitUsersConfig {
  static constexpr const char* kKind = "logit";
  int count = 20000;
  int first = 0;
  double return_bias = 1.65;
  double return_sigma = 1.2;
  double return_live = 1;
  double return_unentered = 0.5;
  double churn_per_day = 0;
  double sessions_per_day = 6.05;
  double sessions_sigma = 0.4;
  std::vector<double> hour_percent = ActivityConfig{}.hour_percent;
  int slots_per_page = 6;
  double short_mu = 1.9;
  double short_sigma = 1.475;
  double short_user_sigma = 0.651;
  double pause_s = 5;
  double leave_bias = -2.53;
  double leave_unentered = 0.1;
  double enter_bias = -1.6;
  double enter_sigma = 1.2;
  double enter_appeal = 0.8;
  double watch_mu = 2.13;
  double watch_sigma = 2.15;
  double watch_appeal = 0.4;
  double pass_s = 2;
  double predictor_sigma = 0.4;

  static constexpr auto fields() {
    using C = LogitUsersConfig;
    return std::tuple{
        field("count", &C::count, {.range = {1, 1e8}, .unit = "users", .doc = "users in the world"}),
        field("first", &C::first, {.range = {0, 2e9}, .doc = "number of the first user: {first: 17, count: 1} is user 17 alone, with the same luck"}),
        field("return_bias", &C::return_bias, {.unit = "logit", .doc = "P(active today) of a median user after an idle day", .source = "P(active) .80 (KuaiRand-27K) at the default spread"}),
        field("return_sigma", &C::return_sigma, {.range = {0, 10}, .unit = "logit", .doc = "spread of P(active) between users", .source = "prior"}),
        field("return_live", &C::return_live, {.range = {-10, 10}, .unit = "logit", .doc = "gain of P(active tomorrow) if all of today's time were live watch", .source = "prior; sweep 0 to 2"}),
        field("return_unentered", &C::return_unentered, {.range = {-10, 10}, .unit = "logit", .doc = "drop of P(active tomorrow) if every page of today had a stream that was not entered", .source = "prior; sweep 0 to 1"}),
        field("churn_per_day", &C::churn_per_day, {.range = {0, 1}, .doc = "probability per day of leaving for good (terminates the episode)", .source = "prior"}),
        field("sessions_per_day", &C::sessions_per_day, {.range = {0, 50}, .unit = "1/day", .doc = "session starts per active day, mean over users", .source = "KuaiRand-27K: 4.84 per calendar day at P(active) .80"}),
        field("sessions_sigma", &C::sessions_sigma, {.range = {0, 3}, .unit = "ln", .doc = "spread of the number of sessions between users", .source = "KuaiRand-27K: gamma k 6.29, whose coefficient of variation is .40"}),
        field("hour_percent", &C::hour_percent, {.range = {0, 100}, .unit = "%", .doc = "session starts by hour of the day, 24 numbers; equal ones: a flat day", .source = "the behavioural model's"}),
        field("slots_per_page", &C::slots_per_page, {.range = {1, kMaxSlots}, .doc = "slots per request; the live stream takes the first", .source = "KuaiRand-27K: 5.80 items per batch"}),
        field("short_mu", &C::short_mu, {.unit = "ln s", .doc = "log-mean of a short-video watch, mean over users", .source = "fitted: KuaiRand-27K mean gap 165 s"}),
        field("short_sigma", &C::short_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "log-sd of a user's short-video watches", .source = "KuaiRand-Pure: √(.465² + 1.40²), videos and residual"}),
        field("short_user_sigma", &C::short_user_sigma, {.range = {0, 5}, .unit = "ln s", .doc = "spread of short-video watches between users", .source = "KuaiRand-Pure"}),
        field("pause_s", &C::pause_s, {.range = {0.1, 600}, .unit = "s", .doc = "pause on every page", .source = "prior"}),
        field("leave_bias", &C::leave_bias, {.unit = "logit", .doc = "P(the session ends with this page)", .source = "KuaiRand-27K: 13.6 requests per session, σ(−2.53) = 1/13.6"}),
        field("leave_unentered", &C::leave_unentered, {.range = {-10, 10}, .unit = "logit", .doc = "gain of that by a live stream shown and not entered", .source = "prior; sweep 0 to .3"}),
        field("enter_bias", &C::enter_bias, {.unit = "logit", .doc = "P(enter | shown) of a median user and an average stream", .source = "fitted: KuaiLive, .28 of impressions entered"}),
        field("enter_sigma", &C::enter_sigma, {.range = {0, 5}, .unit = "logit", .doc = "spread of P(enter) between users", .source = "prior"}),
        field("enter_appeal", &C::enter_appeal, {.unit = "logit", .doc = "gain of P(enter) per unit of appeal", .source = "prior"}),
        field("watch_mu", &C::watch_mu, {.unit = "ln s", .doc = "log-mean of a live watch", .source = "KuaiLive shop rooms: mean of ln watch of the published mixture"}),
        field("watch_sigma", &C::watch_sigma, {.range = {0, 5, kOpenBelow}, .unit = "ln s", .doc = "log-sd of a live watch", .source = "KuaiLive shop rooms: sd of ln watch of the published mixture"}),
        field("watch_appeal", &C::watch_appeal, {.unit = "ln s", .doc = "a live watch is longer by this per unit of appeal", .source = "prior"}),
        field("pass_s", &C::pass_s, {.range = {0, 60}, .unit = "s", .doc = "time a stream costs that is shown and not entered", .source = "prior"}),
        field("predictor_sigma", &C::predictor_sigma, {.range = {0, 3}, .unit = "ln s", .doc = "error of the platform's prediction of watch time and entry", .source = "prior; sweep .1 to .8"})};
  }
};

std::unique_ptr<UserModel> make(const LogitUsersConfig& config, Seed seed);

}  // namespace sluice
