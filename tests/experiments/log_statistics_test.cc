// The statistics behind `sluice calibrate`, against known answers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "experiments/activity_fit.h"
#include "experiments/log_normal_mixture.h"
#include "experiments/random_effects.h"
#include "sim/distributions.h"

namespace sluice {
namespace {

struct Clustered {
  std::vector<ValueHistogram> groups = std::vector<ValueHistogram>(kIdGroups);
  std::vector<std::uint64_t> values;
  void add(std::uint64_t user, std::uint64_t ms) {
    groups[static_cast<std::size_t>(id_group(user))].add(ms);
    values.push_back(ms);
  }
};

// Users whose watches share an effect of sd `user_sigma`: their rows are alike.
Clustered draw(const LogNormalMixture& m, int users, int rows, double user_sigma, std::uint64_t seed) {
  Clustered data;
  Rng rng = Seed{seed}.stream(Purpose::kTest);
  for (int u = 0; u < users; ++u) {
    const double effect = user_sigma * static_cast<double>(normal(rng));
    for (int i = 0; i < rows; ++i) {
      const std::size_t k = bernoulli(rng, static_cast<float>(m.share)) ? 0 : 1;
      const double within = k == 0 ? m.sigma[0] : std::sqrt(m.sigma[1] * m.sigma[1] - user_sigma * user_sigma);
      const double x = m.mu[k] + (k == 1 ? effect : 0) + within * static_cast<double>(normal(rng));
      data.add(static_cast<std::uint64_t>(u),
               static_cast<std::uint64_t>(std::max(1.0, std::round(std::exp(x)))));
    }
  }
  return data;
}

const LogNormalMixture kWatch{.share = 0.277, .mu = {7.471, 9.532}, .sigma = {0.463, 1.431}};

}  // namespace

TEST_CASE("value histogram: bins meet end to end, are narrow, and quantiles are those of the values") {
  for (std::uint64_t value : {0u, 1u, 1023u, 1024u, 1025u, 4095u, 86400000u}) {
    const std::size_t bin = ValueHistogram::bin_of(value);
    CHECK(ValueHistogram::lowest(bin) <= value);
    CHECK(ValueHistogram::lowest(bin + 1) > value);
    CHECK(static_cast<double>(ValueHistogram::lowest(bin + 1)) <=
          std::max(static_cast<double>(ValueHistogram::lowest(bin)) + 1, 1.002 * static_cast<double>(value)));
  }
  for (std::size_t bin = 0; bin < 9000; ++bin)
    CHECK(ValueHistogram::bin_of(ValueHistogram::lowest(bin)) == bin);
  Clustered data = draw(kWatch, 100, 100, 0, 3);
  std::sort(data.values.begin(), data.values.end());
  ValueHistogram all;
  for (const ValueHistogram& group : data.groups) all.add(group);
  for (const double q : {0.01, 0.25, 0.5, 0.9, 0.99})
    CHECK(all.quantile(q) ==
          doctest::Approx(static_cast<double>(data.values[static_cast<std::size_t>(q * 10000) - 1]))
              .epsilon(0.002));
}

TEST_CASE("mixture: EM finds the two log-normals that the data were drawn from, and the errors cover them") {
  int outside = 0;
  double largest_ks = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const MixtureFit fit = fit_mixture(draw(kWatch, 2000, 10, 0.65, seed).groups);
    REQUIRE(fit.converged);
    largest_ks = std::max(largest_ks, fit.ks);
    const auto off = [&](const Estimate& e, double truth) {
      outside += std::abs(e.value - truth) > 2 * e.error;
    };
    off(fit.share, kWatch.share);
    for (std::size_t k = 0; k < 2; ++k) off(fit.mu[k], kWatch.mu[k]), off(fit.sigma[k], kWatch.sigma[k]);
    CHECK(fit.share.value == doctest::Approx(kWatch.share).epsilon(0.1));
    CHECK(fit.mu[1].value == doctest::Approx(kWatch.mu[1]).epsilon(0.01));
  }
  CHECK(largest_ks < 0.012);  // 1.36/√20000 = .0096 is the 5 % point of one such distance, with nothing fitted
  CHECK(outside <= 8);        // 60 checks, of which 5 % are expected outside
}

TEST_CASE(
    "mixture: the errors are those of fitting again without each group of users, and exceed the errors of "
    "independent rows") {
  const Clustered data = draw(kWatch, 1000, 20, 1.2, 5);
  const MixtureFit fit = fit_mixture(data.groups);
  std::vector<double> without;
  for (std::size_t g = 0; g < data.groups.size(); ++g) {
    std::vector<ValueHistogram> rest = data.groups;
    rest[g] = {};
    without.push_back(fit_mixture(rest).mu[1].value);
  }
  CHECK(fit.mu[1].error == doctest::Approx(jackknife_error(without)).epsilon(0.1));
  // The same rows dealt out to groups at random.
  Clustered dealt;
  for (std::size_t i = 0; i < data.values.size(); ++i) dealt.add(i, data.values[i]);
  const MixtureFit independent = fit_mixture(dealt.groups);
  CHECK(independent.mu[1].value == doctest::Approx(fit.mu[1].value).epsilon(1e-6));
  CHECK(fit.mu[1].error > 1.5 * independent.mu[1].error);
}

