// CPO's pieces: the step within a trust region against brute force, conjugate gradients and Fisher products against
// dense linear algebra.

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>

#include "agents/cpo_rule.h"
#include "agents/policy_losses.h"
#include "agents/trust_region.h"

namespace sluice {
namespace {

constexpr double kDelta = 0.02;

struct Problem {
  Eigen::Vector2d g, b;
  double c;
};

// H = I, so x is in the plane.
Eigen::Vector2d solve(const Problem& p) {
  const TrustStep step = solve_trust_region(p.g.squaredNorm(), p.g.dot(p.b), p.b.squaredNorm(), p.c, kDelta);
  return step.along_g * p.g + step.along_b * p.b;
}

// The best gᵀx on a fine grid of the disc ½·|x|² ≤ δ that keeps c + bᵀx ≤ 0; NaN if nothing does.
double brute_force(const Problem& p) {
  double best = std::nan("");
  const double radius = std::sqrt(2 * kDelta);
  for (int i = 0; i <= 400; ++i)
    for (int j = 0; j < 720; ++j) {
      const double r = radius * i / 400, angle = M_PI * j / 360;
      const Eigen::Vector2d x(r * std::cos(angle), r * std::sin(angle));
      if (p.c + p.b.dot(x) <= 1e-12 && !(p.g.dot(x) <= best)) best = p.g.dot(x);
    }
  return best;
}

TrustCase kind_of(const Problem& p) { return solve_trust_region(p.g.squaredNorm(), p.g.dot(p.b), p.b.squaredNorm(), p.c, kDelta).kind; }

TEST_CASE("cpo: without a limit the step is along the natural gradient to the edge of the trust region") {
  const TrustStep step = solve_trust_region(4, 0, 0, 1, kDelta);
  CHECK(step.kind == TrustCase::kUnconstrained);
  CHECK(step.along_g == doctest::Approx(std::sqrt(2 * kDelta / 4)));
  CHECK(step.along_b == 0);
}

TEST_CASE("cpo: a limit far away is no limit, one out of reach is approached as fast as possible") {
  const Eigen::Vector2d g(1, 0), b(2, 0);
  CHECK(kind_of({g, b, -10}) == TrustCase::kUnconstrained);
  CHECK(kind_of({g, b, 10}) == TrustCase::kInfeasible);
  const Eigen::Vector2d x = solve({g, b, 10});
  CHECK(x[0] == doctest::Approx(-std::sqrt(2 * kDelta)));
  CHECK(x[1] == 0);
}

TEST_CASE("cpo: where the limit may bind the step is the best of a fine grid, and keeps limit and region") {
  int bound = 0, slack = 0;
  for (int i = 0; i < 24; ++i) {
    const double angle = i * M_PI / 12;
    for (const double c : {-0.25, -0.1, 0.0, 0.05, 0.1}) {
      const Problem p{Eigen::Vector2d(1, 0.5), 1.5 * Eigen::Vector2d(std::cos(angle), std::sin(angle)), c};
      if (kind_of(p) != TrustCase::kFeasible) continue;
      CAPTURE(angle);
      CAPTURE(c);
      const Eigen::Vector2d x = solve(p);
      CHECK(0.5 * x.squaredNorm() <= kDelta * (1 + 1e-6));
      CHECK(c + p.b.dot(x) <= 1e-6);
      CHECK(p.g.dot(x) >= brute_force(p) - 1e-3);
      (c + p.b.dot(x) > -1e-6 ? bound : slack) += 1;
    }
  }
  CHECK(bound > 10);
  CHECK(slack > 10);
}

TEST_CASE("cpo: where reward and cost rise together there is nothing to gain but the way to the limit's edge") {
  int within_reach = 0;
  for (const double kappa : {0.5, 1.0, 3.0})
    for (const double c : {-0.05, 0.0, 0.05}) {
      const Problem p{Eigen::Vector2d(1, 0.5), kappa * Eigen::Vector2d(1, 0.5), c};
      if (kind_of(p) != TrustCase::kFeasible) continue;
      ++within_reach;
      CAPTURE(kappa);
      CAPTURE(c);
      const Eigen::Vector2d x = solve(p);
      CHECK((x + c / p.b.squaredNorm() * p.b).norm() < 1e-9);
      // What conjugate gradients leave of exactness makes q·s a hair less than r².
      const TrustStep inexact = solve_trust_region(p.g.squaredNorm() * (1 - 1e-7), p.g.dot(p.b), p.b.squaredNorm(), c, kDelta);
      CHECK((inexact.along_g * p.g + inexact.along_b * p.b - x).norm() < 1e-9);
    }
  CHECK(within_reach >= 6);
}

// The step itself, on a batch whose rewards and costs both speak for action 1.
struct Rollout {
  GroupedMlp actor{MlpShape{.inputs = 3, .hidden = {8}, .outputs = 2, .layer_norm = LayerNorm::kNone}};
  FlatParameters parameters{actor};
  torch::Tensor features = torch::randn({400, 3}), old_logits, action = torch::randint(2, {400}, torch::kLong);
  std::vector<double> cost_values;
  explicit Rollout(double value) : cost_values{value} {
    const torch::NoGradGuard no_grad;
    old_logits = actor.forward(features, {});
  }
  RolloutStep step() {
    const torch::Tensor better = action.to(torch::kFloat) + 0.1 * torch::randn({400});
    return {.actor = actor, .parameters = parameters, .features = features, .old_logits = old_logits, .action = action, .weight = torch::ones({400}),
            .advantage = better, .cost_advantages = better.unsqueeze(1), .cost_values = cost_values, .requests_per_value = 50, .scale = 2};
  }
  torch::Tensor logits() {
    const torch::NoGradGuard no_grad;
    return actor.forward(features, {});
  }
  double injects(const torch::Tensor& logits) const { return torch::softmax(logits, 1).select(1, 1).mean().item<double>(); }
};

TEST_CASE("cpo: a step stays within the trust region, falls back from an exceeded limit, and books what it expects of itself") {
  torch::manual_seed(5);
  const CpoConfig config = [] {
    CpoConfig c;
    c.policy_rows = 400;
    return c;
  }();
  const auto after = [&](double value, Rollout& rollout) {
    const RolloutStep step = rollout.step();
    cpo_rule(config, {{.cost = 0, .limit = 100, .reference = "test"}})->move(step);
    const torch::Tensor logits = rollout.logits();
    CHECK(policy_kl(logits, rollout.old_logits).mean().item<double>() <= config.trust * (1 + 1e-6));
    CHECK(policy_kl(logits, rollout.old_logits).mean().item<double>() > 0);
    // N·scale times the change of mean ratio·(Â_C − mean Â_C).
    const torch::Tensor advantage = step.cost_advantages.select(1, 0), index = rollout.action.unsqueeze(1);
    const torch::Tensor ratio = (torch::log_softmax(logits, 1) - torch::log_softmax(rollout.old_logits, 1)).gather(1, index).squeeze(1).exp();
    const double change = ((ratio - 1) * (advantage - advantage.mean())).mean().item<double>();
    CHECK(rollout.cost_values[0] - value == doctest::Approx(50 * 2 * change).epsilon(1e-3));
    return rollout.injects(logits) - rollout.injects(rollout.old_logits);
  };
  Rollout exceeded(150), slack(0), little(99.9);
  CHECK(after(150, exceeded) < 0);
  CHECK(exceeded.cost_values[0] < 150);
  CHECK(after(0, slack) > 0);
  CHECK(after(99.9, little) < 0.02);
  CHECK(little.cost_values[0] <= 100 + 1e-6);  // no more than the slack
}

TEST_CASE("cpo: a step planned for one limit is as long as the other one allows, or full where that is no step at all") {
  const CostLimit first{.cost = 0, .limit = 50, .reference = "test"}, second{.cost = 1, .limit = 100, .reference = "test"};
  CpoConfig config;
  config.policy_rows = 400;
  // What lowers the first cost raises the second: its values after a step from `value` of the second.
  const auto after = [&](double value, std::vector<CostLimit> limits) {
    torch::manual_seed(6);
    Rollout rollout(60);
    rollout.cost_values.push_back(value);
    RolloutStep step = rollout.step();
    step.cost_advantages = torch::stack({step.advantage, -step.advantage}, 1);
    cpo_rule(config, std::move(limits))->move(step);
    return rollout.cost_values;
  };
  const double alone = after(0, {first})[0];
  const std::vector<double> within = after(99, {second, first}), torn = after(100, {second, first});
  CHECK(alone < 60);
  CHECK(within[0] < 60);
  CHECK(within[0] > alone);
  CHECK(within[1] > 99);
  CHECK(within[1] <= 100);
  CHECK(torn[0] == doctest::Approx(alone));
  CHECK(torn[1] > 100);
}

TEST_CASE("cpo: a step of which decay leaves half is half as long") {
  const auto kl_at = [](double decay) {
    torch::manual_seed(7);
    Rollout rollout(0);
    RolloutStep step = rollout.step();
    step.decay = decay;
    CpoConfig config;
    config.policy_rows = 400;
    cpo_rule(config, {})->move(step);
    return policy_kl(rollout.logits(), rollout.old_logits).mean().item<double>();
  };
  const double whole = kl_at(1), half = kl_at(0.5);
  CHECK(half <= CpoConfig{}.trust / 4 * (1 + 1e-6));
  CHECK(half == doctest::Approx(whole / 4).epsilon(0.1));
}

TEST_CASE("cpo: a value sums up as many requests as an episode's discounts add up to, and in the feed as a user has in a day") {
  TransitionBatch rows;
  rows.action.assign(10, 0);
  rows.terminated = {0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  rows.elapsed_s.assign(10, kDay / 4);
  EnvSpec spec;
  spec.discount = 0.9;  // Σ (.9·.8)^t
  CHECK(requests_per_value(rows, spec) == doctest::Approx(1 / (1 - 0.72)));
  spec.discount = 0;
  CHECK(requests_per_value(rows, spec) == doctest::Approx(4));
}

TEST_CASE("cpo: conjugate gradients invert a positive matrix") {
  const torch::Tensor half = torch::tensor({2.0, 0.3, -0.5, 0.1, 1.5, 0.4, 0.7, -0.2, 1.1}, torch::kDouble).view({3, 3});
  const torch::Tensor h = half.mm(half.t()), b = torch::tensor({1.0, -2.0, 0.5}, torch::kDouble);
  const torch::Tensor x = conjugate_gradient([&](const torch::Tensor& v) { return h.mv(v); }, b, 3);
  CHECK((h.mv(x) - b).abs().max().item<double>() < 1e-9);
}

TEST_CASE("cpo: the Fisher product is that of the dense matrix, and leaves the parameters as they were") {
  torch::manual_seed(3);
  const torch::Tensor x = torch::randn({5, 3}, torch::kDouble), theta = torch::randn({6}, torch::kDouble).requires_grad_();
  theta.mutable_grad() = torch::zeros({6}, torch::kDouble);
  const auto logits = [&] { return x.mm(theta.view({3, 2})); };  // linear, so the central difference is exact
  torch::Tensor dense = torch::zeros({6, 6}, torch::kDouble);
  const torch::Tensor p = torch::softmax(logits().detach(), 1);
  for (std::int64_t i = 0; i < 5; ++i) {
    const torch::Tensor jacobian = torch::kron(x[i].unsqueeze(0), torch::eye(2, torch::kDouble));  // [A, 6]
    dense += jacobian.t().mm(torch::diag(p[i]) - p[i].unsqueeze(1).mm(p[i].unsqueeze(0))).mm(jacobian) / 5;
  }
  const torch::Tensor before = theta.detach().clone(), v = torch::tensor({1.0, -1.0, 0.5, 2.0, 0.0, 0.3}, torch::kDouble);
  const torch::Tensor product = fisher_product(logits, theta.detach(), theta.grad(), v);
  CHECK((product - dense.mv(v)).abs().max().item<double>() < 1e-9);
  CHECK((theta.detach() - before).abs().max().item<double>() < 1e-15);
  CHECK(theta.grad().abs().max().item<double>() == 0);
}

}  // namespace
}  // namespace sluice
