// How values are represented: golden values by hand, gradients by central differences.

#include "agents/value_head.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/agents/gradient_check.h"

namespace sluice {
namespace {

torch::Tensor t64(std::initializer_list<double> values, std::int64_t columns) {
  return torch::tensor(std::vector<double>(values), torch::kDouble).view({-1, columns});
}

void check_close(const torch::Tensor& found, const torch::Tensor& wanted, double tolerance = 1e-6) {
  CAPTURE(found);
  CAPTURE(wanted);
  REQUIRE(found.sizes() == wanted.sizes());
  CHECK((found - wanted).abs().max().item<double>() < tolerance);
}

TEST_CASE("c51: mass between two atoms is split by distance, on an atom stays whole, beyond the ends goes to them") {
  const torch::Tensor y = t64({0.25, 1, 5, -3, 2}, 1), whole = torch::ones({5, 1}, torch::kDouble);
  check_close(project_categorical(y, whole, 3, {0, 2}), t64({0.75, 0.25, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1}, 3), 1e-12);
}

TEST_CASE("c51: the projection keeps all mass, and the mean of what lies within the support") {
  torch::manual_seed(1);
  const torch::Tensor y = torch::rand({50, 7}, torch::kDouble) * 8 - 4, p = torch::softmax(torch::randn({50, 7}, torch::kDouble), 1);
  const torch::Tensor mass = project_categorical(y, p, 21, {-5, 5}), atoms = torch::linspace(-5, 5, 21, torch::kDouble);
  check_close(mass.sum(1), torch::ones({50}, torch::kDouble), 1e-12);
  check_close(torch::matmul(mass, atoms), (p * y).sum(1), 1e-12);
}

TEST_CASE("hl-gauss: the mass of a normal distribution in two bins, by Φ") {
  // y = .5, σ = .75, bins [0, 1] and [1, 2]: Φ(±2/3) = .747507, .252493; Φ(2) = .977250
  const double first = 0.7475074625 - 0.2524925375, second = 0.9772498681 - 0.7475074625;
  check_close(gaussian_mass(t64({0.5}, 1).squeeze(1), 2, 0.75, {0, 2}), t64({first / (first + second), second / (first + second)}, 2), 1e-8);
}

TEST_CASE("hl-gauss: a value beyond the support is one at its end") {
  // y = 2, σ = .75, bins [0, 1] and [1, 2]: Φ(−8/3) = .003830, Φ(−4/3) = .091211, Φ(0) = .5
  const double first = 0.0912112197 - 0.0038303806, second = 0.5 - 0.0912112197;
  for (const double y : {2.0, 7.0}) check_close(gaussian_mass(t64({y}, 1).squeeze(1), 2, 0.75, {0, 2}), t64({first / (first + second), second / (first + second)}, 2), 1e-7);
  for (const double y : {0.0, -7.0}) check_close(gaussian_mass(t64({y}, 1).squeeze(1), 2, 0.75, {0, 2}), t64({second / (first + second), first / (first + second)}, 2), 1e-7);
}

TEST_CASE("hl-gauss: the mean of the bins' centres is the target but for the cut at the ends, whatever σ") {
  const torch::Tensor y = torch::linspace(-3, 3, 13, torch::kDouble) + 0.03, centres = torch::linspace(-4.95, 4.95, 100, torch::kDouble);
  for (const double sigma : {0.075, 0.15, 0.3}) check_close(torch::matmul(gaussian_mass(y, 100, sigma, {-5, 5}), centres), y, 2e-3);
}

TEST_CASE("qr-dqn: the quantile Huber loss by hand, with weights") {
  const torch::Tensor theta = t64({0, 1}, 2), one = torch::ones({1, 1}, torch::kDouble);
  // τ = ¼, ¾.  y = 2: u = 2, 1 → ¼·1.5 + ¾·.5.  y = −1: u = −1, −2 → ¾·.5 + ¼·1.5
  CHECK(quantile_loss(theta, t64({2}, 1), one, 1).item<double>() == doctest::Approx(0.75));
  CHECK(quantile_loss(theta, t64({-1}, 1), one, 1).item<double>() == doctest::Approx(0.75));
  CHECK(quantile_loss(theta, t64({2, -1}, 2), t64({0.9, 0.1}, 2), 1).item<double>() == doctest::Approx(0.75));
  CHECK(quantile_loss(theta, t64({2}, 1), one, 0).item<double>() == doctest::Approx(0.25 * 2 + 0.75 * 1));
  CHECK(quantile_loss(theta, t64({2}, 1), one, 2).item<double>() == doctest::Approx((0.25 * 4 + 0.75 * 1) / 4));
}

TEST_CASE("qr-dqn: without Huber the minimum is at the quantiles of the targets") {
  torch::manual_seed(2);
  const torch::Tensor y = std::get<0>(torch::rand({1, 2001}, torch::kDouble).sort(1)), weight = torch::full({1, 2001}, 1 / 2001.0, torch::kDouble);
  torch::Tensor theta = torch::zeros({1, 4}, torch::kDouble).requires_grad_();
  torch::optim::SGD sgd({theta}, 0.02);
  for (int i = 0; i < 4000; ++i) {
    sgd.zero_grad();
    quantile_loss(theta, y, weight, 0).backward();
    sgd.step();
  }
  for (int i = 0; i < 4; ++i) CHECK(theta[0][i].item<double>() == doctest::Approx(y[0][static_cast<int>(2001 * (i + 0.5) / 4)].item<double>()).epsilon(0.05));
}

TEST_CASE("sparsemax: a common level of a million changes nothing, in float32 either") {
  const torch::Tensor z = torch::tensor({0.0f, 0.25f, 1.0f, 0.5f}).view({2, 2});
  CHECK(torch::equal(sparsemax(z + 1e6f), sparsemax(z)));
  CHECK(torch::equal(sparsemax(z * 1e8f), torch::tensor({0.0f, 1.0f, 1.0f, 0.0f}).view({2, 2})));
}

TEST_CASE("sparsemax: two actions as a clipped line, three by hand, and always a distribution") {
  check_close(sparsemax(t64({0, 0.3, 0, 2, 1, 1}, 2)), t64({0.35, 0.65, 0, 1, 0.5, 0.5}, 2), 1e-12);
  check_close(sparsemax(t64({1, 0.9, 0.1}, 3)), t64({0.55, 0.45, 0}, 3), 1e-12);
  torch::manual_seed(3);
  const torch::Tensor p = sparsemax(torch::randn({100, 5}, torch::kDouble));
  CHECK(p.min().item<double>() >= 0);
  check_close(p.sum(1), torch::ones({100}, torch::kDouble), 1e-12);
}

// A batch of 4 rows, 3 actions; the policy is greedy or mixed.
Bootstrap bootstrap(std::int64_t size, bool greedy) {
  torch::manual_seed(5);
  const auto d = torch::kDouble;
  torch::Tensor policy = torch::softmax(torch::randn({4, 3}, d), 1);
  if (greedy) policy = torch::zeros({4, 3}, d).scatter_(1, policy.argmax(1, true), 1);
  return {torch::randn({4}, d), torch::tensor({0.9, 0.0, 0.9, 0.5}, d), policy, torch::randn({4, 3, size}, d)};
}

std::vector<std::pair<const char*, std::unique_ptr<ValueHead>>> heads() {
  std::vector<std::pair<const char*, std::unique_ptr<ValueHead>>> all;
  all.emplace_back("mse", scalar_head(TdLoss::kMse));
  all.emplace_back("huber", scalar_head(TdLoss::kHuber));
  all.emplace_back("c51", categorical_head(7, {-2, 3}));
  all.emplace_back("hl_gauss", gaussian_head(7, 0.75, {-2, 3}));
  all.emplace_back("quantile", quantile_head(5, 1));
  all.emplace_back("quantile, no Huber", quantile_head(5, 0));
  return all;
}

TEST_CASE("value heads: gradients by central differences, and none into the target") {
  for (const auto& [name, head] : heads())
    for (const bool greedy : {true, false}) {
      CAPTURE(name);
      CAPTURE(greedy);
      Bootstrap target = bootstrap(head->size(), greedy);
      torch::manual_seed(6);
      const torch::Tensor z = torch::randn({4, head->size()}, torch::kDouble);
      check_gradient(z, [&, &head = head](const torch::Tensor& at) { return head->loss(at, target); });
      target.next.requires_grad_();
      torch::Tensor own = z.clone().requires_grad_();
      const torch::Tensor leak = torch::autograd::grad({head->loss(own, target)}, {target.next}, {}, false, false, true)[0];
      CHECK((!leak.defined() || leak.abs().max().item<double>() == 0));
    }
}

TEST_CASE("value heads: where the episode ended the target is the reward, whatever the next state seems worth") {
  for (const auto& [name, head] : heads()) {
    CAPTURE(name);
    Bootstrap target = bootstrap(head->size(), true), other = target;
    target.discount.zero_();
    other.discount = target.discount;
    other.next = target.next * 3 + 1;
    const torch::Tensor z = torch::randn({4, head->size()}, torch::kDouble);
    CHECK(head->loss(z, target).item<double>() == doctest::Approx(head->loss(z, other).item<double>()));
  }
}

TEST_CASE("value heads: all agree on the mean of a target they can represent") {
  // Trained on one row with y = r + γ·Σ π Q' fixed, each head's mean ends at y.
  for (const auto& [name, head] : heads()) {
    if (std::string(name) == "huber") continue;
    CAPTURE(name);
    Bootstrap target = bootstrap(head->size(), false);
    target.next = torch::zeros_like(target.next) + (std::string(name) == "c51" || std::string(name) == "hl_gauss" ? 0.0 : 0.4);
    const double next = head->mean(target.next)[0][0].item<double>();
    torch::Tensor z = torch::zeros({4, head->size()}, torch::kDouble).requires_grad_();
    torch::optim::Adam adam({z}, 0.02);
    for (int i = 0; i < 3000; ++i) {
      adam.zero_grad();
      head->loss(z, target).backward();
      adam.step();
    }
    int checked = 0;
    for (int row = 0; row < 4; ++row) {
      const double reward = target.reward[row].item<double>(), discount = target.discount[row].item<double>();
      double y = reward + discount * next;
      if (std::string(name) == "c51") {  // of the even distribution over atoms, what lies beyond the ends is moved to them
        y = 0;
        for (int i = 0; i < 7; ++i) y += std::clamp(reward + discount * (-2 + i * 5.0 / 6), -2.0, 3.0) / 7;
      }
      if (y < -1 || y > 2) continue;  // cut by the ends
      ++checked;
      CHECK(std::abs(head->mean(z)[row].item<double>() - y) < (std::string(name) == "hl_gauss" ? 0.1 : 0.02));
    }
    CHECK(checked >= 2);
  }
}

TEST_CASE("support: rewards of mean 1 and deviation 2 at γ = .5 reach from −5 to 10 deviations of the return around 0 and 2") {
  const torch::Tensor reward = torch::tensor({-1.0, 3.0}), discount = torch::full({2}, 0.5);
  const Support found = support_of(reward, discount);
  const double spread = 2 / std::sqrt(0.75);
  CHECK(found.low == doctest::Approx(-5 * spread));
  CHECK(found.high == doctest::Approx(2 + 10 * spread));
}

}  // namespace
}  // namespace sluice
