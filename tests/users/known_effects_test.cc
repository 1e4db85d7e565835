// Every effect of the behavioural users moves outcomes the way its description says, and without the
// harmful ones an injection takes no more time from a session than the slot it displaces.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/feed_fixture.h"
#include "users/behavioural_latent.h"
#include "users/behavioural_users.h"

namespace sluice {
namespace {

double as_double(float x) { return static_cast<double>(x); }

// --- one session, with and without injections, under the same luck ---

BehaviouralUsersConfig without_effects(int count) {
  BehaviouralUsersConfig config{.count = count};
  DynamicsConfig& d = config.dynamics;
  d.fatigue_enter = d.fatigue_watch = 0;
  d.interruption_leave = d.interruption_spill = 0;
  d.habit_enter = 0;
  d.satisfaction_return = d.satisfaction_stay = 0;
  return config;
}

Candidate candidate_of(const RequestKey& key, Seconds now) {
  Rng rng = stream(Seed{17}, Purpose::kTest, key);
  const float appeal = static_cast<float>(rng() >> 40) / 8388608.0f - 1, minutes = static_cast<float>(rng() >> 40) / 131072.0f;
  return {.streamer = 1, .topic = 3, .appeal = appeal, .end = now + 60.0 * as_double(minutes)};
}

struct Session {
  double app_usage_s = 0, live_s = 0, pass_s = 0;
  int pages = 0;
  bool used_up = false;  // the budget ended it
};

/// The session of these keys from page 0 to its end; injects on every page, or on none.
Session play_session(const UserModel& model, int user, std::uint32_t day, std::uint32_t number, int action, double* budget_s) {
  const auto users = model.clone();
  Session session;
  double used = 0;
  const double pass = as_double(static_cast<float>(BehaviouralUsersConfig{}.live.pass_s));
  const double substitution = as_double(static_cast<float>(BehaviouralUsersConfig{}.dynamics.substitution));
  Seconds now = day * kDay + 36000;
  for (std::uint32_t page = 0;; ++page) {
    const RequestKey key{.user = users->id(user), .day = day, .session = number, .page = page};
    const Candidate candidate = candidate_of(key, day * kDay + 36000 + 165.0 * page);  // the same in both
    const PageOutlook outlook = users->prepare(user, key, now, candidate);
    if (page == 0) {
      BehaviouralLatent latent;
      users->write_latent(user, now, candidate, outlook, {&latent.mean_watch_s, sizeof latent / sizeof(float)});
      *budget_s = std::exp(as_double(latent.log_budget_left));
    }
    const PageOutcome outcome = users->respond(user, key, now, candidate, outlook, action);
    session.app_usage_s += as_double(outcome.page_s);
    session.live_s += as_double(outcome.watch_time_s);
    if (outcome.shown && !outcome.entered) session.pass_s += pass;
    used += as_double(outcome.page_s) - (1 - substitution) * as_double(outcome.watch_time_s);
    now += as_double(outcome.page_s);
    ++session.pages;
    if (!outcome.session_ended) continue;
    session.used_up = used >= *budget_s - 0.01;
    return session;
  }
}

/// What the streams of a session's pages displaced: short watch of each page without, less with injection,
/// both by a user who never runs out of time.
double displaced_s(const UserModel& endless, int user, std::uint32_t day, std::uint32_t number, int pages) {
  const auto users = endless.clone();
  double sum = 0;
  for (std::uint32_t page = 0; page < static_cast<std::uint32_t>(pages); ++page) {
    const RequestKey key{.user = users->id(user), .day = day, .session = number, .page = page};
    const Candidate candidate = candidate_of(key, day * kDay + 36000 + 165.0 * page);
    const PageOutlook outlook = users->prepare(user, key, day * kDay + 36000, candidate);
    float watched[2];
    for (const int action : {0, 1}) watched[action] = users->respond(user, key, day * kDay + 36000, candidate, outlook, action).short_s;
    sum += as_double(watched[0]) - as_double(watched[1]);
  }
  return sum;
}

struct Verdict {
  int sessions = 0, shorter = 0, used_up = 0, by_chance = 0, broken = 0;
  double worst_s = 0;
};

// With ε = substitution ≤ 1 a session's time in the app is T = U + (1 − ε)·live ≥ U, where U is what counts
// against its budget B; it ends when U ≥ B or after a page K that chance picks, the same page in both arms.
// If U reaches B under injection, T ≥ B.  If it does not, the session goes on to the end of page K, so it
// holds every page that the session without injection has, less what the streams displaced (D).  Therefore,
// session by session and not on average,
//     T(inject) ≥ min(B, T(never) − D).
Verdict judge(const BehaviouralUsersConfig& config) {
  const auto users = make(config, Seed{5});
  BehaviouralUsersConfig patient = config;
  patient.activity.budget_mean_s = 1e5;  // and B_u differs by a factor only
  patient.activity.budget_user_sigma = patient.activity.budget_session_sigma = 0;
  patient.activity.budget_watch_share = 0;
  patient.dynamics.interruption_spill = 0;
  const auto endless = make(patient, Seed{5});
  Verdict verdict;
  for (int user = 0; user < users->count(); ++user)
    for (std::uint32_t number = 0; number < 3; ++number) {
      double budget_s = 0;
      const Session never = play_session(*users, user, 1, number, 0, &budget_s);
      const Session always = play_session(*users, user, 1, number, 1, &budget_s);
      const double displaced = displaced_s(*endless, user, 1, number, always.pages);
      const double least = std::min(budget_s, never.app_usage_s - displaced);
      const double slack = 1e-4 * never.app_usage_s + 0.05;  // single precision
      ++verdict.sessions;
      verdict.shorter += always.app_usage_s < never.app_usage_s ? 1 : 0;
      (always.used_up ? verdict.used_up : verdict.by_chance) += 1;
      verdict.broken += always.app_usage_s < least - slack ? 1 : 0;
      verdict.worst_s = std::max(verdict.worst_s, least - always.app_usage_s);
    }
  return verdict;
}

}  // namespace

TEST_CASE("known effects: with all of them off, no session loses more app usage than its streams displaced") {
  for (const double substitution : {0.0, 0.8, 1.0}) {
    BehaviouralUsersConfig config = without_effects(400);
    config.dynamics.substitution = substitution;
    const Verdict v = judge(config);
    CAPTURE(substitution);
    CAPTURE(v.worst_s);
    CHECK(v.sessions == 1200);
    CHECK(v.broken == 0);
    CHECK(v.shorter > 100);  // displacement is real: the bound is not idle
    CHECK(v.by_chance > 100);
    if (substitution == 0.8) CHECK(v.used_up > 100);
  }
}

TEST_CASE("known effects: each of those that end sessions or shorten videos breaks that bound") {
  // So the bound is one that the model could break, and the effects are what does it.
  const auto broken = [](auto change) {
    BehaviouralUsersConfig config = without_effects(400);
    change(config.dynamics);
    return judge(config).broken;
  };
  CHECK(broken([](DynamicsConfig& d) { d.interruption_leave = 0.05; }) > 50);
  CHECK(broken([](DynamicsConfig& d) { d.interruption_spill = 0.3; }) > 50);
  CHECK(broken([](DynamicsConfig& d) { d.satisfaction_stay = 2, d.satisfaction_good = 0; }) > 50);
}

TEST_CASE("known effects: with all of them off, a page takes exactly the slot out and the stream in") {
  // Of users who never run out of time and never leave by chance: T(inject) − T(never) = live + pass − D.
  BehaviouralUsersConfig config = without_effects(100);
  config.activity.budget_mean_s = 1e5;
  config.activity.budget_user_sigma = config.activity.budget_session_sigma = config.activity.budget_watch_share = 0;
  const auto users = make(config, Seed{5});
  int entered = 0, passed = 0, pages = 0, same_last = 0;
  for (int user = 0; user < users->count(); ++user)
    for (std::uint32_t page = 0; page < 10; ++page) {
      const RequestKey key{.user = users->id(user), .day = 1, .page = page};
      const Seconds now = kDay + 36000;
      const Candidate candidate = candidate_of(key, now);
      const PageOutlook outlook = users->prepare(user, key, now, candidate);
      const PageOutcome without = users->clone()->respond(user, key, now, candidate, outlook, 0);
      const PageOutcome with = users->clone()->respond(user, key, now, candidate, outlook, 1);
      if (!with.shown) continue;  // a video of half an hour came first
      const double pass = with.entered ? 0 : config.live.pass_s;
      const double expected = as_double(with.watch_time_s) + pass - as_double(without.short_s) + as_double(with.short_s);
      CHECK(as_double(with.page_s) - as_double(without.page_s) == doctest::Approx(expected).epsilon(1e-4));
      CHECK(with.short_s <= without.short_s * 1.00001f);
      if (!with.session_ended && !without.session_ended) {  // neither was cut by half an hour
        std::vector<float> left(with.short_watch_s.begin(), with.short_watch_s.begin() + with.num_shorts);
        std::vector<float> all(without.short_watch_s.begin(), without.short_watch_s.begin() + without.num_shorts);
        ++pages;
        same_last += left.back() == all.back() ? 1 : 0;
        std::ranges::sort(left);
        std::ranges::sort(all);
        CHECK(left.size() + 1 == all.size());
        CHECK(std::ranges::includes(all, left));
      }
      (with.entered ? entered : passed) += 1;
    }
  CHECK(entered > 50);
  CHECK(passed > 50);
  CHECK(same_last > pages / 2);  // the videos after the stream keep their luck
}

TEST_CASE("known effects: with all of them off, injections change nobody's active days and sessions to come") {
  BehaviouralUsersConfig config = without_effects(3000);
  const auto never = make(config, Seed{5}), always = make(config, Seed{5});
  std::int64_t active = 0, differ = 0;
  const auto lead = [&](UserModel& users, int action, std::vector<int>& days) {
    for (int user = 0; user < users.count(); ++user)
      for (int day = 0; day < 6; ++day) {
        const bool is_active = users.begin_day(user, day) == UserModel::DayStart::kActive;
        days.push_back(is_active ? 1 : 0);
        std::uint32_t session = 0;
        Seconds start = users.next_session(user, day, day * kDay, &session);
        for (int page = 0; page < 5 && std::isfinite(start); ++page) {
          const RequestKey key{.user = users.id(user), .day = static_cast<std::uint32_t>(day), .session = session, .page = static_cast<std::uint32_t>(page)};
          const Candidate candidate = candidate_of(key, start);
          users.respond(user, key, start, candidate, users.prepare(user, key, start, candidate), action);
        }
      }
  };
  std::vector<int> without, with, harmed;
  lead(*never, 0, without);
  lead(*always, 1, with);
  for (const int a : without) active += a;
  CHECK(active > 9000);
  CHECK(without == with);
  config.dynamics.satisfaction_return = 1;
  config.dynamics.satisfaction_good = 0;
  const auto sensitive = make(config, Seed{5});
  lead(*sensitive, 1, harmed);
  for (std::size_t i = 0; i < harmed.size(); ++i) differ += harmed[i] != with[i] ? 1 : 0;
  CHECK(differ > 200);
}

namespace {

// --- paired worlds: the same seed, one value doubled ---

// A column of /episodes, or "a per b".
std::vector<double> per_user(const BehaviouralUsersConfig& users, const std::string& outcome, int action) {
  FeedFixture fixture;
  fixture.users = users;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 4, .observations = Observations::kSkip});
  play(*world, constant(action));
  const Table episodes = world->episodes();
  const auto values = [&](const std::string& column) -> std::vector<double> {
    const Column* found = episodes.find(column);
    REQUIRE(found != nullptr);
    if (const auto* reals = std::get_if<std::vector<double>>(&found->data)) return *reals;
    const auto& integers = std::get<std::vector<std::int64_t>>(found->data);
    return {integers.begin(), integers.end()};
  };
  const auto per = outcome.find(" per ");
  std::vector<double> sum = values(outcome.substr(0, per));
  if (per == std::string::npos) return sum;
  const std::vector<double> number = values(outcome.substr(per + 5));
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] /= std::max(1.0, number[i]);
  return sum;
}