TEST_CASE("mixture: one value, and one component, are said to be no mixture") {
  std::vector<ValueHistogram> groups(kIdGroups);
  for (auto& group : groups) group.add(5000, 10);
  CHECK(!fit_mixture(groups).share.known());
  CHECK(!fit_mixture(std::vector<ValueHistogram>(kIdGroups)).share.known());
}

TEST_CASE("random effects: a balanced table by hand") {
  // Users (1, 3), (4, 6), (10, 12): means 2, 5, 11, mean 6.  MSB = 2·(16 + 1 + 25)/2 = 42, MSW = 6/3 = 2,
  // n₀ = 2: sd² = (42 − 2)/2 = 20.
  SumsById sums(100);
  for (const auto& [user, x] : {std::pair{7, 1.0}, {8, 4.0}, {9, 10.0}, {7, 3.0}, {8, 6.0}, {9, 12.0}})
    sums.add(static_cast<std::uint64_t>(user), x);
  const RandomEffects fit = fit_random_effects(sums);
  CHECK(fit.sd.value == doctest::Approx(std::sqrt(20.0)));
  CHECK(fit.within_sd.value == doctest::Approx(std::sqrt(2.0)));
  CHECK(fit.icc.value == doctest::Approx(20.0 / 22));
  CHECK(fit.ids == 3);
  CHECK(fit.sd.n == 6);
}

TEST_CASE(
    "random effects: unequal numbers of rows, a hashed sample of the users tells the same, within its errors") {
  Rng rng = Seed{11}.stream(Purpose::kTest);
  SumsById all(1u << 20), sample(3000);
  for (std::uint64_t user = 0; user < 20000; ++user) {
    const double effect = 0.65 * static_cast<double>(normal(rng));
    const int rows = 1 + static_cast<int>(exponential(rng, 6));
    for (int i = 0; i < rows; ++i) {
      const double x = 9 + effect + 1.4 * static_cast<double>(normal(rng));
      all.add(user, x);
      sample.add(user, x);
    }
  }
  const RandomEffects fit = fit_random_effects(all), part = fit_random_effects(sample);
  CHECK(std::abs(fit.sd.value - 0.65) < 4 * fit.sd.error);
  CHECK(fit.sd.error < 0.015);
  CHECK(std::abs(fit.within_sd.value - 1.4) < 4 * fit.within_sd.error);
  CHECK(part.ids <= 3000);
  CHECK(part.ids > 1000);
  CHECK(part.sampled_share == 0.125);
  CHECK(std::abs(part.sd.value - 0.65) < 4 * part.sd.error);
  CHECK(part.sd.error > 1.5 * fit.sd.error);
}

TEST_CASE("random effects: not known without a user of two rows, never negative") {
  SumsById single(10), alike(10);
  for (std::uint64_t user = 0; user < 5; ++user) single.add(user, static_cast<double>(user));
  CHECK(!fit_random_effects(single).sd.known());
  for (std::uint64_t user = 0; user < 5; ++user) alike.add(user, 1), alike.add(user, 2);
  CHECK(fit_random_effects(alike).sd.value == 0);
  CHECK(!fit_random_effects(SumsById(10)).sd.known());
}

TEST_CASE("gamma and truncated log-normal: maximum likelihood finds what the data were drawn from") {
  Rng rng = Seed{2}.stream(Purpose::kTest);
  double sum = 0, sum_ln = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = gamma(rng, 1.38, 276);
    sum += x, sum_ln += std::log(x);
  }
  CHECK(fit_gamma_shape(sum / kDraws, sum_ln / kDraws) == doctest::Approx(1.38).epsilon(0.02));
  CHECK(std::isnan(fit_gamma_shape(5, std::log(5.0))));

  double n = 0, mean = 0, square = 0;
  while (n < kDraws) {
    const double ln = 4.278 + 1.469 * static_cast<double>(normal(rng));
    if (ln < 0 || ln > std::log(1800.0)) continue;
    n += 1, mean += ln, square += ln * ln;
  }
  const auto [mu, sigma] = fit_truncated_log_normal(mean / n, square / n, 1, 1800);
  CHECK(mu == doctest::Approx(4.278).epsilon(0.01));
  CHECK(sigma == doctest::Approx(1.469).epsilon(0.02));
  CHECK(mean / n < 4.25);  // so the truncation mattered
  CHECK(std::isnan(fit_truncated_log_normal(3, 9, 1, 1800).first));
}

TEST_CASE("id map: holds what was put in, and a thinned sample holds all of an id or nothing") {
  IdMap<int> map;
  for (std::uint64_t id = 0; id < 50000; ++id) map[id * 1024] += static_cast<int>(id);
  CHECK(map.size() == 50000);
  CHECK(map[1024 * 777] == 777);
  IdSample sample;
  sample.halve();
  sample.halve();
  map.keep_only(sample);
  CHECK(map.size() == doctest::Approx(12500).epsilon(0.05));
  map.for_each([&](std::uint64_t id, int value) {
    CHECK(sample.holds(id));
    CHECK(value == static_cast<int>(id / 1024));
  });
}

}  // namespace sluice
