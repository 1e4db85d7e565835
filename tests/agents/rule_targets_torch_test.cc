// Targets and actors' losses of the off-policy actor-critics, by hand: over which critics a minimum or a mean is taken,
// under which policy, with which weights.

#include <doctest/doctest.h>

#include <cmath>

#include "agents/actor_critic_rules.h"
#include "agents/advantage_weights.h"
#include "agents/relaxed_actor.h"
#include "agents/soft_actor_critic.h"
#include "tests/agents/learning_fixture.h"
#include "tests/agents/torch_numbers.h"

namespace sluice {
namespace {

const double kThree = std::log(3.0);  // logits (0, ln 3): probabilities (¼, ¾)
const double kEntropy = 0.25 * std::log(4.0) + 0.75 * std::log(4.0 / 3);

// Two rows, two critics.  Row 1 ended: its target is its reward, 2.
struct Rows {
  TorchBatch batch;
  ActorCriticStep step;
  Rows() : step{.batch = batch} {
    batch.action = torch::tensor({1, 0});
    batch.discount = doubles({0.5, 0}, {2});
    batch.costs = torch::zeros({2, 1}, torch::kDouble);
    step.reward = batch.reward = doubles({1, 2}, {2});
    step.q = step.policy_q = doubles({0, 1, 2, 0, /* critic 1 */ 0, 3, 4, 0}, {2, 2, 2});
    step.target_q = doubles({0, 2, 1, 0, /* critic 1 */ 0, 5, 3, 0}, {2, 2, 2});
    step.next_q = doubles({2, 6, 9, 9, /* critic 1 */ 4, 4, 9, 9}, {2, 2, 2});
    step.value = doubles({1, 2}, {2}), step.next_value = doubles({3, 9}, {2});
    step.logits = doubles({0, kThree, 0, 0}, {2, 2});            // π(s): (¼, ¾), (½, ½)
    step.next_logits = doubles({0, kThree, 0, 0}, {2, 2});       // π(s')
    step.target_logits = doubles({0, 0, 0, kThree}, {2, 2});     // the target actor's: the other way round
    step.target_next_logits = doubles({kThree, 0, 0, 0}, {2, 2});
    step.update = 1;
  }
};

// y of row 0 and the loss Σ_k mean (Q_k(s,a) − y)² over the critics, Q being (1, 2) and (3, 4).
void check_target(ActorCriticRule& rule, double y, double besides = 0) {
  const Rows rows;
  const double loss = number(rule.critic_loss(rows.step));
  CHECK(number(rows.step.target[0]) == doctest::Approx(y));
  CHECK(number(rows.step.target[1]) == doctest::Approx(2));
  CHECK(loss == doctest::Approx(((1 - y) * (1 - y) + (3 - y) * (3 - y) + (4 - 2) * (4 - 2)) / 2 + besides));
}

TEST_CASE("targets by hand: soft actor-critics take mean, minimum or that of a subset over critics, and add α·H") {
  const TemperatureConfig half{.initial = 0.5};
  const auto soft = [&](SoftOptions options) {
    options.temperature = half;
    return soft_rule(2, options, 2, Seed(1));
  };
  check_target(*soft({}), 1 + 0.5 * (0.25 * 3 + 0.75 * 5 + 0.5 * kEntropy));
  check_target(*soft({.target = Aggregation::kMin}), 1 + 0.5 * (0.25 * 2 + 0.75 * 4 + 0.5 * kEntropy));
  check_target(*soft({.subset = 2}), 1 + 0.5 * (0.25 * 2 + 0.75 * 4 + 0.5 * kEntropy));
  const bool is_first = draw_critics(2, 1, Seed(1), 1)[0] == 0;
  check_target(*soft({.subset = 1}), 1 + 0.5 * ((is_first ? 0.25 * 2 + 0.75 * 6 : 4.0) + 0.5 * kEntropy));
}

TEST_CASE("targets by hand: awac and crr take the least of the critics for every action, under the online policy") {
  check_target(*awac_rule({}), 1 + 0.5 * (0.25 * 2 + 0.75 * 4));
  check_target(*crr_rule({}), 1 + 0.5 * (0.25 * 2 + 0.75 * 4));
}

TEST_CASE("targets by hand: iql's is the state value, which is fitted to the least target critic") {
  IqlConfig config;
  config.expectile = 0.7;
  // Errors of V: 2 − 1 and 1 − 2.
  check_target(*iql_rule(config), 1 + 0.5 * 3, (0.7 * 1 + 0.3 * 1) / 2);
}

TEST_CASE("targets by hand: td3 takes the least of the critics' means under the target actor, cmpo the mean") {
  RelaxedConfig config;
  config.relaxation = Relaxation::kExpected;
  check_target(*relaxed_rule(config, {}, Seed(1)), 1 + 0.5 * std::min(0.75 * 2 + 0.25 * 6, 4.0));
  check_target(*cmpo_rule({}), 1 + 0.5 * (0.75 * 3 + 0.25 * 5));
}

TEST_CASE("actors by hand: soft ones go by the mean or the minimum of the critics") {
  const Rows rows;
  const TemperatureConfig half{.initial = 0.5};
  const double entropy = 0.5 * (kEntropy + std::log(2.0)) / 2;  // α·H, the mean of the rows
  CHECK(number(soft_rule(2, {.temperature = half}, 2, Seed(1))->actor_loss(rows.step)) == doctest::Approx(-(0.75 * 2 + 0.5 * 3) / 2 - entropy));
  CHECK(number(soft_rule(2, {.actor = Aggregation::kMin, .temperature = half}, 2, Seed(1))->actor_loss(rows.step)) == doctest::Approx(-(0.75 * 1 + 0.5 * 2) / 2 - entropy));
}

TEST_CASE("actors by hand: the temperature falls by its step where the policy is more random than aimed at, and rises where less") {
  const Rows rows;  // H = .628 on average
  for (const double target : {0.1, 0.98}) {
    const TemperatureConfig t{.initial = 0.5, .learning_rate = 0.1, .entropy_start = target, .entropy_end = target};
    const auto rule = soft_rule(2, {.temperature = t}, 2, Seed(1));
    rule->finish(rows.step);
    const double alpha = 0.5 * std::exp(target < 0.5 ? -0.1 : 0.1);  // Adam's first step is as long as its rate
    CHECK(number(rule->actor_loss(rows.step)) == doctest::Approx(-(0.75 * 2 + 0.5 * 3) / 2 - alpha * (kEntropy + std::log(2.0)) / 2));
  }
}

TEST_CASE("actors by hand: awac's weights are exp(A/T) of the least of the critics, crr's that or 1[A > 0]") {
  const Rows rows;  // least: (0, 1) and (2, 0); of the actions taken A = 1 − ¾ and 2 − 1
  AwacConfig awac;
  awac.temperature = 2;
  const double weighted = -(std::exp(0.125) * std::log(0.75) + std::exp(0.5) * std::log(0.5)) / 2;
  CHECK(number(awac_rule(awac)->actor_loss(rows.step)) == doctest::Approx(weighted));
  CrrConfig crr;
  crr.weight = CrrWeight::kExp;
  crr.temperature = 2;
  CHECK(number(crr_rule(crr)->actor_loss(rows.step)) == doctest::Approx(weighted));
  crr.weight = CrrWeight::kBinary;
  CHECK(number(crr_rule(crr)->actor_loss(rows.step)) == doctest::Approx(-(std::log(0.75) + std::log(0.5)) / 2));
  Rows worse;
  worse.batch.action = torch::tensor({0, 0});  // of which the first is worse than π
  CHECK(number(crr_rule(crr)->actor_loss(worse.step)) == doctest::Approx(-std::log(0.5) / 2));
}

TEST_CASE("actors by hand: iql's weights are exp(β·A) of the least target critic and V") {
  const Rows rows;  // A = 2 − 1 and 1 − 2
  IqlConfig config;
  config.inverse_temperature = 2;
  CHECK(number(iql_rule(config)->actor_loss(rows.step)) == doctest::Approx(-(std::exp(2.0) * std::log(0.75) + std::exp(-2.0) * std::log(0.5)) / 2));
}

TEST_CASE("actors by hand: relaxed ones climb the first critic's difference, with a penalty on logits, td3_bc in units of Q and near the data") {
  const Rows rows;  // p = ¾ and ½, differences 1 and −2 of the first critic, whose Q of the actions taken is 1 and 2
  RelaxedConfig config;
  config.logit_penalty = 0.1;
  const double climb = -(0.75 * 1 - 0.5 * 2) / 2, penalty = 0.1 * kThree * kThree / 4;
  CHECK(number(relaxed_rule(config, {}, Seed(1))->actor_loss(rows.step)) == doctest::Approx(climb + penalty));
  const double imitation = (0.25 * 0.25 + 0.5 * 0.5) / 2;  // of actions 1 and 0
  CHECK(number(relaxed_rule(config, {.value_weight = 3}, Seed(1))->actor_loss(rows.step)) == doctest::Approx(climb * 3 / 1.5 + imitation + penalty));
}

TEST_CASE("actors by hand: cmpo's advantages are those of the target actor, in units of their trailing deviation") {
  const Rows rows;
  CmpoConfig config;
  config.kl_weight = 0;
  const auto rule = cmpo_rule(config);
  // Mean target Q (0, 3.5) and (2, 0) under (½, ½) and (¼, ¾): A = ∓1.75 and (1.5, −.5), mean square 3.0625 and .75.
  const double gain = (0.75 * 1.75 - 0.25 * 1.75 + 0.5 * 1.5 - 0.5 * 0.5) / 2, deviation = std::sqrt((3.0625 + 0.75) / 2);
  for (int again = 0; again < 3; ++again) CHECK(number(rule->actor_loss(rows.step)) == doctest::Approx(-gain / deviation));
  // Ten times the values weigh in by one part in hundred of the memory, as it is forgotten.
  Rows larger;
  larger.step.target_q = larger.step.target_q * 10;
  const double kept = 1 - std::pow(0.99, 3), square = (0.99 * kept + 0.01 * 100) / (0.99 * kept + 0.01) * deviation * deviation;
  CHECK(number(rule->actor_loss(larger.step)) == doctest::Approx(-10 * gain / std::sqrt(square)));
}

// What a step down the loss would do to the logits of action 1 in row 0.
double pushed(const torch::Tensor& loss, const torch::Tensor& logits) {
  const torch::Tensor gradient = torch::autograd::grad({loss}, {logits})[0];
  return -number(gradient.dim() == 3 ? gradient[1][0][1] : gradient[0][1]);
}

TEST_CASE("actors by hand: tscac's policy of a cost follows the critic of that cost, the acting one its reward unless λ holds it near") {
  Rows rows;
  rows.step.q = doubles({5, 0, 5, 0, /* −cost 0 */ 0, 5, 0, 5}, {2, 2, 2});  // the reward speaks for action 0, the cost for 1
  TscacConfig config;
  config.temperature = 1;
  const auto rule = tscac_rule(config, {0}, 1);
  const auto loss_at = [&](double nearness) {
    rows.step.all_logits = torch::cat({torch::zeros({1, 2, 2}, torch::kDouble), doubles({-3, 3, -3, 3}, {1, 2, 2})}).requires_grad_();
    rows.step.logits = torch::zeros({2, 2}, torch::kDouble).requires_grad_();
    rows.step.multipliers = {nearness};
    return rule->actor_loss(rows.step);
  };
  CHECK(pushed(loss_at(0), rows.step.logits) < -0.1);
  CHECK(pushed(loss_at(0), rows.step.all_logits) > 0);
  CHECK(pushed(loss_at(1000), rows.step.logits) > 0.1);
  // π* in between: ln odds (λ·6 − 5)/(λ + 1); at λ = 1, (6 − 5)/2.
  const double star = 1 / (1 + std::exp(-0.5));
  CHECK(pushed(loss_at(1), rows.step.logits) == doctest::Approx((star - 0.5) / 2));
}

// One state, whose critic is linear in u: what the target takes for u can be read off y.
TEST_CASE("targets by hand: where the action is a probability td3 smooths the target's by noise, clipped, and stays within 0 and 1") {
  torch::manual_seed(3);
  RelaxedConfig config;
  config.relaxation = Relaxation::kProbability;
  config.hidden = {};
  config.layer_norm = LayerNorm::kNone;
  config.num_critics = 1;
  const std::int64_t n = 400;
  const auto target_u = [&](double smoothing, double clip, double log_odds) {
    const auto rule = relaxed_rule(config, {.smoothing = smoothing, .smoothing_clip = clip}, Seed(1));
    CriticStack critic(config, one_state_spec(1), rule->shape());
    TorchBatch batch;
    batch.action = torch::zeros({n}, torch::kLong);
    batch.discount = torch::full({n}, 0.5);
    ActorCriticStep step{.batch = batch};
    step.reward = torch::ones({n});
    step.target_critic = &critic;
    step.target_next_features = critic.features(torch::tensor({1.0f, 0.0f}).expand({n, 2}).contiguous()).detach();
    step.q = torch::zeros({1, n, 2}), step.logits = torch::zeros({n, 2});
    step.target_next_logits = torch::tensor({0.0, log_odds}, torch::kFloat).expand({n, 2});
    step.update = 1;
    rule->critic_loss(step);
    const torch::NoGradGuard no_grad;
    const torch::Tensor at_0 = critic.q_between(step.target_next_features, torch::zeros({n}))[0], at_1 = critic.q_between(step.target_next_features, torch::ones({n}))[0];
    return ((step.target - 1) / 0.5 - at_0) / (at_1 - at_0);
  };
  CHECK(number((target_u(0, 0, kThree) - 0.75).abs().max()) < 1e-4);
  const torch::Tensor noisy = target_u(0.1, 0.15, kThree) - 0.75;
  CHECK(number(noisy.mean()) == doctest::Approx(0).epsilon(0.02));
  CHECK(number(noisy.std()) / 0.0882 == doctest::Approx(1).epsilon(0.05));  // of a normal with σ = .1, clipped at 1.5 σ
  CHECK(number(noisy.abs().max()) == doctest::Approx(0.15).epsilon(1e-3));
  CHECK(number(target_u(0.1, 0.5, 4).max()) == doctest::Approx(1).epsilon(1e-3));
  CHECK(number(target_u(0.1, 0.5, -4).min()) == doctest::Approx(0).epsilon(1e-3));
}

}  // namespace
}  // namespace sluice
