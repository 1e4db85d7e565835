#include "sim/rng.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <vector>

#include "sim/distributions.h"

namespace sluice {

TEST_CASE("rng: a stream is a value, and making it again repeats it") {
  Rng a = Seed{5}.stream(Purpose::kPage, 1, 2, 3, 4), b = Seed{5}.stream(Purpose::kPage, 1, 2, 3, 4);
  for (int i = 0; i < 100; ++i) CHECK(a() == b());
}

TEST_CASE("rng: streams differ by seed, purpose and every key, and their draws never meet") {
  std::set<std::uint64_t> seen;
  std::size_t draws = 0;
  const auto take = [&](Rng rng) {
    for (int i = 0; i < 20; ++i, ++draws) seen.insert(rng());
  };
  for (std::uint64_t seed = 0; seed < 3; ++seed)
    for (const Purpose purpose : {Purpose::kPage, Purpose::kLive})
      for (std::uint64_t user = 0; user < 3; ++user)
        for (std::uint64_t day = 0; day < 3; ++day)
          for (std::uint64_t session = 0; session < 3; ++session)
            for (std::uint64_t page = 0; page < 3; ++page)
              take(Seed{seed}.stream(purpose, user, day, session, page));
  CHECK(seen.size() == draws);
}

TEST_CASE("rng: lanes of a stream are disjoint and do not depend on what was drawn before") {
  Rng a = Seed{1}.stream(Purpose::kShort, 9), b = a;
  a();
  a();
  a();
  a.jump_to_lane(3);
  b.jump_to_lane(3);
  for (int i = 0; i < 10; ++i) CHECK(a() == b());
  Rng c = Seed{1}.stream(Purpose::kShort, 9);
  c.jump_to_lane(2);
  Rng d = Seed{1}.stream(Purpose::kShort, 9);
  d.jump_to_lane(3);
  CHECK(c() != d());
}

TEST_CASE("rng: the first draws of neighbouring streams are uniform and uncorrelated") {
  constexpr int kUsers = 100000, kBins = 50;
  std::vector<double> count(kBins);
  double product = 0, last = 0;
  for (int user = 0; user < kUsers; ++user) {
    Rng rng = Seed{3}.stream(Purpose::kLive, static_cast<std::uint64_t>(user));
    const double u = uniform_double(rng);
    ++count[static_cast<std::size_t>(u * kBins)];
    product += (u - 0.5) * (last - 0.5);
    last = u;
  }
  double chi_squared = 0;
  for (const double n : count) chi_squared += std::pow(n - kUsers / kBins, 2) / (kUsers / kBins);
  CHECK(chi_squared < 49 + 4 * std::sqrt(2 * 49.0));  // χ² with 49 degrees of freedom, four sd
  CHECK(std::abs(product / kUsers) < 4 / 12.0 / std::sqrt(kUsers));  // sd of the mean: (1/12)/√n
}

TEST_CASE("distributions: moments of a normal and of a log-normal are theory's") {
  Rng rng = Seed{1}.stream(Purpose::kTest);
  constexpr int kDraws = 200000;
  double sum = 0, squares = 0, logs = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto z = static_cast<double>(normal(rng));
    sum += z;
    squares += z * z;
    logs += std::log(static_cast<double>(log_normal(rng, 2, 0.5f)));
  }
  CHECK(std::abs(sum / kDraws) < 4 / std::sqrt(kDraws));
  CHECK(std::abs(squares / kDraws - 1) < 4 * std::sqrt(2.0 / kDraws));
  CHECK(std::abs(logs / kDraws - 2) < 4 * 0.5 / std::sqrt(kDraws));
}

}  // namespace sluice
