// The logit model's means are known in closed form, so the model and the platform around it are checked
// against numbers that no simulation made.
#include "users/logit_users.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/feed_fixture.h"

namespace sluice {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Users who do not differ from each other.
LogitUsersConfig alike(int count) {
  return {.count = count, .return_sigma = 0, .sessions_sigma = 0, .short_user_sigma = 0, .enter_sigma = 0};
}

std::vector<double> totals(const LogitUsersConfig& users, int days, int action) {
  FeedFixture fixture;
  const auto world = fixture.make_world(users);
  world->begin_phase({.days = days, .observations = Observations::kSkip});
  play(*world, constant(action));
  return world->total_means();
}

}  // namespace

TEST_CASE("logit users: without live, a world's sessions, pages and seconds have the means of the formulas") {
  LogitUsersConfig users = alike(1500);
  users.sessions_per_day = 2;  // few, so that hardly any is pushed out of its day
  users.short_mu = 1, users.short_sigma = 0.5;
  constexpr int kDays = 4;
  const std::vector<double> t = totals(users, kDays, 0);
  const double n = 1500 * kDays, active = sigmoid(users.return_bias);
  // A day has a Poisson number of sessions if it is active: mean a·λ, variance a·λ + λ²·a(1 − a).
  const double sessions = 2 * active, sessions_variance = sessions + 4 * active * (1 - active);
  CHECK(std::abs(t[kSessions] - sessions) < 4 * std::sqrt(sessions_variance / n) + 0.004);
  // A session has a geometric number of pages of mean 1/p, variance (1 − p)/p².
  const double p = sigmoid(users.leave_bias);
  CHECK(std::abs(t[kRequests] / t[kSessions] * p - 1) < 4 * std::sqrt((1 - p) / (sessions * n)));
  // A page has the pause and six log-normal watches; their coefficient of variation is √(e^{σ²} − 1).
  const double watch = std::exp(1 + 0.125), page = 5 + 6 * watch;
  const double deviation = std::sqrt(6 * (std::exp(0.25) - 1)) * watch;
  CHECK(std::abs(t[kAppUsage] / t[kRequests] - page) < 4 * deviation / std::sqrt(t[kRequests] * n));
  CHECK(t[kExposures] == doctest::Approx(6 * t[kRequests]));
}

TEST_CASE("logit users: the mean of live watches is the model's E[y], cut by the stream's end") {
  const auto users = make(LogitUsersConfig{.count = 1}, Seed{8});
  double expected = 0, watched = 0, squares = 0;
  constexpr int kPages = 40000;
  for (std::uint32_t i = 0; i < kPages; ++i) {
    const RequestKey key{.user = 0, .day = i / 400, .session = i / 20 % 20, .page = i % 20};
    const Candidate candidate{.streamer = 1, .topic = 3, .appeal = static_cast<float>(i % 3) - 1, .end = i * 1800.0 + (i % 2 == 0 ? 60 : 7200)};
    const PageOutlook outlook = users->prepare(0, key, i * 1800.0, candidate);
    const PageOutcome page = users->respond(0, key, i * 1800.0, candidate, outlook, 1);
    expected += static_cast<double>(outlook.mean_watch_s);
    watched += static_cast<double>(page.watch_time_s);
    squares += std::pow(static_cast<double>(page.watch_time_s - outlook.mean_watch_s), 2);
  }
  CHECK(expected > 2 * kPages);
  CHECK(std::abs(watched - expected) < 4 * std::sqrt(squares));
}

TEST_CASE("logit users: the prediction's error is unbiased in seconds and has the stated spread") {
  const auto users = make(LogitUsersConfig{.count = 1, .predictor_sigma = 0.5}, Seed{8});
  constexpr int kPages = 20000;
  double ratio = 0, squares = 0;
  for (std::uint32_t i = 0; i < kPages; ++i) {
    const RequestKey key{.user = 0, .day = i / 400, .session = i / 20 % 20, .page = i % 20};
    const PageOutlook outlook = users->prepare(0, key, i * 1800.0, {.streamer = 1, .topic = 3, .end = i * 1800.0 + 3600});
    const double r = static_cast<double>(outlook.predicted_watch_s / outlook.mean_watch_s);
    ratio += r;
    squares += std::pow(std::log(r) + 0.125, 2);
  }
  CHECK(std::abs(ratio / kPages - 1) < 4 * std::sqrt((std::exp(0.25) - 1) / kPages));
  CHECK(squares / kPages == doctest::Approx(0.25).epsilon(4 * std::sqrt(2.0 / kPages)));
}

TEST_CASE("logit users: streams that are not entered shorten sessions and keep users away, by the stated logits") {
  // Nobody ever enters; the first slot of every page is a pass.
  LogitUsersConfig users = alike(1500);
  users.sessions_per_day = 4;
  users.enter_bias = -50;
  users.leave_unentered = 1;
  users.return_unentered = 2;
  users.return_bias = 1;
  constexpr int kDays = 6;
  const std::vector<double> never = totals(users, kDays, 0), always = totals(users, kDays, 1);
  const double p = sigmoid(users.leave_bias + 1);
  CHECK(always[kEntries] == 0);
  CHECK(always[kRequests] / always[kSessions] * p == doctest::Approx(1).epsilon(0.03));
  // A chain of active and idle days: after an active one (with a session: 1 − e^{−4}) the chance is σ(1 − 2),
  // else σ(1).  Its days 0 … 5 by hand, from an idle past.
  const double after_bad = sigmoid(1.0 - 2.0), after_idle = sigmoid(1.0);
  double active = 0, sum = 0;
  for (int day = 0; day < kDays; ++day) {
    const double seen = active * (1 - std::exp(-4));
    active = seen * after_bad + (1 - seen) * after_idle;
    sum += active;
  }
  CHECK(always[kSessions] / 4 == doctest::Approx(sum / kDays).epsilon(0.03));
  CHECK(never[kSessions] / 4 == doctest::Approx(after_idle).epsilon(0.03));
}

TEST_CASE("logit users: time in live streams brings users back, by the stated logit") {
  LogitUsersConfig users = alike(1000);
  users.return_bias = 0;
  users.enter_bias = 50;  // everybody enters
  std::vector<double> sessions;
  for (const double gain : {0.0, 1.0, 2.0}) {
    users.return_live = gain;
    sessions.push_back(totals(users, 5, 1)[kSessions]);
  }
  CHECK(sessions[1] > 1.03 * sessions[0]);
  CHECK(sessions[2] > 1.03 * sessions[1]);
}

}  // namespace sluice
