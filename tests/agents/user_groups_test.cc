#include "agents/user_groups.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

namespace sluice {
namespace {

TEST_CASE("groups: group 0 has no live watch, the others are of equal size") {
  std::vector<float> keys = {0, 0, 0};
  for (int i = 1; i <= 8; ++i) keys.push_back(static_cast<float>(i));
  UserGroups groups(5, static_cast<int>(keys.size()), 7);
  CHECK(groups.begin_day(0, keys));
  std::vector<int> size(5, 0);
  for (int user = 0; user < 11; ++user) ++size[groups.of(user)];
  CHECK(size == std::vector<int>{3, 2, 2, 2, 2});
  CHECK(groups.of(3) == 1);
  CHECK(groups.of(10) == 4);
}

TEST_CASE("groups: one group is everyone, two are with and without live watch") {
  const std::vector<float> keys = {0, 5, 100};
  UserGroups one(1, 3, 7), two(2, 3, 7);
  one.begin_day(0, keys);
  two.begin_day(0, keys);
  for (int user = 0; user < 3; ++user) {
    CHECK(one.of(user) == 0);
    CHECK(two.of(user) == (user == 0 ? 0 : 1));
  }
}

TEST_CASE("groups: by lot, they are about equal, say nothing of live watch, and stay") {
  const int n = 5000;
  std::vector<float> keys;
  for (int i = 0; i < n; ++i) keys.push_back(i % 2 == 0 ? 0.0f : static_cast<float>(i));
  UserGroups groups(5, n, 7, Grouping::kRandom, Seed{3}), other(5, n, 7, Grouping::kRandom, Seed{4});
  groups.begin_day(0, keys);
  other.begin_day(0, keys);
  std::vector<int> size(5, 0), without(5, 0), before;
  int same = 0;
  for (int user = 0; user < n; ++user) {
    ++size[groups.of(user)];
    if (keys[static_cast<std::size_t>(user)] == 0) ++without[groups.of(user)];
    before.push_back(groups.of(user));
    same += groups.of(user) == other.of(user) ? 1 : 0;
  }
  for (int g = 0; g < 5; ++g) {  // binomial: standard deviations 28 and 20
    CHECK(std::abs(size[static_cast<std::size_t>(g)] - 1000) < 5 * 28);
    CHECK(std::abs(without[static_cast<std::size_t>(g)] - 500) < 5 * 20);
  }
  CHECK(std::abs(same - 1000) < 5 * 28);  // another seed, another lot
  std::reverse(keys.begin(), keys.end());
  CHECK(groups.begin_day(7, keys));
  for (int user = 0; user < n; ++user) REQUIRE(groups.of(user) == before[static_cast<std::size_t>(user)]);
}

TEST_CASE("groups: are formed anew after the reassignment period only") {
  UserGroups groups(2, 1, 7);
  CHECK(groups.begin_day(3, std::vector<float>{0}));
  CHECK_FALSE(groups.begin_day(9, std::vector<float>{1}));
  CHECK(groups.of(0) == 0);
  CHECK(groups.begin_day(10, std::vector<float>{1}));
  CHECK(groups.of(0) == 1);
}

TEST_CASE("groups: an agent that only acts keeps the boundaries it learned with") {
  UserGroups groups(3, 4, 1);
  groups.begin_day(0, std::vector<float>{1, 2, 3, 4});
  const std::vector<float> learned = groups.boundaries();
  groups.begin_day(1, std::vector<float>{10, 20, 30, 40});
  CHECK(groups.boundaries() == learned);
  groups.note_learning();
  groups.begin_day(2, std::vector<float>{10, 20, 30, 40});
  CHECK(groups.boundaries() == std::vector<float>{30});
  UserGroups loaded(3, 2, 1);
  loaded.set_boundaries(learned);
  loaded.begin_day(5, std::vector<float>{2, 100});
  CHECK(loaded.boundaries() == learned);
  CHECK(loaded.of(0) == 1);
  CHECK(loaded.of(1) == 2);
}

}  // namespace
}  // namespace sluice
