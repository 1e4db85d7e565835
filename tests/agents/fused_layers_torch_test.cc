// The fused operators beside the same arithmetic in torch's own, and their gradients beside central differences.

#include "agents/attended_items.h"
#include "agents/grouped_layer.h"
#include "tests/agents/torch_numbers.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

namespace sluice {
namespace {

using torch::Tensor;


// Largest relative error of autograd's gradient of `loss` with respect to `parameter`.
double gradient_error(const std::function<Tensor()>& loss, Tensor parameter) {
  const Tensor exact = torch::autograd::grad({loss()}, {parameter})[0].flatten();
  const torch::NoGradGuard no_grad;
  Tensor flat = parameter.view({-1});
  double worst = 0;
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    constexpr double kStep = 1e-6;
    const double before = flat[i].item<double>();
    flat[i] = before + kStep;
    const double above = loss().item<double>();
    flat[i] = before - kStep;
    const double below = loss().item<double>();
    flat[i] = before;
    const double difference = (above - below) / (2 * kStep), own = exact[i].item<double>();
    worst = std::max(worst, std::abs(difference - own) / std::max(1.0, std::abs(difference)));
  }
  return worst;
}

Tensor plain_layer(const Tensor& x, const LayerParameters& layer, const std::vector<std::int64_t>& sizes) {
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    const auto i = static_cast<std::int64_t>(g);
    Tensor z = torch::linear(x.narrow(0, start, sizes[g]), layer.weight[i], layer.bias[i]);
    if (layer.gain.defined()) z = torch::layer_norm(z, {z.size(1)}, layer.gain[i], layer.shift[i]);
    parts.push_back(layer.is_output ? z : torch::relu(z));
    start += sizes[g];
  }
  return torch::cat(parts);
}

LayerParameters random_layer(std::int64_t groups, std::int64_t inputs, std::int64_t outputs, bool norm, bool is_output) {
  LayerParameters layer{.weight = torch::randn({groups, outputs, inputs}, kDouble), .bias = torch::randn({groups, outputs}, kDouble), .gain = {}, .shift = {}, .is_output = is_output};
  if (norm) {
    layer.gain = torch::randn({groups, outputs}, kDouble);
    layer.shift = torch::randn({groups, outputs}, kDouble);
  }
  for (Tensor* parameter : {&layer.weight, &layer.bias, &layer.gain, &layer.shift})
    if (parameter->defined()) parameter->set_requires_grad(true);
  return layer;
}

TEST_CASE("grouped layer: values and gradients are those of torch's layers, group by group, absent groups and odd widths too") {
  torch::manual_seed(7);
  for (const bool norm : {false, true})
    for (const bool is_output : {false, true})
      for (const std::int64_t width : {1, 3, 16, 37}) {
        if (norm && is_output) continue;
        CAPTURE(norm);
        CAPTURE(width);
        const std::vector<std::int64_t> sizes = {3, 0, 4};
        const LayerParameters layer = random_layer(3, 5, width, norm, is_output);
        Tensor x = torch::randn({7, 5}, kDouble.requires_grad(true)), toward = torch::randn({7, width}, kDouble);
        std::vector<Tensor> inputs = {x, layer.weight, layer.bias};
        if (norm) inputs.insert(inputs.end(), {layer.gain, layer.shift});
        const Tensor own = grouped_layer(x, layer, sizes), plain = plain_layer(x, layer, sizes);
        CHECK(torch::allclose(own, plain, 1e-12, 1e-12));
        const auto loss = [&](const Tensor& y) { return (y * toward).sum() + y.square().sum(); };
        const auto own_gradient = torch::autograd::grad({loss(own)}, inputs), plain_gradient = torch::autograd::grad({loss(plain)}, inputs);
        for (std::size_t i = 0; i < inputs.size(); ++i) CHECK(torch::allclose(own_gradient[i], plain_gradient[i], 1e-9, 1e-9));
        for (const Tensor& input : inputs)
          if (width != 1) CHECK(gradient_error([&] { return loss(grouped_layer(x, layer, sizes)); }, input) < 1e-6);
      }
}