struct Effect {
  std::string name;
  std::function<double&(BehaviouralUsersConfig&)> knob;
  double value;         // and twice as much
  std::string outcome;  // when injecting always
  int direction;        // +1: more of the effect, more of the outcome
  std::function<void(BehaviouralUsersConfig&)> setting = {};  // what else must be so for it to show
};

void only_bad(BehaviouralUsersConfig& c) {  // live can only disappoint
  c.dynamics.satisfaction_good = 0;
  c.dynamics.satisfaction_return = 0.5;
}
void only_good(BehaviouralUsersConfig& c) {
  c.dynamics.satisfaction_bad = 0;
  c.dynamics.satisfaction_return = 0.5;
  c.activity.return_mean = c.activity.return_inertia = 0;  // an even chance is the easiest to move
}

const std::vector<Effect> kEffects = {
    {"fatigue_enter", [](auto& c) -> double& { return c.dynamics.fatigue_enter; }, 0.6, "entries", -1},
    {"fatigue_watch", [](auto& c) -> double& { return c.dynamics.fatigue_watch; }, 0.3, "live_watch_s", -1},
    {"fatigue_good_entry", [](auto& c) -> double& { return c.dynamics.fatigue_good_entry; }, 0.5, "entries", -1},
    {"interruption_leave", [](auto& c) -> double& { return c.dynamics.interruption_leave; }, 0.01, "app_usage_s", -1},
    {"interruption_not_entered", [](auto& c) -> double& { return c.dynamics.interruption_not_entered; }, 0.5, "app_usage_s", -1,
     [](auto& c) { c.dynamics.interruption_leave = 0.05; }},
    {"interruption_fatigue", [](auto& c) -> double& { return c.dynamics.interruption_fatigue; }, 1, "app_usage_s", -1,
     [](auto& c) { c.dynamics.interruption_leave = 0.05; }},
    {"interruption_spill", [](auto& c) -> double& { return c.dynamics.interruption_spill; }, 0.05, "short_watch_s per exposures", -1},
    {"pass_s", [](auto& c) -> double& { return c.live.pass_s; }, 8, "short_watch_s", -1},
    {"substitution", [](auto& c) -> double& { return c.dynamics.substitution; }, 0.5, "app_usage_s", -1},
    {"habit_enter", [](auto& c) -> double& { return c.dynamics.habit_enter; }, 0.8, "entries", +1},
    {"habit_gain", [](auto& c) -> double& { return c.dynamics.habit_gain; }, 0.05, "entries", +1},
    {"habit_half_life_days", [](auto& c) -> double& { return c.dynamics.habit_half_life_days; }, 1, "entries", +1},
    {"satisfaction_return, disappointed", [](auto& c) -> double& { return c.dynamics.satisfaction_return; }, 0.3, "active_days", -1, only_bad},
    {"satisfaction_return, pleased", [](auto& c) -> double& { return c.dynamics.satisfaction_return; }, 0.5, "active_days", +1, only_good},
    {"satisfaction_bad", [](auto& c) -> double& { return c.dynamics.satisfaction_bad; }, 0.15, "active_days", -1, only_bad},
    {"satisfaction_good", [](auto& c) -> double& { return c.dynamics.satisfaction_good; }, 1, "active_days", +1, only_good},
    {"satisfaction_half_life_days", [](auto& c) -> double& { return c.dynamics.satisfaction_half_life_days; }, 0.5, "active_days", -1, only_bad},
    {"satisfaction_stay, disappointed", [](auto& c) -> double& { return c.dynamics.satisfaction_stay; }, 0.1, "app_usage_s", -1, only_bad},
    {"satisfaction_stay, pleased", [](auto& c) -> double& { return c.dynamics.satisfaction_stay; }, 0.1, "app_usage_s", +1, only_good},
    {"expectation_share", [](auto& c) -> double& { return c.dynamics.expectation_share; }, 0.5, "active_days", +1,
     [](auto& c) {
       only_bad(c);
       c.dynamics.expectation_half_life_days = 1;
     }},
};

}  // namespace

