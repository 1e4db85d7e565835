// The pieces of the rivals' losses: golden values by hand, gradients by central differences, and what no gradient enters.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "agents/actor_critic_rules.h"
#include "agents/advantage_weights.h"
#include "agents/on_policy.h"
#include "agents/policy_losses.h"
#include "agents/q_agent.h"
#include "agents/relaxed_actor.h"
#include "agents/soft_actor_critic.h"
#include "tests/agents/gradient_check.h"
#include "tests/agents/torch_numbers.h"

namespace sluice {
namespace {


// π = (¼, ¾), Q = (2, 4), α = ½: Σ π·(Q − α·ln π)
constexpr double kSoftValue = 0.25 * (2 + 0.5 * 1.3862943611198906) + 0.75 * (4 + 0.5 * 0.2876820724517809);

TEST_CASE("sac: target and actor loss by hand, where the episode ended only the reward is left") {
  const torch::Tensor logits = doubles({0, std::log(3.0), 0, std::log(3.0)}, {2, 2}), q = doubles({2, 4, 2, 4}, {2, 2});
  const torch::Tensor y = soft_target(doubles({1, 1}, {2}), doubles({0.5, 0}, {2}), logits, q, 0.5);
  CHECK(number(y[0]) == doctest::Approx(1 + 0.5 * kSoftValue));
  CHECK(number(y[1]) == doctest::Approx(1));
  CHECK(number(soft_actor_loss(logits, q, 0.5)) == doctest::Approx(-kSoftValue));
  check_gradient(logits, [&](const torch::Tensor& at) { return soft_actor_loss(at, q, 0.5); });
}

TEST_CASE("sac: the soft actor loss is least at the softmax of Q/α") {
  const torch::Tensor q = doubles({1, 3}, {1, 2});
  torch::Tensor logits = torch::zeros({1, 2}, torch::kDouble).requires_grad_();
  torch::optim::Adam adam({logits}, 0.05);
  for (int i = 0; i < 2000; ++i) {
    adam.zero_grad();
    soft_actor_loss(logits, q, 0.8).backward();
    adam.step();
  }
  CHECK(number(torch::softmax(logits, 1)[0][1]) == doctest::Approx(1 / (1 + std::exp(-2 / 0.8))).epsilon(1e-4));
}

TEST_CASE("sac: the temperature falls while the policy is more random than aimed at, and rises when it is less") {
  CHECK(temperature_gradient(std::log(0.2), 0.6, 0.1) == doctest::Approx(0.2 * 0.5));
  CHECK(temperature_gradient(std::log(0.2), 0.05, 0.1) == doctest::Approx(-0.2 * 0.05));
  const TemperatureConfig t{.entropy_start = 0.6, .entropy_end = 0.1, .entropy_decay = 100};
  CHECK(t.target(0) == doctest::Approx(0.6));
  CHECK(t.target(100) == doctest::Approx(0.1 + 0.5 / std::exp(1.0)));
  CHECK(t.target(100000) == doctest::Approx(0.1));
}

TEST_CASE("sac: the clipped error is the larger of two, so that a jump away from the target network gains nothing") {
  const torch::Tensor old = doubles({1, 1, 2}, {3}), y = doubles({0, 0, 0}, {3}), q = doubles({3, 1.2, 0}, {3});
  const torch::Tensor error = clipped_q_error(q, old, y, 0.5);
  CHECK(number(error[0]) == doctest::Approx(9));
  CHECK(number(error[1]) == doctest::Approx(1.44));
  CHECK(number(error[2]) == doctest::Approx(2.25));  // (2 − .5)²
  check_gradient(doubles({3, 1.7, 0.3}, {3}), [&](const torch::Tensor& at) { return clipped_q_error(at, old, y, 0.5).sum(); });
}

TEST_CASE("critics: mean and minimum over an ensemble") {
  const torch::Tensor q = doubles({1, 5, 3, 2}, {2, 1, 2});
  CHECK(number(aggregate(q, Aggregation::kMean)[0][1]) == doctest::Approx(3.5));
  CHECK(number(aggregate(q, Aggregation::kMin)[0][1]) == doctest::Approx(2));
  CHECK(number(aggregate(q, Aggregation::kMin)[0][0]) == doctest::Approx(1));
}

TEST_CASE("expectile: by hand, half the squared error at τ = ½, least at the expectile, its gradient") {
  const torch::Tensor value = doubles({0, 0}, {2}), target = doubles({2, -1}, {2});
  CHECK(number(expectile_loss(value, target, 0.7)) == doctest::Approx((0.7 * 4 + 0.3 * 1) / 2));
  CHECK(number(expectile_loss(value, target, 0.5)) == doctest::Approx(0.5 * (4 + 1) / 2));
  check_gradient(doubles({0.3, -0.2}, {2}), [&](const torch::Tensor& at) { return expectile_loss(at, target, 0.7); });
  // Of two equally likely targets 0 and 1 the expectile m has τ·(1 − m) = (1 − τ)·m: m = τ.
  const torch::Tensor both = doubles({0, 1}, {2});
  const auto loss = [&](double m) { return number(expectile_loss(doubles({m, m}, {2}), both, 0.9)); };
  CHECK(loss(0.9) < loss(0.89));
  CHECK(loss(0.9) < loss(0.91));
}

TEST_CASE("weighted imitation: by hand, capped weights, its gradient, and none into the weights") {
  const torch::Tensor logits = doubles({0, std::log(3.0), 0, 0}, {2, 2}), action = torch::tensor({1, 0});
  const torch::Tensor weight = exponential_weights(doubles({1, 50}, {2}), 2, 20);
  CHECK(number(weight[0]) == doctest::Approx(std::exp(0.5)));
  CHECK(number(weight[1]) == doctest::Approx(20));
  CHECK(number(weighted_imitation(logits, action, weight)) == doctest::Approx(-(std::exp(0.5) * std::log(0.75) + 20 * std::log(0.5)) / 2));
  check_gradient(logits, [&](const torch::Tensor& at) { return weighted_imitation(at, action, weight); });
  torch::Tensor advantage = doubles({1, 2}, {2}).requires_grad_(), own = logits.clone().requires_grad_();
  weighted_imitation(own, action, advantage * 2).backward();
  CHECK_FALSE(advantage.grad().defined());
}

TEST_CASE("cql: the gap is ln A where all actions are worth the same, never negative, and small for a clear favourite") {
  CHECK(number(conservative_gap(doubles({2, 2, 2}, {1, 3}), torch::tensor({1}))) == doctest::Approx(std::log(3.0)));
  CHECK(number(conservative_gap(doubles({20, 0}, {1, 2}), torch::tensor({0}))) == doctest::Approx(0).epsilon(1e-6));
  torch::manual_seed(4);
  const torch::Tensor q = torch::randn({50, 4}, torch::kDouble);
  for (const std::int64_t a : {0, 3}) CHECK(number(conservative_gap(q, torch::full({50}, a, torch::kLong))) > 0);
  check_gradient(q.narrow(0, 0, 5), [](const torch::Tensor& at) { return conservative_gap(at, torch::tensor({0, 1, 2, 3, 0})); });
}

TEST_CASE("bcq: threshold 0 allows all actions, so does an even imitator at any, 1 leaves the likeliest") {
  const torch::Tensor q = doubles({1, 2, 3}, {1, 3}), imitation = doubles({std::log(0.5), std::log(0.4), std::log(0.1)}, {1, 3});
  const auto best = [&](const torch::Tensor& g, double threshold) { return allow_imitated(q, g, threshold).argmax(1).item<std::int64_t>(); };
  CHECK(best(imitation, 0) == 2);
  CHECK(best(imitation, 0.3) == 1);  // .1/.5 < .3 ≤ .4/.5
  CHECK(best(imitation, 1) == 0);
  CHECK(best(torch::zeros_like(q), 1) == 2);
}

TEST_CASE("randomised near ties: by hand, greedy without a width, ties to action 0") {
  const auto probability = [](double q0, double q1, double width) { return number(near_greedy(doubles({q0, q1}, {1, 2}), width)[0][1]); };
  CHECK(probability(1, 1.1, 0.4) == doctest::Approx(0.5 + 0.1 / 0.8));
  CHECK(probability(1.1, 1, 0.4) == doctest::Approx(0.5 - 0.1 / 0.8));
  CHECK(probability(1, 1.5, 0.4) == 1);
  CHECK(probability(1, 1.001, 0) == 1);
  CHECK(probability(1, 1, 0) == 0);
  ActionGap gap;
  gap.see(doubles({1, 3, 5, 1}, {2, 2}));  // 2 and 4
  CHECK(gap.value == doctest::Approx(3));
  gap.see(doubles({0, 13}, {1, 2}));
  CHECK(gap.value == doctest::Approx(0.99 * 3 + 0.01 * 13));
}

// A batch of 3 rows and 2 actions whose every tensor is a leaf: a leak shows as a gradient.
struct Leaves {
  TorchBatch batch;
  torch::Tensor q, value, logits, target_q, next_q, next_value, next_logits, all_logits, all_next_logits, target_logits, target_next_logits;
  explicit Leaves(std::int64_t critics) {
    torch::manual_seed(8);
    const auto leaf = [](at::IntArrayRef shape) { return torch::randn(shape, torch::kDouble).requires_grad_(); };
    batch.action = torch::tensor({0, 1, 1});
    batch.discount = torch::tensor({0.9, 0.0, 0.9}, torch::kDouble);
    q = leaf({critics, 3, 2}), target_q = leaf({critics, 3, 2}), next_q = leaf({critics, 3, 2});
    batch.reward = torch::ones({3}, torch::kDouble), batch.costs = torch::full({3, 1}, 7, torch::kDouble);
    all_logits = leaf({2, 3, 2}), all_next_logits = leaf({2, 3, 2}), target_logits = leaf({3, 2}), target_next_logits = leaf({3, 2});
    value = leaf({3}), next_value = leaf({3}), logits = leaf({3, 2}), next_logits = leaf({3, 2});
  }
  ActorCriticStep step() const {
    return {.batch = batch, .reward = torch::ones({3}, torch::kDouble), .q = q, .value = value, .policy_q = q, .logits = logits, .all_logits = all_logits,
            .target_q = target_q, .next_q = next_q, .next_value = next_value, .next_logits = next_logits, .all_next_logits = all_next_logits,
            .target_logits = target_logits, .target_next_logits = target_next_logits, .multipliers = {0.5}, .update = 1};
  }
};

bool moves(const torch::Tensor& loss, const torch::Tensor& leaf) {
  const torch::Tensor gradient = torch::autograd::grad({loss}, {leaf}, {}, true, false, true)[0];
  return gradient.defined() && gradient.abs().max().item<double>() > 0;
}

TEST_CASE("actor-critics: the actor's loss moves the actor alone, the critic's the critic alone, and neither a target") {
  const SoftOptions clipped{.q_clip = 0.5}, subset{.subset = 1};
  std::vector<std::pair<const char*, std::unique_ptr<ActorCriticRule>>> rules;
  rules.emplace_back("sac", soft_rule(2, {}, 2, Seed(1)));
  rules.emplace_back("sac, clipped", soft_rule(2, clipped, 2, Seed(1)));
  rules.emplace_back("redq", soft_rule(2, subset, 2, Seed(1)));
  rules.emplace_back("awac", awac_rule({}));
  rules.emplace_back("crr", crr_rule({}));
  rules.emplace_back("iql", iql_rule({}));
  RelaxedConfig expected;
  expected.relaxation = Relaxation::kExpected;
  rules.emplace_back("td3, expected", relaxed_rule(expected, {}, Seed(1)));
  rules.emplace_back("td3_bc, expected", relaxed_rule(expected, {.value_weight = 2.5}, Seed(1)));
  rules.emplace_back("cmpo", cmpo_rule({}));
  rules.emplace_back("tscac", tscac_rule({}, {0}, 1));
  for (const auto& [name, rule] : rules) {
    CAPTURE(name);
    const Leaves leaves(2);
    const ActorCriticStep step = leaves.step();
    const torch::Tensor actor = rule->actor_loss(step), critic = rule->critic_loss(step);
    CHECK(moves(actor, leaves.logits));
    CHECK_FALSE(moves(critic, leaves.logits));
    CHECK(moves(critic, leaves.q));
    for (const torch::Tensor* fixed : {&leaves.q, &leaves.value, &leaves.target_q, &leaves.target_logits}) CHECK_FALSE(moves(actor, *fixed));
    for (const torch::Tensor* fixed : {&leaves.target_q, &leaves.next_q, &leaves.next_value, &leaves.next_logits, &leaves.all_next_logits, &leaves.target_next_logits})
      CHECK_FALSE(moves(critic, *fixed));
    CHECK(moves(critic, leaves.value) == rule->shape().has_value);
    CHECK(step.target.sizes() == at::IntArrayRef{3});
    CHECK(step.target[1].item<double>() == doctest::Approx(1));  // ended: the reward alone
  }
}

TEST_CASE("tscac: a critic of a cost learns what it saves, a cost whose price stays 0 has none, by hand") {
  TorchBatch batch;
  batch.action = torch::tensor({1, 0});
  batch.discount = doubles({0, 0.5}, {2});
  batch.reward = doubles({3, 0}, {2});
  batch.costs = doubles({100, 2, 100, 4}, {2, 2});  // of two costs the second counts
  const torch::Tensor q = doubles({9, 1, 0, 9, /* critic 1 */ 9, 0.5, -1, 9}, {2, 2, 2}), next_q = doubles({0, 0, 2, 6, 0, 0, -3, -5}, {2, 2, 2});
  const torch::Tensor even = torch::zeros({2, 2, 2}, torch::kDouble);
  const ActorCriticStep step{.batch = batch, .q = q, .next_q = next_q, .all_next_logits = even};
  // Targets of the reward 3 and ½·4; of the cost −2 and −4 − ½·4.
  const double reward = ((1 - 3) * (1 - 3) + (0 - 2) * (0 - 2)) / 2.0, cost = ((0.5 + 2) * (0.5 + 2) + (-1 + 6) * (-1 + 6)) / 2.0;
  CHECK(number(tscac_rule({}, {1}, 1)->critic_loss(step)) == doctest::Approx(reward + cost));
}

TEST_CASE("redq: as many different critics as wanted, others from update to update, the same for the same update") {
  std::set<std::vector<std::int64_t>> seen;
  for (std::uint64_t update = 0; update < 50; ++update) {
    const std::vector<std::int64_t> drawn = draw_critics(10, 2, Seed(3), update);
    REQUIRE(drawn.size() == 2);
    CHECK(drawn[0] != drawn[1]);
    CHECK(std::min(drawn[0], drawn[1]) >= 0);
    CHECK(std::max(drawn[0], drawn[1]) < 10);
    CHECK(drawn == draw_critics(10, 2, Seed(3), update));
    seen.insert(drawn);
  }
  CHECK(seen.size() > 25);
}

TEST_CASE("dropout: a hidden unit is 0 as often as wanted and scaled up otherwise, outputs never drop") {
  torch::manual_seed(2);
  GroupedMlp net({.inputs = 4, .hidden = {1}, .outputs = 1, .layer_norm = LayerNorm::kNone});
  const torch::NoGradGuard no_grad;
  for (const auto& item : net.named_parameters())
    if (item.key().ends_with("bias")) item.value().fill_(3);
  const torch::Tensor x = 0.1 * torch::randn({20000, 4}), plain = net.forward(x, {}) - 3;
  REQUIRE(plain.abs().min().item<double>() > 1e-3);
  Rng rng = Seed(1).stream(Purpose::kTest);
  const torch::Tensor dropped = net.forward(x, {}, {.rate = 0.3, .rng = &rng}) - 3, share = dropped / plain;
  const torch::Tensor is_zero = dropped.abs() < 1e-6;
  CHECK(is_zero.to(torch::kFloat).mean().item<double>() / 0.3 == doctest::Approx(1).epsilon(0.02));
  CHECK(torch::where(is_zero, torch::full_like(share, 1 / 0.7), share).sub(1 / 0.7).abs().max().item<double>() < 1e-3);
}

TEST_CASE("dropout: the mean over masks is the undropped output, and without a rate nothing drops") {
  torch::manual_seed(9);
  GroupedMlp net({.inputs = 4, .hidden = {64}, .outputs = 3, .layer_norm = LayerNorm::kNone});
  const torch::Tensor x = torch::randn({500, 4});
  Rng rng = Seed(1).stream(Purpose::kTest);
  const torch::Tensor plain = net.forward(x, {});
  CHECK(torch::equal(net.forward(x, {}, {.rate = 0, .rng = &rng}), plain));
  torch::Tensor mean = torch::zeros_like(plain);
  for (int i = 0; i < 400; ++i) {
    const torch::Tensor dropped = net.forward(x, {}, {.rate = 0.3, .rng = &rng});
    CHECK_FALSE(torch::equal(dropped, plain));
    mean += dropped / 400;
  }
  // Linear behind the dropped units: the mean over masks is the undropped output.
  CHECK((mean - plain).abs().mean().item<double>() < 0.05 * plain.abs().mean().item<double>());
}

TEST_CASE("rollouts: the weight against the propensity is capped at 2 and carries no gradient, the ratio does") {
  const torch::Tensor logits = doubles({0, std::log(3.0)}, {1, 2}).requires_grad_();
  PolicyStep step{.logits = logits, .action = torch::tensor({1}), .log_propensity = doubles({std::log(0.25)}, {1}), .old_logits = doubles({0, 0}, {1, 2}), .advantage = {}};
  CHECK(number(step.weight()[0]) == doctest::Approx(2));  // .5/.25
  CHECK(number(step.ratio()[0]) == doctest::Approx(1.5));  // .75/.5
  step.log_propensity = doubles({std::log(0.1)}, {1});
  CHECK(number(step.weight()[0]) == doctest::Approx(2));
  step.log_propensity = doubles({std::log(0.8)}, {1});
  CHECK(number(step.weight()[0]) == doctest::Approx(0.625));
  CHECK_FALSE(step.weight().requires_grad());
  CHECK(step.ratio().requires_grad());
}

TEST_CASE("ppo: what lies beyond the clip in the direction of gain brings nothing, by hand, its gradient") {
  const auto loss = [](double ratio, double advantage) { return number(ppo_loss(doubles({ratio}, {1}), doubles({advantage}, {1}), 0.2)); };
  CHECK(loss(1.1, 2) == doctest::Approx(-2.2));
  CHECK(loss(1.5, 2) == doctest::Approx(-2.4));   // clipped
  CHECK(loss(0.5, 2) == doctest::Approx(-1.0));   // not: it is a loss already
  CHECK(loss(0.5, -2) == doctest::Approx(1.6));   // clipped
  CHECK(loss(1.5, -2) == doctest::Approx(3.0));
  check_gradient(doubles({1.1, 1.5, 0.5, 0.7}, {4}), [](const torch::Tensor& at) { return ppo_loss(at, doubles({2, 2, 2, -2}, {4}), 0.2); });
  torch::Tensor advantage = doubles({2}, {1}).requires_grad_(), ratio = doubles({1.1}, {1}).requires_grad_();
  ppo_loss(ratio, advantage, 0.2).backward();
  CHECK_FALSE(advantage.grad().defined());
}

TEST_CASE("kl and focops: by hand, 0 of equal policies, rows beyond the trust region do not count, the gradient") {
  const torch::Tensor even = doubles({0, 0}, {1, 2}), odd = doubles({0, std::log(3.0)}, {1, 2});
  CHECK(number(policy_kl(even, even)[0]) == doctest::Approx(0));
  CHECK(number(policy_kl(odd, even)[0]) == doctest::Approx(0.25 * std::log(0.5) + 0.75 * std::log(1.5)));
  const double kl = 0.25 * std::log(0.5) + 0.75 * std::log(1.5);
  const torch::Tensor ratio = doubles({1.5}, {1}), advantage = doubles({2}, {1});
  CHECK(number(focops_loss(odd, even, ratio, advantage, 1.5, 1)) == doctest::Approx(kl - 1.5 * 2 / 1.5));
  CHECK(number(focops_loss(odd, even, ratio, advantage, 1.5, 0.9 * kl)) == doctest::Approx(0));
  check_gradient(doubles({0.1, 0.4, -0.2, 0.3}, {2, 2}), [&](const torch::Tensor& at) {
    const torch::Tensor log_ratio = torch::log_softmax(at, 1).select(1, 1) - std::log(0.5);
    return focops_loss(at, torch::zeros({2, 2}, torch::kDouble), log_ratio.exp(), doubles({1, -1}, {2}), 1.5, 10);
  });
}

}  // namespace
}  // namespace sluice