TEST_CASE("grouped layer: what is not a number stays so, forward and backward") {
  torch::manual_seed(8);
  for (const bool norm : {false, true}) {
    const LayerParameters layer = random_layer(1, 4, 20, norm, false);
    Tensor x = torch::randn({3, 4}, kDouble);
    x[1][2] = std::nan("");
    x.set_requires_grad(true);
    const Tensor y = grouped_layer(x, layer, {3});
    CHECK(y.isnan().any(1).equal(torch::tensor({false, true, false})));
    CHECK(torch::autograd::grad({y.sum()}, {layer.weight})[0].isnan().any().item<bool>());
  }
}

TEST_CASE("grouped layer: float32 agrees with double") {
  torch::manual_seed(8);
  const LayerParameters layer = random_layer(2, 20, 40, true, false);
  const Tensor x = torch::randn({50, 20}, kDouble);
  LayerParameters single = layer;
  for (Tensor* parameter : {&single.weight, &single.bias, &single.gain, &single.shift}) *parameter = parameter->detach().to(torch::kFloat).set_requires_grad(true);
  const std::vector<std::int64_t> sizes = {21, 29};
  const Tensor wide = grouped_layer(x, layer, sizes), narrow = grouped_layer(x.to(torch::kFloat), single, sizes);
  CHECK(torch::allclose(narrow.to(torch::kDouble), wide, 1e-4, 1e-4));
  const Tensor wide_gradient = torch::autograd::grad({wide.square().sum()}, {layer.weight})[0];
  const Tensor narrow_gradient = torch::autograd::grad({narrow.square().sum()}, {single.weight})[0];
  CHECK(torch::allclose(narrow_gradient.to(torch::kDouble), wide_gradient, 1e-3, 1e-2));
}

Tensor plain_attention(const Tensor& topic, const Tensor& columns, const Tensor& embedding, const Tensor& key) {
  const Tensor unused = topic == 0;
  const Tensor items = torch::cat({torch::embedding(embedding, topic.to(torch::kLong)), columns}, 2);
  const Tensor weight = torch::softmax((items * key.unsqueeze(1)).sum(2).masked_fill(unused, -1e9), 1).masked_fill(unused, 0);
  return (weight.unsqueeze(2) * items).sum(1);
}

TEST_CASE("attended items: values and gradients are those of torch's softmax, unused items and empty rows too") {
  torch::manual_seed(9);
  const Tensor topic = torch::tensor({{1., 2., 0., 2.}, {0., 0., 0., 0.}, {3., 0., 0., 0.}, {2., 1., 3., 1.}}, kDouble);
  const Tensor columns = torch::randn({4, 4, 2}, kDouble);
  Tensor embedding = torch::randn({4, 3}, kDouble.requires_grad(true)), key = torch::randn({4, 5}, kDouble.requires_grad(true));
  const Tensor own = attended_items(topic, columns, embedding, key), plain = plain_attention(topic, columns, embedding, key);
  CHECK(torch::allclose(own, plain, 1e-12, 1e-12));
  CHECK(own[1].abs().sum().item<double>() == 0);
  const Tensor toward = torch::randn({4, 5}, kDouble);
  const auto loss = [&](const Tensor& y) { return (y * toward).sum() + y.square().sum(); };
  const auto own_gradient = torch::autograd::grad({loss(own)}, {embedding, key}), plain_gradient = torch::autograd::grad({loss(plain)}, {embedding, key});
  for (std::size_t i = 0; i < 2; ++i) CHECK(torch::allclose(own_gradient[i], plain_gradient[i], 1e-10, 1e-10));
  for (const Tensor& input : {embedding, key}) CHECK(gradient_error([&] { return loss(attended_items(topic, columns, embedding, key)); }, input) < 1e-6);
}

}  // namespace
}  // namespace sluice