TEST_CASE("known effects: doubling each moves its outcome the stated way, by more than three paired errors") {
  for (const Effect& effect : kEffects) {
    CAPTURE(effect.name);
    BehaviouralUsersConfig once{.count = 1200};
    if (effect.setting) effect.setting(once);
    effect.knob(once) = effect.value;
    BehaviouralUsersConfig twice = once;
    effect.knob(twice) *= 2;
    const std::vector<double> before = per_user(once, effect.outcome, 1), after = per_user(twice, effect.outcome, 1);
    const double n = static_cast<double>(before.size());
    double mean = 0, squares = 0;
    for (std::size_t i = 0; i < before.size(); ++i) mean += (after[i] - before[i]) / n;
    for (std::size_t i = 0; i < before.size(); ++i) squares += std::pow(after[i] - before[i] - mean, 2);
    const double standard_error = std::sqrt(squares / (n - 1) / n);
    CAPTURE(mean);
    CAPTURE(standard_error);
    CHECK(effect.direction * mean > 3 * standard_error);
  }
}

TEST_CASE("known effects: where nothing is injected, none of them shows") {
  for (const Effect& effect : kEffects) {
    CAPTURE(effect.name);
    BehaviouralUsersConfig once{.count = 60};
    if (effect.setting) effect.setting(once);
    effect.knob(once) = effect.value;
    BehaviouralUsersConfig twice = once;
    effect.knob(twice) *= 2;
    CHECK(per_user(once, effect.outcome, 0) == per_user(twice, effect.outcome, 0));
  }
}

TEST_CASE("known effects: stronger feedback, fewer streams, while nobody watches") {
  const auto on_air = [](double end_gain, double return_gain) {
    FeedFixture fixture;
    fixture.supply.feedback = {.enabled = true, .end_gain = end_gain, .return_gain = return_gain};
    const auto world = fixture.make_world();
    world->begin_phase({.days = 5, .observations = Observations::kSkip});
    play(*world, constant(0));
    return world->daily().get<double>("streams_on_air");
  };
  const auto base = on_air(0.25, 0.25), ends_sooner = on_air(0.5, 0.25), returns_less = on_air(0.25, 0.5);
  // Day by day: over the days the effects add up.
  for (std::size_t day = 1; day < base.size(); ++day) {
    CAPTURE(day);
    CHECK(ends_sooner[day] < base[day]);
    if (day >= 2) CHECK(returns_less[day] < base[day]);
  }
}

}  // namespace sluice
