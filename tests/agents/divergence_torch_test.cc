// When temporal differences feed themselves: two problems on which they must, and the number that foretells it.

#include <doctest/doctest.h>

#include <cmath>

#include "agents/nets.h"
#include "agents/ntk.h"
#include "tests/agents/torch_numbers.h"

namespace sluice {
namespace {

using torch::Tensor;


// Semi-gradient TD on a batch, full gradient flow of step η, no target network, rewards 0:
// θ ← θ − η·Σ_i (Q(x_i) − γ_i·Q(x'_i))·∂Q(x_i)/∂θ / P.
struct TdProblem {
  Tensor x, next, discount;  // [n, f], [n, f], [n]
};
using Critic = std::function<Tensor(const Tensor&)>;  // [n, f] → [n]

Tensor td_errors(const TdProblem& problem, const Critic& critic) {
  const torch::NoGradGuard no_grad;
  return problem.discount * critic(problem.next) - critic(problem.x);
}

void td_step(const TdProblem& problem, const Critic& critic, const std::vector<Tensor>& parameters, double rate) {
  double size = 0;
  for (const Tensor& parameter : parameters) size += static_cast<double>(parameter.numel());
  const Tensor error = td_errors(problem, critic);
  const auto gradients = torch::autograd::grad({(error * critic(problem.x)).sum()}, parameters);
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < parameters.size(); ++i) const_cast<Tensor&>(parameters[i]).add_(gradients[i], rate / size);
}

Tensor dynamics(const TdProblem& problem, const Critic& critic, const std::vector<Tensor>& parameters) {
  const auto gradients = [&](const Tensor& rows) {
    return row_gradients(rows.size(0), [&](std::int64_t i) { return critic(rows.narrow(0, i, 1)).squeeze(0); }, parameters);
  };
  return td_error_dynamics(gradients(problem.x), gradients(problem.next), problem.discount);
}

// Two states with features 1 and 2, one weight (Tsitsiklis and Van Roy 1997).
TdProblem two_states(double gamma) { return {torch::ones({1, 1}, kDouble), 2 * torch::ones({1, 1}, kDouble), torch::full({1}, gamma, kDouble)}; }

// Baird's star (1995): seven states, eight weights, every state leads to the seventh.
TdProblem star(double gamma) {
  Tensor x = torch::zeros({7, 8}, kDouble);
  for (int s = 0; s < 6; ++s) x[s][s] = 2, x[s][7] = 1;
  x[6][6] = 1, x[6][7] = 2;
  return {x, x[6].unsqueeze(0).repeat({7, 1}), torch::full({7}, gamma, kDouble)};
}

TEST_CASE("seem: of two states with features 1 and 2 it is 2γ − 1, and TD diverges exactly where it is positive") {
  for (const double gamma : {0.3, 0.45, 0.55, 0.8, 0.99}) {
    CAPTURE(gamma);
    const TdProblem problem = two_states(gamma);
    Tensor w = torch::ones({1, 1}, kDouble.requires_grad(true));
    const Critic critic = [&](const Tensor& x) { return torch::mm(x, w).squeeze(1); };
    const Seem found = seem(dynamics(problem, critic, {w}));
    CHECK(found.largest == doctest::Approx(2 * gamma - 1));
    CHECK(found.normalised == doctest::Approx(gamma > 0.5 ? 1 : -1));
    constexpr double kRate = 0.1;
    const double growth = 1 + kRate * found.largest;
    if (gamma > 0.5) {  // the predicted step at which the weight has grown a thousandfold
      const int predicted = static_cast<int>(std::ceil(std::log(1000) / std::log(growth)));
      int steps = 0;
      for (; w.item<double>() < 1000; ++steps) td_step(problem, critic, {w}, kRate);
      CHECK(steps == predicted);
    } else {
      for (int i = 0; i < 1000; ++i) td_step(problem, critic, {w}, kRate);
      CHECK(w.item<double>() == doctest::Approx(std::pow(growth, 1000)));
    }
  }
}

TEST_CASE("seem: the TD errors of a linear critic follow (I + ηA)^t u, on Baird's star too, which diverges as foretold") {
  const TdProblem problem = star(0.99);
  Tensor w = torch::tensor({{1.}, {1.}, {1.}, {1.}, {1.}, {1.}, {10.}, {1.}}, kDouble);
  w.set_requires_grad(true);
  const Critic critic = [&](const Tensor& x) { return torch::mm(x, w).squeeze(1); };
  const Tensor a = dynamics(problem, critic, {w});
  const Seem found = seem(a);
  CHECK(found.largest > 0);
  constexpr double kRate = 0.05;
  Tensor predicted = td_errors(problem, critic);
  double before = 0;
  for (int t = 0; t < 4000; ++t) {
    predicted = predicted + kRate * torch::mv(a, predicted);
    td_step(problem, critic, {w}, kRate);
    if (t == 2999) before = predicted.norm().item<double>();
  }
  const Tensor errors = td_errors(problem, critic);
  CHECK(torch::allclose(errors, predicted, 1e-8, 1e-8));
  // In the end the largest eigenvalue rules: a thousand steps multiply the errors by (1 + ηλ)^1000.
  CHECK(errors.norm().item<double>() / before == doctest::Approx(std::pow(1 + kRate * found.largest, 1000)).epsilon(0.02));
  CHECK(errors.norm().item<double>() > 100);
}

TEST_CASE("seem: a batch that ends has no one to lean on: with every discount 0 it is negative") {
  const TdProblem problem = two_states(0);
  Tensor w = torch::ones({1, 1}, kDouble.requires_grad(true));
  CHECK(seem(dynamics(problem, [&](const Tensor& x) { return torch::mm(x, w).squeeze(1); }, {w})).largest == doctest::Approx(-1));
}

// A critic of the agents' own layers.
struct NetCritic {
  Extractor extractor;
  GroupedMlp net;
  NetCritic(std::int64_t inputs, LayerNorm norm)
      : extractor(schema(inputs), {.layer_norm = norm != LayerNorm::kNone}), net({.inputs = inputs, .hidden = {32, 32}, .outputs = 1, .layer_norm = norm}) {
    extractor.to(torch::kDouble);
    net.to(torch::kDouble);
  }
  static ObservationSchema schema(std::int64_t inputs) {
    ObservationSchema made;
    made.blocks = {{.name = "state", .kind = BlockKind::kStatic, .item = {}}};
    for (std::int64_t i = 0; i < inputs; ++i) made.blocks[0].item.push_back({.name = "x" + std::to_string(i), .unit = "1"});
    made.finish();
    return made;
  }
  Critic critic() {
    return [this](const Tensor& x) { return net.forward(extractor.forward(x), {}).squeeze(1); };
  }
};

TEST_CASE("layer norm: where the next state is the state scaled up, TD of a network diverges without and stays bounded with it") {
  const Tensor direction = torch::tensor({{1., -0.5, 0.3, -0.8}}, kDouble);
  const TdProblem problem = {direction, 3 * direction, torch::full({1}, 0.95, kDouble)};
  for (const LayerNorm norm : {LayerNorm::kNone, LayerNorm::kInput, LayerNorm::kAll}) {
    torch::manual_seed(4);
    NetCritic made(4, norm);
    const Critic critic = made.critic();
    const Seem before = seem(dynamics(problem, critic, made.net.parameter_list()));
    double largest = 0;
    for (int t = 0; t < 3000 && largest < 1e6; ++t) {
      td_step(problem, critic, made.net.parameter_list(), 2);
      largest = std::max(largest, std::abs(critic(problem.next).item<double>()));
    }
    CAPTURE(static_cast<int>(norm));
    if (norm == LayerNorm::kNone) {
      CHECK(before.normalised > 0.9);
      CHECK(!(largest < 1e6));
    } else {
      CHECK(before.normalised < 0);
      CHECK(largest < 10);
    }
  }
}

TEST_CASE("layer norm: on Baird's star a linear critic of normalised features still diverges, a network does not: seem says both") {
  const TdProblem problem = star(0.99);
  Tensor w = torch::tensor({{1.}, {1.}, {1.}, {1.}, {1.}, {1.}, {10.}, {1.}}, kDouble);
  w.set_requires_grad(true);
  const Critic linear = [&](const Tensor& x) { return torch::mm(torch::layer_norm(x, {8}), w).squeeze(1); };
  CHECK(seem(dynamics(problem, linear, {w})).normalised > 0.1);
  for (int t = 0; t < 2000; ++t) td_step(problem, linear, {w}, 0.1);
  CHECK(linear(problem.x).abs().max().item<double>() > 1e6);
  for (const LayerNorm norm : {LayerNorm::kInput, LayerNorm::kAll}) {
    torch::manual_seed(5);
    NetCritic made(8, norm);
    const Critic critic = made.critic();
    CHECK(seem(dynamics(problem, critic, made.net.parameter_list())).normalised < 0);
    for (int t = 0; t < 5000; ++t) td_step(problem, critic, made.net.parameter_list(), 20);
    CHECK(critic(problem.x).abs().max().item<double>() < 20);
  }
}

TEST_CASE("seem: by autograd it is what finite differences of every parameter give") {
  torch::manual_seed(6);
  NetCritic made(3, LayerNorm::kAll);
  const Critic critic = made.critic();
  const std::vector<Tensor> parameters = made.net.parameter_list();
  const TdProblem problem = {torch::randn({6, 3}, kDouble), torch::randn({6, 3}, kDouble), torch::tensor({0.9, 0.9, 0., 0.9, 0.9, 0.}, kDouble)};
  const auto differences = [&](const Tensor& rows) {
    const torch::NoGradGuard no_grad;
    std::vector<Tensor> columns;
    for (Tensor parameter : parameters)
      for (std::int64_t i = 0; i < parameter.numel(); ++i) {
        Tensor one = parameter.view({-1})[i];
        const double before = one.item<double>();
        one.fill_(before + 1e-6);
        const Tensor above = critic(rows);
        one.fill_(before - 1e-6);
        columns.push_back((above - critic(rows)) / 2e-6);
        one.fill_(before);
      }
    return torch::stack(columns, 1);
  };
  const Seem exact = seem(dynamics(problem, critic, parameters));
  const Seem close = seem(td_error_dynamics(differences(problem.x), differences(problem.next), problem.discount));
  CHECK(exact.largest == doctest::Approx(close.largest).epsilon(1e-6));
  CHECK(exact.normalised == doctest::Approx(close.normalised).epsilon(1e-6));
}

TEST_CASE("kernel: along a ray its ratio grows without layer norm and is bounded with it") {
  for (const LayerNorm norm : {LayerNorm::kNone, LayerNorm::kInput, LayerNorm::kAll}) {
    torch::manual_seed(7);
    NetCritic made(5, norm);
    const Tensor x = torch::randn({8, 5}, kDouble);
    Tensor v = torch::randn({5}, kDouble);
    const std::vector<double> ratio = ntk_ratios(x, v / v.norm(), {1, 10, 100, 1000, 10000}, [&](const Tensor& row) { return made.critic()(row).squeeze(0); }, made.net.parameter_list());
    if (norm == LayerNorm::kNone) {
      CHECK(std::abs(ratio[4]) > 100);
      CHECK(ratio[4] / ratio[3] == doctest::Approx(10).epsilon(0.02));  // Ω(λ)
    } else {
      for (const double r : ratio) CHECK(std::abs(r) < 2);
      CHECK(ratio[4] == doctest::Approx(ratio[3]).epsilon(0.02));
    }
  }
}

}  // namespace
}  // namespace sluice
