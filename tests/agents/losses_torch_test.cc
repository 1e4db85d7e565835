// Losses against values worked by hand, and gradients against central differences in double.

#include "agents/losses.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/agents/gradient_check.h"
#include "tests/agents/torch_numbers.h"

namespace sluice {
namespace {

using torch::Tensor;

Tensor doubles(std::vector<double> values, std::vector<std::int64_t> shape) {
  return torch::tensor(values, torch::kDouble).view(shape);
}


TEST_CASE("td loss: squared error and Huber of 3, 0.5 and -2") {
  const Tensor q = doubles({4, 1.5, -1}, {3}), target = doubles({1, 1, 1}, {3});
  CHECK(number(td_loss(q, target, TdLoss::kMse)) == doctest::Approx((9 + 0.25 + 4) / 3));
  CHECK(number(td_loss(q, target, TdLoss::kHuber)) == doctest::Approx((2.5 + 0.125 + 1.5) / 3));
  for (const TdLoss kind : {TdLoss::kMse, TdLoss::kHuber})
    CHECK(gradient_error(q, [&](const Tensor& x) { return td_loss(x, target, kind); }) < 1e-6);
}

TEST_CASE("td loss: no gradient flows into the target") {
  Tensor q = doubles({1}, {1}).requires_grad_(true), target = doubles({3}, {1}).requires_grad_(true);
  td_loss(q, target, TdLoss::kMse).backward();
  CHECK(number(q.grad()) == doctest::Approx(-4));
  CHECK_FALSE(target.grad().defined());
}

TEST_CASE("td target: the expected value under the policy, and none where the discount is 0") {
  const Tensor policy = doubles({0.25, 0.75, 0.5, 0.5}, {2, 2});
  const Tensor q = doubles({4, 8, 100, 200}, {2, 2}).requires_grad_(true);
  const Tensor y = td_target(doubles({1, 2}, {2}), doubles({0.5, 0}, {2}), policy, q);
  CHECK(number(y[0]) == doctest::Approx(1 + 0.5 * 7));
  CHECK(number(y[1]) == doctest::Approx(2));
  CHECK_FALSE(y.requires_grad());
}

// One request, two buckets [0, 10), [10, 40): p_enter = .5, p = (.25, .75), δ̂ = (.5, .2).
Tensor two_bucket_heads() {
  const double third = std::log(3.0);
  return doubles({0, 0, third, 0, std::log(0.2 / 0.8)}, {1, 5});
}

TEST_CASE("watch heads: the expected watch time of two buckets, by hand") {
  const Tensor low = doubles({0, 10}, {1, 2}), width = doubles({10, 30}, {1, 2});
  const Tensor watch = expected_watch(split_watch_heads(two_bucket_heads()), low, width);
  CHECK(number(watch[0]) == doctest::Approx(0.5 * (0.25 * 5 + 0.75 * 16)).epsilon(1e-12));
}

TEST_CASE("watch loss: enter, bucket and position, by hand") {
  const WatchLabels entered{doubles({1}, {1}), torch::tensor({1}, torch::kLong), doubles({0.5}, {1})};
  const double expected = -std::log(0.5) - std::log(0.75) + 0.3 * 0.3;
  CHECK(number(watch_loss(split_watch_heads(two_bucket_heads()), entered)) ==
        doctest::Approx(expected).epsilon(1e-12));
  const WatchLabels passed{doubles({0}, {1}), torch::tensor({0}, torch::kLong), doubles({0}, {1})};
  CHECK(number(watch_loss(split_watch_heads(two_bucket_heads()), passed)) ==
        doctest::Approx(std::log(2.0)).epsilon(1e-12));
  const Tensor none = two_bucket_heads().narrow(0, 0, 0);
  CHECK(number(watch_loss(split_watch_heads(none), {doubles({}, {0}), torch::empty({0}, torch::kLong),
                                                    doubles({}, {0})})) == 0);
}

TEST_CASE("watch loss: gradients agree with central differences") {
  const Tensor heads = torch::linspace(-1.3, 1.7, 4 * 7, torch::kDouble).view({4, 7}).sin();
  const WatchLabels labels{doubles({1, 0, 1, 1}, {4}), torch::tensor({2, 0, 0, 1}, torch::kLong),
                           doubles({0.1, 0, 0.9, 0.4}, {4})};
  CHECK(gradient_error(heads, [&](const Tensor& x) {
          return watch_loss(split_watch_heads(x), labels);
        }) < 1e-6);
  const Tensor low = doubles({0, 2, 7}, {1, 3}), width = doubles({2, 5, 30}, {1, 3});
  CHECK(gradient_error(heads, [&](const Tensor& x) {
          return expected_watch(split_watch_heads(x), low, width).square().mean();
        }) < 1e-6);
}

TEST_CASE("soft cross-entropy: by hand, and its gradient against central differences") {
  const Tensor target = doubles({0.25, 0.75, 0, 1}, {2, 2});
  const double ln = std::log(1 + std::exp(1.0));  // logits (0, 1): −ln p = (ln, ln − 1)
  const Tensor logits = doubles({0, 1, 1, 0}, {2, 2});
  CHECK(number(soft_cross_entropy(logits, target)) == doctest::Approx((0.25 * ln + 0.75 * (ln - 1) + ln) / 2));
  CHECK(gradient_error(logits, [&](const Tensor& x) { return soft_cross_entropy(x, target); }) < 1e-6);
}

TEST_CASE("quantile Huber: by hand, and its gradient against central differences") {
  // M = 2: τ = ¼, ¾.  y = 3, quantiles 1 and 3.5: u = 2 and −.5, so ¼·(2 − ½) + |¾ − 1|·½·.25.
  const Tensor q = doubles({1, 3.5}, {1, 2}), y = doubles({3}, {1});
  CHECK(number(quantile_huber(q, y)) == doctest::Approx(0.25 * 1.5 + 0.25 * 0.125));
  CHECK(gradient_error(doubles({1, 3.5, -2, 0.3, 4, 9}, {2, 3}), [](const Tensor& x) { return quantile_huber(x, doubles({3, 0.1}, {2})); }) < 1e-6);
}

TEST_CASE("q normalisation: each kind by hand, none lets a gradient through") {
  // Rows (1, 3) and (−4, 2): centred (−1, 1), (−3, 3); gaps 2 and 6; mean |Q| 2.5; mean .5.
  const Tensor q = doubles({1, 3, -4, 2}, {2, 2}).requires_grad_(true);
  const auto first = [&](QNormalization kind) { return number(normalise_q(q, kind)[0][1]); };
  CHECK(first(QNormalization::kNone) == doctest::Approx(1));
  CHECK(first(QNormalization::kMeanAbs) == doctest::Approx(1 / 2.5));
  CHECK(first(QNormalization::kGap) == doctest::Approx(1 / 4.0));
  CHECK(first(QNormalization::kStd) ==
        doctest::Approx(1 / std::sqrt((1 + 9 + 16 + 4) / 4.0 - 0.25)));
  for (const QNormalization kind : {QNormalization::kNone, QNormalization::kMeanAbs, QNormalization::kGap, QNormalization::kStd})
    CHECK_FALSE(normalise_q(q, kind).requires_grad());
}

TEST_CASE("q normalisation: by gap it does not depend on the unit of Q") {
  const Tensor q = doubles({1, 3, -4, 2, 0.5, 0.1}, {2, 3});
  const Tensor difference =
      normalise_q(q, QNormalization::kGap) - normalise_q(1000 * q + 5, QNormalization::kGap);
  CHECK(number(difference.abs().max()) < 1e-12);
}

TEST_CASE("actor loss: by hand, and its gradient against central differences") {
  const Tensor logits = doubles({0, std::log(3.0)}, {1, 2}), q = doubles({-1, 1}, {1, 2});
  const double entropy = -(0.25 * std::log(0.25) + 0.75 * std::log(0.75));
  CHECK(number(actor_loss(logits, q, 0.1)) == doctest::Approx(-0.5 - 0.1 * entropy).epsilon(1e-12));
  CHECK(number(mean_entropy(logits)) == doctest::Approx(entropy).epsilon(1e-12));
  const Tensor many = torch::linspace(-2, 2, 12, torch::kDouble).view({4, 3});
  const Tensor values = torch::linspace(3, -1, 12, torch::kDouble).view({4, 3}).cos();
  CHECK(gradient_error(many, [&](const Tensor& x) { return actor_loss(x, values, 0.07); }) < 1e-6);
}

TEST_CASE("actor loss: the critic's values receive no gradient") {
  Tensor logits = torch::zeros({2, 2}, torch::kDouble).requires_grad_(true);
  Tensor q = torch::ones({2, 2}, torch::kDouble).requires_grad_(true);
  actor_loss(logits, q, 0.1).backward();
  CHECK(logits.grad().defined());
  CHECK_FALSE(q.grad().defined());
}

}  // namespace
}  // namespace sluice
