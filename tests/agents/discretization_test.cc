#include "agents/discretization.h"

#include <doctest/doctest.h>

#include <cmath>

namespace sluice {
namespace {

TEST_CASE("discretisation: equal-frequency edges of 1 to 5 are their quartiles") {
  const Buckets buckets = make_buckets({5, 3, 1, 4, 2}, {.num_buckets = 4, .scheme = BucketScheme::kEqualFrequency});
  CHECK(buckets.edges() == std::vector<float>{0, 2, 3, 4, 5});
}

TEST_CASE("discretisation: refinement puts more edges into the tail") {
  std::vector<float> values;
  for (int i = 0; i <= 1000; ++i) values.push_back(static_cast<float>(i + 1));
  const Buckets buckets = make_buckets(values, {.num_buckets = 2, .tail_refinement = 2});
  // q_1 = (1 − e^−1)/(1 − e^−2) = .731059, at 1 + 1000·q_1.
  CHECK(buckets.edges()[1] == doctest::Approx(732.059).epsilon(1e-6));
  CHECK(buckets.edges()[2] == 1001.0f);
}

TEST_CASE("discretisation: equal widths divide the largest value") {
  const Buckets buckets = make_buckets({5, 3, 1, 8, 2}, {.num_buckets = 4, .scheme = BucketScheme::kEqualWidth});
  CHECK(buckets.edges() == std::vector<float>{0, 2, 4, 6, 8});
}

TEST_CASE("two-hot: by hand, and its mean is the value, up to the last edge") {
  const Buckets buckets({0, 2, 6, 10});
  std::vector<float> weight(4);
  two_hot(buckets, 5, weight);  // 3/4 of the way from 2 to 6
  CHECK(weight == std::vector<float>{0, 0.25f, 0.75f, 0});
  for (const float y : {0.0f, 0.5f, 2.0f, 7.25f, 10.0f, 40.0f}) {
    two_hot(buckets, y, weight);
    double mass = 0, mean = 0;
    for (std::size_t m = 0; m < 4; ++m) mass += weight[m], mean += weight[m] * buckets.edges()[m];
    CHECK(mass == doctest::Approx(1));
    CHECK(mean == doctest::Approx(std::min(y, 10.0f)));
  }
}

TEST_CASE("hl-gauss: by hand, mass 1, and on equal widths far from the ends its mean is the value") {
  const Buckets three({0, 1, 2, 3});
  std::vector<float> weight(3);
  hl_gauss(three, 1.5f, 0.75, weight);
  // Φ(2/3) − Φ(−2/3) = .495015, over Φ(2) − Φ(−2) = .954500.
  CHECK(weight[1] == doctest::Approx(0.495015 / 0.954500).epsilon(1e-5));
  CHECK(weight[0] == doctest::Approx(weight[2]));
  std::vector<float> edges;
  for (int m = 0; m <= 40; ++m) edges.push_back(static_cast<float>(m));
  const Buckets many(edges);
  weight.resize(40);
  for (const float y : {10.1f, 20.0f, 29.7f}) {
    hl_gauss(many, y, 0.75, weight);
    double mass = 0, mean = 0;
    for (std::size_t m = 0; m < 40; ++m) mass += weight[m], mean += weight[m] * (static_cast<double>(m) + 0.5);
    CHECK(mass == doctest::Approx(1).epsilon(1e-6));
    CHECK(mean == doctest::Approx(y).epsilon(1e-4));
  }
}

TEST_CASE("discretisation: a value's bucket and position, and what lies beyond") {
  const Buckets buckets({0, 2, 6, 10});
  const auto check = [&](float y, int bucket, float delta, bool clipped) {
    const BucketPosition position = buckets.locate(y);
    CAPTURE(y);
    CHECK(position.bucket == bucket);
    CHECK(position.delta == doctest::Approx(delta));
    CHECK(position.clipped == clipped);
  };
  check(0, 0, 0, false);
  check(1, 0, 0.5f, false);
  check(2, 1, 0, false);
  check(5, 1, 0.75f, false);
  check(10, 2, 1, false);
  check(25, 2, 1, true);
}

TEST_CASE("discretisation: restoration is the expected value, and inverts the labels") {
  const Buckets buckets({0, 2, 6, 10});
  const std::vector<double> probability = {0.5, 0.25, 0.25}, delta = {0.5, 0.75, 0};
  CHECK(buckets.restore(probability, delta) == doctest::Approx(0.5 * 1 + 0.25 * 5 + 0.25 * 6));
  for (const float y : {0.3f, 2.0f, 5.9f, 9.0f}) {
    const BucketPosition position = buckets.locate(y);
    std::vector<double> one_hot(3, 0.0);
    one_hot[static_cast<std::size_t>(position.bucket)] = 1;
    CHECK(buckets.restore(one_hot, std::vector<double>(3, position.delta)) == doctest::Approx(y));
  }
}

TEST_CASE("discretisation: edges increase strictly whatever the data") {
  for (const auto& values : {std::vector<float>(50, 7.0f), std::vector<float>{},
                             std::vector<float>{3}, std::vector<float>{1e-6f, 5e4f}}) {
    const std::vector<float> edges = make_buckets(values, {.num_buckets = 20, .tail_refinement = 2}).edges();
    CHECK(edges.size() == 21);
    for (std::size_t m = 1; m < edges.size(); ++m) CHECK(edges[m] > edges[m - 1]);
  }
}

TEST_CASE("discretisation: group 0 and groups with few positives share the pooled edges") {
  std::vector<float> values;
  std::vector<std::uint8_t> groups;
  for (int i = 1; i <= 300; ++i) {
    values.push_back(static_cast<float>(i % 3 == 2 ? 10 * i : i));
    groups.push_back(static_cast<std::uint8_t>(i % 3));
  }
  values.push_back(5);
  groups.push_back(3);
  const std::vector<Buckets> buckets = make_group_buckets(values, groups, 4, {.num_buckets = 4, .tail_refinement = 0}, 10);
  CHECK(buckets[0].edges() == buckets[3].edges());
  CHECK(buckets[1].edges() != buckets[0].edges());
  CHECK(buckets[2].edges() != buckets[0].edges());
}

TEST_CASE("discretisation: the position varies far less than the value") {
  // A log-normal sample by its quantiles: coefficient of variation about 2.
  std::vector<float> values;
  for (int i = 1; i < 2000; ++i) {
    const double p = i / 2000.0;
    values.push_back(static_cast<float>(std::exp(3 + 1.3 * std::log(p / (1 - p)) * 0.6)));
  }
  const Buckets buckets = make_buckets(values, {.num_buckets = 20, .tail_refinement = 2});
  double sum = 0, squares = 0;
  for (const float y : values) {
    const double delta = buckets.locate(y).delta;
    sum += delta;
    squares += delta * delta;
  }
  const double n = static_cast<double>(values.size());
  CHECK(squares / n - sum / n * sum / n < 0.1);  // uniform: 1/12
}

}  // namespace
}  // namespace sluice
