// Stacks of networks, batch normalisation, critics of a relaxed action, and the losses that use them.

#include <doctest/doctest.h>

#include <cmath>

#include "agents/critic_stack.h"
#include "agents/policy_losses.h"
#include "agents/relaxed_actor.h"
#include "sim/check.h"
#include "tests/agents/gradient_check.h"
#include "tests/agents/learning_fixture.h"
#include "tests/agents/torch_numbers.h"

namespace sluice {
namespace {

double largest(const torch::Tensor& x) { return x.abs().max().item<double>(); }

TEST_CASE("stacks: every row passes through every network, and the first one alone gives the same") {
  torch::manual_seed(1);
  NetworkStack stack({.inputs = 4, .hidden = {8}, .outputs = 2, .num_groups = 3});
  const torch::Tensor x = torch::randn({5, 4}), all = stack.forward(x);
  CHECK(all.sizes() == torch::IntArrayRef({3, 5, 2}));
  CHECK(largest(stack.first(x) - all[0]) < 1e-6);
  CHECK(largest(all[0] - all[1]) > 1e-3);
  CHECK(largest(stack.forward(x.narrow(0, 2, 1)) - all.narrow(1, 2, 1)) < 1e-6);
}

TEST_CASE("crossq: batch normalisation is torch's own, learning and acting, and its trailing means move only when learning") {
  torch::manual_seed(2);
  BatchNormStack stack({.inputs = 4, .hidden = {}, .outputs = 2, .num_groups = 1});
  torch::nn::BatchNorm1d norm(torch::nn::BatchNorm1dOptions(4).momentum(0.01).eps(1e-3));
  const torch::Tensor x = torch::randn({64, 4}) * 3 + 1, y = torch::randn({64, 4});
  const auto linear = [&](const torch::Tensor& h) {
    return torch::linear(h, stack.named_parameters()["layer0_0.weight"], stack.named_parameters()["layer0_0.bias"]);
  };
  CHECK(largest(stack.forward(x, true)[0] - linear(norm->forward(x))) < 1e-5);
  norm->eval();
  CHECK(largest(stack.forward(y, false)[0] - linear(norm->forward(y))) < 0.02);  // torch divides by n − 1 in what it remembers
  const torch::Tensor first = stack.forward(y, false);
  CHECK(largest(stack.forward(y, false) - first) == 0);
}

TEST_CASE("relaxed action: the critic's ends are its actions, between them it is itself, and its slope is the central difference") {
  torch::manual_seed(3);
  const EnvSpec spec = feed_like_spec(8);
  ActorCriticConfig config;
  config.hidden = {16};
  CriticStack critic(config, spec, {.num_critics = 2, .relaxed_action = true});
  Rng rng = Seed(1).stream(Purpose::kTest);
  std::vector<float> row = random_observation(spec.schema, rng);
  const torch::Tensor features = critic.features(torch::tensor(row).unsqueeze(0)), q = critic.q(features);
  CHECK(q.sizes() == torch::IntArrayRef({2, 1, 2}));
  CHECK(largest(critic.q_between(features, torch::zeros({1})) - q.select(2, 0)) == 0);
  CHECK(largest(critic.q_between(features, torch::ones({1})) - q.select(2, 1)) == 0);
  const float h = 1e-2f;
  const torch::Tensor at = torch::full({1}, 0.3f);
  const double difference = number((critic.q_between(features, at + h)[0] - critic.q_between(features, at - h)[0]).squeeze()) / (2 * static_cast<double>(h));
  for (const auto& parameter : critic.parameters()) parameter.mutable_grad() = torch::zeros_like(parameter);
  CHECK(number(critic.slope(features, at).squeeze()) == doctest::Approx(difference).epsilon(0.02));
  for (const auto& parameter : critic.parameters()) CHECK(largest(parameter.grad()) == 0);  // asking moves nothing
}

TEST_CASE("relaxed action: more than two actions are refused") {
  EnvSpec spec = feed_like_spec(8);
  spec.num_actions = 3;
  CHECK_THROWS_WITH_AS(CriticStack(ActorCriticConfig{}, spec, {.relaxed_action = true}), doctest::Contains("has 3"), UserError);
}

TEST_CASE("concrete: by hand, ½ at the median, its gradient, and nearly binary with the logit's own frequencies when cold") {
  const torch::Tensor logit = doubles({0, std::log(3.0)}, {2}), v = doubles({0.5, 0.25}, {2});
  CHECK(number(concrete(logit, v, 1)[0]) == doctest::Approx(0.5));
  CHECK(number(concrete(logit, v, 1)[1]) == doctest::Approx(0.5));  // ln 3 + ln ⅓ = 0
  check_gradient(logit, [&](const torch::Tensor& at) { return concrete(at, v, 0.7).sum(); });
  const torch::Tensor grid = (torch::arange(1000, torch::kDouble) + 0.5) / 1000;
  const torch::Tensor cold = concrete(torch::full({1000}, std::log(3.0), torch::kDouble), grid, 0.01);
  CHECK(number(cold.mean()) == doctest::Approx(0.75).epsilon(0.01));
  CHECK(number(((cold > 0.05).logical_and(cold < 0.95)).to(torch::kDouble).mean()) < 0.02);
}

TEST_CASE("relaxed action: the actor climbs the slope, which gets no gradient, TD3+BC's weight by hand") {
  const torch::Tensor slope = doubles({2, -1}, {2}), u = doubles({0.25, 0.5}, {2});
  CHECK(number(ascend(slope, u)) == doctest::Approx(-(0.5 - 0.5) / 2));
  check_gradient(u, [&](const torch::Tensor& at) { return ascend(slope, at); });
  torch::Tensor leaf = slope.clone().requires_grad_();
  torch::Tensor p = u.clone().requires_grad_();
  ascend(leaf, p).backward();
  CHECK_FALSE(leaf.grad().defined());
  const torch::Tensor q = doubles({4, -2}, {2}), action = torch::tensor({0, 1});
  // mean |q| = 3; (¼ − 0)² and (½ − 1)² have mean 5/32.
  CHECK(number(with_imitation(torch::tensor(-6.0, torch::kDouble), q, u, action, 2.5)) == doctest::Approx(-6 * 2.5 / 3 + 5.0 / 32));
  check_gradient(u, [&](const torch::Tensor& at) { return with_imitation(ascend(slope, at), q, at, action, 2.5); });
}

TEST_CASE("cmpo: the divergence is 0 at the clipped target itself, by hand elsewhere, its gradient enters the policy alone") {
  const torch::Tensor prior = doubles({0, 0, 0, 0}, {2, 2}), advantage = doubles({-5, 5, 0, 0}, {2, 2});
  // Advantages of ±5 count as ±1: π_C = σ(2) there, and the prior where they are 0.
  const double likely = 1 / (1 + std::exp(-2.0));
  CHECK(number(cmpo_divergence(doubles({-1, 1, 0, 0}, {2, 2}), prior, advantage, 1)) == doctest::Approx(0));
  const double kl = likely * std::log(likely / 0.5) + (1 - likely) * std::log((1 - likely) / 0.5);
  CHECK(number(cmpo_divergence(prior, prior, advantage, 1)) == doctest::Approx(kl / 2));
  check_gradient(doubles({0.3, -0.2, 1, 0}, {2, 2}), [&](const torch::Tensor& at) { return cmpo_divergence(at, prior, advantage, 1); });
  torch::Tensor a = prior.clone().requires_grad_(), b = advantage.clone().requires_grad_(), logits = prior.clone().requires_grad_();
  cmpo_divergence(logits, a, b, 1).backward();
  CHECK_FALSE(a.grad().defined());
  CHECK_FALSE(b.grad().defined());
}

TEST_CASE("tscac: π* by hand, with weight 0 a softmax of the advantage, with a large one the other policy") {
  const torch::Tensor others = doubles({0, std::log(4.0)}, {1, 1, 2}), advantage = doubles({0, 1}, {1, 2});
  // The loss is least where π = π*; its gradient in the logits is π − π*.
  const auto target = [&](double weight, double temperature) {
    torch::Tensor at = torch::zeros({1, 2}, torch::kDouble).requires_grad_();
    near_others(at, others, advantage, {weight}, temperature).backward();
    return 0.5 - number(at.grad()[0][1]);
  };
  CHECK(target(0, 0.5) == doctest::Approx(1 / (1 + std::exp(-2.0))));
  CHECK(target(1e6, 0.5) == doctest::Approx(0.8).epsilon(1e-4));
  CHECK(target(1, 1) == doctest::Approx(1 / (1 + std::exp(-(std::log(4.0) + 1) / 2))));
  check_gradient(doubles({0.4, -0.1}, {1, 2}), [&](const torch::Tensor& at) { return near_others(at, others, advantage, {0.7}, 0.5); });
  torch::Tensor leaf = others.clone().requires_grad_();
  torch::Tensor at = torch::zeros({1, 2}, torch::kDouble).requires_grad_();
  near_others(at, leaf, advantage, {1}, 1).backward();
  CHECK_FALSE(leaf.grad().defined());
}

}  // namespace
}  // namespace sluice
