#include "users/behavioural_users.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/feed_fixture.h"
#include "users/traits.h"

namespace sluice {
namespace {

double mean_total(const FeedFixture& fixture, int days, const RowPolicy& policy, FeedTotal which) {
  const auto world = fixture.make_world();
  world->begin_phase({.days = days, .observations = Observations::kSkip});
  play(*world, policy);
  return world->total_means()[static_cast<std::size_t>(which)];
}

}  // namespace

TEST_CASE("users: traits depend on the seed and the user alone") {
  const BehaviouralUsersConfig config;
  const LimitedLogNormal early(config.live.early_sigma);
  const BehaviouralTraits a = draw_traits(config, early, Seed{1}, 7);
  const BehaviouralTraits b = draw_traits(config, early, Seed{1}, 7);
  const BehaviouralTraits c = draw_traits(config, early, Seed{1}, 8);
  const BehaviouralTraits d = draw_traits(config, early, Seed{2}, 7);
  CHECK(a.log_budget == b.log_budget);
  CHECK(a.favourites.interests() == b.favourites.interests());
  CHECK(a.log_budget != c.log_budget);
  CHECK(a.log_budget != d.log_budget);
}

TEST_CASE("users: interruption and fatigue sensitivities have mean 1") {
  const BehaviouralUsersConfig config;
  const LimitedLogNormal early(config.live.early_sigma);
  constexpr int kUsers = 20000;
  double interruption = 0, fatigue = 0;
  for (std::uint32_t i = 0; i < kUsers; ++i) {
    const BehaviouralTraits t = draw_traits(config, early, Seed{3}, i);
    interruption += static_cast<double>(t.interruption) / kUsers;
    fatigue += static_cast<double>(t.fatigue) / kUsers;
  }
  // sd of a log-normal of mean 1 is √(e^{σ²} − 1): .66 and .42.
  CHECK(std::abs(interruption - 1) < 4 * 0.66 / std::sqrt(kUsers));
  CHECK(std::abs(fatigue - 1) < 4 * 0.42 / std::sqrt(kUsers));
}

TEST_CASE("users: sessions of a day come in order, inside the day, at the profile's hours") {
  BehaviouralUsersConfig config{.count = 500};
  std::fill(config.activity.hour_percent.begin(), config.activity.hour_percent.end(), 0.0);
  config.activity.hour_percent[9] = config.activity.hour_percent[20] = 1;
  const auto users = make(config, Seed{2});
  int morning = 0, evening = 0;
  for (int day = 0; day < 5; ++day)
    for (int user = 0; user < users->count(); ++user) {
      if (users->begin_day(user, day) != UserModel::DayStart::kActive) continue;
      double last = day * kDay;
      std::uint32_t expected = 0, session = 0;
      for (;;) {
        const double start = users->next_session(user, day, last, &session);
        if (!std::isfinite(start)) break;
        CHECK(session == expected++);
        CHECK(start >= last);
        const double hour = (start - day * kDay) / 3600;
        CHECK(((hour >= 9 && hour < 10.001) || (hour >= 20 && hour < 21.001)));
        ++(hour < 12 ? morning : evening);
        last = start;
      }
      CHECK(expected >= 1);
    }
  // Given their number, starts are independent draws from the profile: half and half.
  const double n = morning + evening;
  CHECK(std::abs(morning / n - 0.5) < 4 * 0.5 / std::sqrt(n));
}

TEST_CASE("users: the measured entry rate is the mean of the model's probabilities") {
  const auto users = make(BehaviouralUsersConfig{.count = 1}, Seed{8});
  const Candidate candidate{.streamer = 1, .topic = 3, .appeal = 1.0f, .end = 1e12};
  double expected = 0, variance = 0, entered = 0;
  for (std::uint32_t page = 0; page < 4000; ++page) {
    const RequestKey key{.user = 0, .day = page / 40, .session = page / 10 % 4, .page = page % 10};
    const double now = page * 1800.0;
    const PageOutlook outlook = users->prepare(0, key, now, candidate);
    const PageOutcome outcome = users->respond(0, key, now, candidate, outlook, 1);
    if (!outcome.shown) continue;  // left before the slot came up
    const auto p = static_cast<double>(outlook.enter_prob);
    expected += p;
    variance += p * (1 - p);
    entered += outcome.entered;
  }
  CHECK(std::abs(entered - expected) < 4 * std::sqrt(variance));
}

TEST_CASE("users: more fatigue, fewer entries, and with none more of them") {
  FeedFixture fixture;
  std::vector<double> entries;
  for (const double effect : {0.0, 0.6, 2.0}) {
    fixture.users.dynamics.fatigue_enter = effect;
    entries.push_back(mean_total(fixture, 4, constant(1), kEntries));
  }
  CHECK(entries[0] > entries[1]);
  CHECK(entries[1] > entries[2]);
}

TEST_CASE("users: the interruption hazard shortens sessions when injecting, and only then") {
  FeedFixture fixture;
  std::vector<double> always, never;
  for (const double hazard : {0.0, 0.3}) {
    fixture.users.dynamics.interruption_leave = hazard;
    always.push_back(mean_total(fixture, 4, constant(1), kAppUsage));
    never.push_back(mean_total(fixture, 4, constant(0), kAppUsage));
  }
  CHECK(always[1] < 0.95 * always[0]);
  CHECK(never[1] == never[0]);
}

TEST_CASE("users: returning depends on satisfaction only through its coefficient") {
  FeedFixture fixture;
  fixture.users.count = 800;
  fixture.users.dynamics.satisfaction_return = 0;
  fixture.users.dynamics.satisfaction_stay = 0;
  const auto active_days = [&](int action) {
    const auto world = fixture.make_world();
    world->begin_phase({.days = 8, .observations = Observations::kSkip});
    play(*world, constant(action));
    const Table daily = world->daily();
    double sum = 0;
    for (const auto dau : daily.get<std::int64_t>("dau")) sum += static_cast<double>(dau);
    return sum;
  };
  const double indifferent = std::abs(active_days(1) / active_days(0) - 1);
  fixture.users.dynamics.satisfaction_return = 0.5;
  fixture.users.dynamics.satisfaction_good = 0;  // live can only disappoint
  const double sensitive = active_days(1) / active_days(0) - 1;
  CHECK(indifferent < 0.005);  // long sessions may push one out of a day: nothing else differs
  CHECK(sensitive < -0.02);
}

TEST_CASE("users: interests drift at the stated rate and keep unit length, and without drift they stay") {
  const auto changed_share = [](double drift, int days) {
    BehaviouralUsersConfig config{.count = 4000};
    config.dynamics.interest_drift = drift;
    const auto users = make(config, Seed{3});
    std::vector<TopicVector> before;
    for (int user = 0; user < config.count; ++user) before.push_back(users->interests(user));
    for (int day = 0; day < days; ++day)
      for (int user = 0; user < config.count; ++user) users->begin_day(user, day);
    double changed = 0;
    for (int user = 0; user < config.count; ++user) {
      const TopicVector now = users->interests(user);
      float squares = 0;
      for (const float w : now) squares += w * w;
      CHECK(squares == doctest::Approx(1).epsilon(1e-5));
      if (now != before[static_cast<std::size_t>(user)]) ++changed;
    }
    return changed / config.count;
  };
  CHECK(changed_share(0, 5) == 0);
  // 1 − .9^5 = .41; four standard errors of 4,000 users are .031
  CHECK(changed_share(0.1, 5) == doctest::Approx(0.4095).epsilon(0.08));
}

TEST_CASE("users: the variance knobs scale variances and keep log-normal means, and 1 changes nothing") {
  BehaviouralUsersConfig config;
  const BehaviouralUsersConfig same = with_variance_applied(config);
  CHECK(same.live.late_sigma == config.live.late_sigma);
  CHECK(same.short_video.watch_sigma == doctest::Approx(config.short_video.watch_sigma));
  CHECK(same.activity.return_mean == config.activity.return_mean);
  config.variance = {.watch_time = 1.5, .entry = 2, .returning = 3};
  const BehaviouralUsersConfig wide = with_variance_applied(config);
  const auto mean = [](double mu, double sigma) { return std::exp(mu + sigma * sigma / 2); };
  CHECK(wide.live.late_sigma * wide.live.late_sigma ==
        doctest::Approx(1.5 * config.live.late_sigma * config.live.late_sigma));
  CHECK(mean(wide.live.late_mu, wide.live.late_sigma) ==
        doctest::Approx(mean(config.live.late_mu, config.live.late_sigma)));
  CHECK(mean(wide.short_video.watch_mu, wide.short_video.watch_sigma) ==
        doctest::Approx(mean(config.short_video.watch_mu, config.short_video.watch_sigma)));
  CHECK(wide.live.affinity_sigma == doctest::Approx(std::sqrt(2.0) * config.live.affinity_sigma));
  // The mean probability by quadrature: within .01 of the calibrated one.
  const auto mean_return = [](const BehaviouralUsersConfig& c) {
    double sum = 0, weight = 0;
    for (double z = -6; z <= 6; z += 0.01) {
      const double w = std::exp(-z * z / 2);
      sum += w / (1 + std::exp(-(c.activity.return_mean + c.activity.return_sigma * z)));
      weight += w;
    }
    return sum / weight;
  };
  CHECK(std::abs(mean_return(wide) - mean_return(config)) < 0.01);
}

}  // namespace sluice
