// The luck of every kind of users: each draw is keyed by seed, user, day, session, page and purpose.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "sim/user_model.h"
#include "tests/users/every_user_model.h"

namespace sluice {
namespace {

enum KeyPart { kSeedPart, kUserPart, kDayPart, kSessionPart, kPagePart, kNumKeyParts };
const std::array<std::string, kNumKeyParts> kPartNames = {"seed", "user", "day", "session", "page"};

/// Everybody of `kind` with traits and state of seed 9, and the luck of another seed or user.
std::unique_ptr<UserModel> same_person(const UsersConfig& kind, std::uint64_t seed, std::uint32_t user) {
  StateBlobs blobs;
  StateArchive saving = StateArchive::saving(blobs), loading = StateArchive::loading(blobs);
  make(kind, Seed{9})->transfer(saving);
  const auto users = make(kind, Seed{seed});
  users->transfer(loading);
  return users->select(std::vector<int>{0}, std::vector<std::uint32_t>{user});
}

using Drawn = std::map<std::string, std::set<float>>;  // name of a draw → its values

// Each of these values depends on draws of ONE purpose of a page only, for users who differ in nothing else.
void draw_page(UserModel& users, const RequestKey& key, Drawn& drawn) {
  const Seconds now = 40000;
  users.prepare(0, {.user = key.user, .day = key.day, .session = key.session}, now, {});  // the session's first page
  const Candidate candidate{.streamer = 1, .topic = 2, .appeal = 1, .end = now + 1e6};
  const PageOutlook outlook = users.prepare(0, key, now, candidate);
  const PageOutcome without = users.clone()->respond(0, key, now, candidate, outlook, 0);
  const PageOutcome with = users.clone()->respond(0, key, now, candidate, outlook, 1);
  drawn["prediction"].insert(outlook.predicted_watch_s);
  drawn["short video"].insert(without.short_watch_s[0]);
  drawn["pause, or leaving"].insert(std::round(without.page_s - without.short_s) + (without.session_ended ? 0.5f : 0));
  if (with.entered) drawn["live watch"].insert(with.watch_time_s);
  drawn["entry"].insert(with.entered ? 1 : 0);
}

}  // namespace

TEST_CASE("user models: seed, user, day, session and page each change every draw of a page") {
  BehaviouralUsersConfig behavioural{.count = 1};
  behavioural.short_video.page_sigma = behavioural.short_video.skip_mood = 0;
  behavioural.live.mood_sigma = 0;
  behavioural.activity.budget_mean_s = 1e6;
  for (const UsersConfig& kind : {UsersConfig(behavioural), UsersConfig(LogitUsersConfig{.count = 1})}) {
    CAPTURE(name_of(kind));
    for (int part = 0; part < kNumKeyParts; ++part) {
      CAPTURE(kPartNames[static_cast<std::size_t>(part)]);
      Drawn drawn;
      for (std::uint32_t value = 1; value <= 60; ++value) {
        RequestKey key{.user = 7, .day = 3, .session = 2, .page = 5};
        std::uint64_t seed = 9;
        switch (part) {
          case kSeedPart: seed = value; break;
          case kUserPart: key.user = value; break;
          case kDayPart: key.day = value; break;
          case kSessionPart: key.session = value; break;
          default: key.page = value;
        }
        draw_page(*same_person(kind, seed, key.user), key, drawn);
      }
      CHECK(drawn["prediction"].size() > 50);
      CHECK(drawn["short video"].size() > 50);
      CHECK(drawn["pause, or leaving"].size() >= 2);
      CHECK(drawn["entry"].size() == 2);
      CHECK(drawn["live watch"].size() > 5);
    }
  }
}

TEST_CASE("user models: seed, user and day each change who comes on a day, and when") {
  for (const UsersConfig& kind : every_kind(1)) {
    CAPTURE(name_of(kind));
    for (int part = kSeedPart; part <= kDayPart; ++part) {
      CAPTURE(kPartNames[static_cast<std::size_t>(part)]);
      std::set<float> starts;
      int active = 0, idle = 0;
      for (std::uint32_t value = 1; value <= 200; ++value) {
        const auto users = same_person(kind, part == kSeedPart ? value : 9, part == kUserPart ? value : 7);
        const int day = part == kDayPart ? static_cast<int>(value) : 3;
        const bool comes = users->begin_day(0, day) == UserModel::DayStart::kActive;
        (comes ? active : idle) += 1;
        std::uint32_t session = 0;
        const Seconds start = users->next_session(0, day, day * kDay, &session);
        if (comes && std::isfinite(start)) starts.insert(static_cast<float>(std::round(start - day * kDay)));
      }
      CHECK(active > 20);
      CHECK(idle > 0);
      CHECK(starts.size() > static_cast<std::size_t>(active) * 9 / 10);
    }
  }
}

TEST_CASE("user models: each session of a day has luck of its own") {
  // Were all sessions to share a draw, the gaps between the starts of users alike would rise and fall together.
  for (const UsersConfig& kind : every_kind(3000)) {
    CAPTURE(name_of(kind));
    const auto users = make(kind, Seed{12});
    double n = 0, sum_a = 0, sum_b = 0, sum_ab = 0, sum_aa = 0, sum_bb = 0;
    for (int user = 0; user < users->count(); ++user) {
      if (users->begin_day(user, 0) != UserModel::DayStart::kActive) continue;
      std::uint32_t session = 0;
      const double first = users->next_session(user, 0, 0, &session), second = users->next_session(user, 0, 0, &session);
      if (!std::isfinite(second)) continue;
      const double a = first, b = (second - first) / (kDay - first);  // share of the rest of the day
      n += 1, sum_a += a, sum_b += b, sum_ab += a * b, sum_aa += a * a, sum_bb += b * b;
    }
    CHECK(n > 1500);
    const double correlation = (n * sum_ab - sum_a * sum_b) / std::sqrt((n * sum_aa - sum_a * sum_a) * (n * sum_bb - sum_b * sum_b));
    CAPTURE(correlation);
    CHECK(std::abs(correlation) < 0.4);
  }
}

TEST_CASE("user models: whether a stream is entered has nothing to do with the rest of the page's luck") {
  for (const UsersConfig& kind : every_kind(1)) {
    CAPTURE(name_of(kind));
    std::array<std::vector<double>, 2> shorts, ends, first;  // [entered]: of the page without a stream
    for (std::uint32_t page = 1; page <= 6000; ++page) {
      const auto users = same_person(kind, 9, 7);
      const RequestKey key{.user = 7, .day = 3, .page = page};
      users->prepare(0, {.user = 7, .day = 3}, 40000, {});
      const Candidate candidate{.streamer = 1, .topic = 2, .appeal = 1, .end = 4e6};
      const PageOutlook outlook = users->prepare(0, key, 40000, candidate);
      const PageOutcome without = users->clone()->respond(0, key, 40000, candidate, outlook, 0);
      const PageOutcome with = users->respond(0, key, 40000, candidate, outlook, 1);
      if (!with.shown) continue;
      shorts[with.entered].push_back(without.num_shorts);
      ends[with.entered].push_back(without.session_ended);
      first[with.entered].push_back(without.short_watch_s[0] > 5);
    }
    for (const auto& values : {shorts, ends, first}) {
      double mean[2], variance = 0;
      for (const int entered : {0, 1}) {
        const std::vector<double>& x = values[static_cast<std::size_t>(entered)];
        REQUIRE(x.size() > 100);
        double sum = 0, squares = 0;
        for (const double v : x) sum += v, squares += v * v;
        const auto n = static_cast<double>(x.size());
        mean[entered] = sum / n;
        variance += (squares / n - mean[entered] * mean[entered]) / n;
      }
      CHECK(std::abs(mean[1] - mean[0]) < 4.5 * std::sqrt(variance) + 1e-6);
    }
  }
}

}  // namespace sluice
