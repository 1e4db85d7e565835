// What sim/user_model.h promises, checked on every kind of users.
#include "sim/user_model.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "sim/user_history.h"
#include "tests/feed_fixture.h"
#include "tests/users/every_user_model.h"

namespace sluice {
namespace {

// A candidate that depends on the request alone; one request in eight finds none.
Candidate some_candidate(const RequestKey& key, Seconds now) {
  Rng rng = stream(Seed{17}, Purpose::kTest, key);
  const auto share = [&] { return static_cast<float>(rng() >> 40) / 16777216.0f; };
  if (share() < 0.125f) return {};
  const float appeal = 2 * share() - 1, minutes = 60 * share() * share();
  return {.streamer = 1, .topic = static_cast<std::uint8_t>(1 + 15 * share()), .appeal = appeal,
          .end = now + 60.0 * static_cast<double>(minutes)};
}

// Leads `users` through days; `see` gets every page.
using SeePage = std::function<void(int user, Seconds now, const Candidate&, const PageOutlook&, int action, const PageOutcome&)>;
void live_through(UserModel& users, int first_day, int days, const SeePage& see) {
  for (int user = 0; user < users.count(); ++user)
    for (int day = first_day; day < first_day + days; ++day) {
      if (users.begin_day(user, day) != UserModel::DayStart::kActive) continue;
      std::uint32_t session = 0;
      Seconds now = users.next_session(user, day, day * kDay, &session);
      for (std::uint32_t page = 0; now < (day + 1) * kDay; ++page) {
        const RequestKey key{.user = users.id(user), .day = static_cast<std::uint32_t>(day), .session = session, .page = page};
        const Candidate candidate = some_candidate(key, now);
        const int action = keyed_coin()({.key = {key}}, 0);
        const PageOutlook outlook = users.prepare(user, key, now, candidate);
        const PageOutcome outcome = users.respond(user, key, now, candidate, outlook, action);
        see(user, now, candidate, outlook, action, outcome);
        now += static_cast<double>(outcome.page_s);
        if (!outcome.session_ended) continue;
        page = static_cast<std::uint32_t>(-1);
        now = users.next_session(user, day, now + kSessionBreak, &session);
      }
    }
}

std::vector<float> record(UserModel& users, int first_day, int days) {
  std::vector<float> seen;
  live_through(users, first_day, days, [&](int user, Seconds now, const Candidate&, const PageOutlook& outlook, int action, const PageOutcome& page) {
    seen.insert(seen.end(), {static_cast<float>(user), static_cast<float>(now), outlook.predicted_watch_s, outlook.enter_prob, static_cast<float>(action),
                             page.page_s, page.short_s, page.watch_time_s, static_cast<float>(page.num_shorts), static_cast<float>(page.session_ended)});
    seen.insert(seen.end(), page.short_watch_s.begin(), page.short_watch_s.end());
  });
  return seen;
}

}  // namespace

TEST_CASE("user models: what happened on a page is consistent, and nobody watches a stream past its end") {
  for (const UsersConfig& kind : every_kind(60)) {
    CAPTURE(name_of(kind));
    const auto users = make(kind, Seed{4});
    int entries = 0, passes = 0, soon = 0, ended = 0;
    live_through(*users, 0, 3, [&](int, Seconds now, const Candidate& candidate, const PageOutlook& outlook, int action, const PageOutcome& page) {
      CHECK((outlook.enter_prob >= 0 && outlook.enter_prob <= 1));
      CHECK((outlook.predicted_enter_prob >= 0 && outlook.predicted_enter_prob <= 1));
      CHECK((std::isfinite(outlook.predicted_watch_s) && outlook.predicted_watch_s >= 0));
      if (candidate.exists()) CHECK(outlook.predicted_watch_s > 0);
      CHECK(page.page_s > 0);
      CHECK(page.num_shorts <= kMaxSlots);
      float shorts = 0;
      for (std::size_t i = 0; i < page.num_shorts; ++i) {
        CHECK(page.short_watch_s[i] >= 0);
        CHECK((page.short_topic[i] >= 1 && page.short_topic[i] <= kNumTopics));
        shorts += page.short_watch_s[i];
      }
      CHECK(shorts == doctest::Approx(page.short_s));
      CHECK(page.page_s * 1.00001f >= page.short_s + page.watch_time_s);
      if (action == 0 || !candidate.exists()) CHECK_FALSE(page.shown);
      if (!page.shown) CHECK_FALSE(page.entered);
      if (!page.shown) CHECK(page.page_s <= 1800.01f);  // half an hour without a request ends a session
      CHECK(page.entered == (page.watch_time_s > 0));
      CHECK(page.skipped == (page.entered && page.watch_time_s <= 3));
      if (page.entered) CHECK(now + static_cast<double>(page.watch_time_s) <= candidate.end + 0.01);
      soon += page.entered && candidate.end < now + 60 ? 1 : 0;  // the end matters to them
      entries += page.entered ? 1 : 0;
      passes += page.shown && !page.entered ? 1 : 0;
      ended += page.session_ended ? 1 : 0;
    });
    CHECK(entries > 100);
    CHECK(passes > 100);
    CHECK(soon > 10);
    CHECK(ended > 100);
  }
}

TEST_CASE("user models: sessions of a day come in order, numbered, inside the day and not before they may") {
  for (const UsersConfig& kind : every_kind(200)) {
    CAPTURE(name_of(kind));
    const auto users = make(kind, Seed{2});
    int sessions = 0, active = 0;
    for (int user = 0; user < users->count(); ++user)
      for (int day = 0; day < 5; ++day) {
        if (users->begin_day(user, day) != UserModel::DayStart::kActive) continue;
        ++active;
        Seconds earliest = day * kDay;
        std::uint32_t expected = 0, session = 99;
        for (;;) {
          const Seconds start = users->next_session(user, day, earliest, &session);
          if (!std::isfinite(start)) break;
          ++sessions;
          CHECK(session == expected++);
          CHECK(start >= earliest);
          CHECK(start < (day + 1) * kDay);
          earliest = start + 3600;  // a session of half an hour and the break after it
        }
        CHECK(std::isinf(users->next_session(user, day, earliest, &session)));  // none left stays none left
      }
    CHECK(active > 500);
    CHECK(sessions > 3 * active);
  }
}

TEST_CASE("user models: users differ by seed and number, and are the same wherever they live") {
  const auto many = every_kind(50), one = every_kind(1, 37);
  for (std::size_t k = 0; k < many.size(); ++k) {
    CAPTURE(name_of(many[k]));
    const auto all = make(many[k], Seed{5}), alone = make(one[k], Seed{5}), other = make(one[k], Seed{6});
    CHECK(all->count() == 50);
    CHECK(all->id(37) == 37);
    CHECK(alone->id(0) == 37);
    CHECK(all->interests(37) == alone->interests(0));
    CHECK(all->profile(37).registered_days == alone->profile(0).registered_days);
    CHECK(all->interests(37) != all->interests(36));
    CHECK(other->interests(0) != alone->interests(0));
    float squares = 0;
    for (const float w : alone->interests(0)) squares += w * w;
    CHECK(squares == doctest::Approx(1).epsilon(1e-5));
    // and in what they do
    const auto chosen = all->select(std::vector<int>{37}, std::vector<std::uint32_t>{37});
    const std::vector<float> story = record(*alone, 0, 4);
    CHECK(story.size() > 1000);
    CHECK(record(*chosen, 0, 4) == story);
    CHECK(record(*other, 0, 4) != story);
  }
}

TEST_CASE("user models: a clone, a loaded snapshot and a selection go on bit-identically, and lead their own lives") {
  for (const UsersConfig& kind : every_kind(200)) {
    CAPTURE(name_of(kind));
    const auto users = make(kind, Seed{7});
    record(*users, 0, 3);
    const auto clone = users->clone();
    StateBlobs blobs;
    StateArchive saving = StateArchive::saving(blobs);
    users->transfer(saving);
    std::vector<int> everybody;
    std::vector<std::uint32_t> ids, others;
    for (int user = 0; user < 200; ++user) {
      everybody.push_back(user);
      ids.push_back(users->id(user));
      others.push_back(1000 + users->id(user));
    }
    const auto selected = users->select(everybody, ids), with_other_luck = users->select(everybody, others);
    CHECK(with_other_luck->id(3) == 1003);
    CHECK(with_other_luck->interests(3) == users->interests(3));  // the person stays, the luck is another

    const std::vector<float> story = record(*users, 3, 2);
    CHECK(record(*clone, 3, 2) == story);
    CHECK(record(*selected, 3, 2) == story);
    CHECK(record(*with_other_luck, 3, 2) != story);
    const auto loaded = make(kind, Seed{7});
    CHECK(record(*loaded, 3, 2) != story);  // it needs those three days
    StateArchive loading = StateArchive::loading(blobs);
    loaded->transfer(loading);
    CHECK(record(*loaded, 3, 2) == story);
  }
}

TEST_CASE("user models: a changed action leaves the luck of the pages after it alone") {
  for (const UsersConfig& kind : every_kind(2)) {
    CAPTURE(name_of(kind));
    const auto a = make(kind, Seed{3}), b = make(kind, Seed{3});
    std::uint32_t session = 0;
    for (const auto& [users, action] : {std::pair{a.get(), 0}, std::pair{b.get(), 1}}) {
      REQUIRE(users->begin_day(0, 0) == UserModel::DayStart::kActive);
      const Seconds now = users->next_session(0, 0, 0, &session);
      const RequestKey key{.user = 0};
      const Candidate candidate{.streamer = 1, .topic = 2, .end = now + 3600};
      users->respond(0, key, now, candidate, users->prepare(0, key, now, candidate), action);
    }
    // No live stream from here on: short videos are luck and taste alone.  How many there are may differ.
    const RequestKey key{.user = 0, .page = 1};
    const PageOutcome page_a = a->respond(0, key, 60000, {}, a->prepare(0, key, 60000, {}), 0);
    const PageOutcome page_b = b->respond(0, key, 60000, {}, b->prepare(0, key, 60000, {}), 0);
    const int both = std::min(page_a.num_shorts, page_b.num_shorts);
    CHECK(both >= 1);
    for (std::size_t i = 0; i < static_cast<std::size_t>(both); ++i) CHECK(page_a.short_watch_s[i] == page_b.short_watch_s[i]);
  }
}

TEST_CASE("user models: latent columns have names and finite values, and E[y] and P(enter) among them") {
  for (const UsersConfig& kind : every_kind(5)) {
    CAPTURE(name_of(kind));
    const auto users = make(kind, Seed{3});
    const std::vector<std::string>& names = users->latent_names();
    const auto column = [&](const char* name) {
      const auto found = std::ranges::find(names, name);
      REQUIRE(found != names.end());
      return static_cast<std::size_t>(found - names.begin());
    };
    REQUIRE(names.size() >= 2);
    std::vector<float> row(names.size() + 1, -77);
    for (int user = 0; user < 5; ++user) {
      const RequestKey key{.user = users->id(user)};
      users->begin_day(user, 0);
      const Candidate candidate{.streamer = 1, .topic = 2, .appeal = 0.5f, .end = 40000 + 3600};
      const PageOutlook outlook = users->prepare(user, key, 40000, candidate);
      users->write_latent(user, 40000, candidate, outlook, {row.data(), names.size()});
      for (std::size_t i = 0; i < names.size(); ++i) CHECK(std::isfinite(row[i]));
      CHECK(row.back() == -77);  // not a number too many
      CHECK(row[column("enter_prob")] == outlook.enter_prob);
      CHECK(row[column("mean_watch_s")] > 0);
    }
  }
}

TEST_CASE("user models: slow state that planners add is there, and fades") {
  for (const UsersConfig& kind : every_kind(1)) {
    CAPTURE(name_of(kind));
    for (std::size_t which = 0; which < make(kind, Seed{3})->carried_names().size(); ++which) {
      const auto users = make(kind, Seed{3});
      users->begin_day(0, 0);
      const float before = users->carried(0, which, 0);
      users->add_carried(0, which, 0, 1);
      const float now = users->carried(0, which, 0), later = users->carried(0, which, 5 * kDay);
      CHECK(now == doctest::Approx(before + 1));
      CHECK(later < now);
      users->begin_day(0, 5);
      CHECK(users->carried(0, which, 5 * kDay) == doctest::Approx(later));
    }
  }
}

TEST_CASE("user models: the measured entry rate is the mean of the model's probabilities") {
  for (const UsersConfig& kind : every_kind(300)) {
    CAPTURE(name_of(kind));
    const auto users = make(kind, Seed{8});
    double expected = 0, variance = 0, entered = 0;
    live_through(*users, 0, 3, [&](int, Seconds, const Candidate&, const PageOutlook& outlook, int, const PageOutcome& page) {
      if (!page.shown) return;
      const auto p = static_cast<double>(outlook.enter_prob);
      expected += p;
      variance += p * (1 - p);
      entered += page.entered ? 1 : 0;
    });
    CHECK(entered > 2000);
    CHECK(std::abs(entered - expected) < 4 * std::sqrt(variance));
  }
}

TEST_CASE("user models: a world of any kind has the same bytes with one thread and two, in a fork and from a snapshot") {
  for (const UsersConfig& kind : every_kind(600)) {
    CAPTURE(name_of(kind));
    std::vector<std::vector<double>> ends;
    for (const int threads : {1, 2}) {
      FeedFixture fixture;
      fixture.options = {.window_s = 1800, .num_threads = threads};
      const auto world = fixture.make_world(kind);
      world->begin_phase({.days = 2, .at_horizon = AtHorizon::kStop});
      play(*world, keyed_coin());
      StateBlobs blobs;
      StateArchive saving = StateArchive::saving(blobs);
      world->transfer(saving);
      const auto fork = world->fork();
      const auto loaded = fixture.make_world(kind);
      StateArchive loading = StateArchive::loading(blobs);
      loaded->transfer(loading);
      for (FeedWorld* each : {world.get(), fork.get(), loaded.get()}) {
        each->begin_phase({.days = 2});
        play(*each, keyed_coin());
        ends.push_back(each->total_means());
      }
    }
    REQUIRE(ends.size() == 6);
    CHECK(ends[0][kLiveWatch] > 0);
    for (const auto& end : ends) CHECK(end == ends[0]);
  }
}

}  // namespace sluice
