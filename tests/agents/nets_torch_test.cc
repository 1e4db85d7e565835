#include "agents/nets.h"

#include <doctest/doctest.h>

#include "agents/adam.h"
#include "agents/sl_mgac_nets.h"
#include "tests/agents/learning_fixture.h"

namespace sluice {
namespace {

using torch::Tensor;

TEST_CASE("extractor: a one-hot observation passes through unchanged") {
  ObservationSchema schema;
  ObservationBlock block{.name = "state", .kind = BlockKind::kStatic, .length = 1, .item = {}};
  for (int s = 0; s < 3; ++s) block.item.push_back({.name = "s" + std::to_string(s), .unit = "1"});
  schema.blocks = {block};
  schema.finish();
  Extractor extractor(schema, {});
  const Tensor eye = torch::eye(3);
  CHECK(torch::equal(extractor.forward(eye), eye));
  CHECK(extractor.parameters().empty());
}

TEST_CASE("extractor: dense columns are transformed, shifted and scaled") {
  ObservationSchema schema;
  schema.blocks = {{.name = "user",
                    .kind = BlockKind::kStatic,
                    .item = {{.name = "a", .unit = "s", .transform = Transform::kLog1p, .mean = 1, .scale = 2},
                             {.name = "b", .unit = "1", .mean = 3, .scale = 0.5f}}}};
  schema.finish();
  Extractor extractor(schema, {});
  const Tensor out = extractor.forward(torch::tensor({{19.0f, 4.0f}}));
  CHECK(out[0][0].item<double>() == doctest::Approx((std::log(20.0) - 1) / 2));
  CHECK(out[0][1].item<double>() == doctest::Approx(2));
}

TEST_CASE("extractor: unused items of a sequence change nothing, an empty history gives zero") {
  const EnvSpec spec = feed_like_spec(3);
  torch::manual_seed(3);
  Extractor extractor(spec.schema, {});
  Rng rng = Seed(1).stream(Purpose::kTest);
  std::vector<float> row = random_observation(spec.schema, rng);
  const ObservationBlock& history = *spec.schema.block("live_history");
  const auto offset = static_cast<std::size_t>(history.offset);
  row[offset + 2] = 0;      // the second item (of two columns) is unused …
  row[offset + 3] = 5;      // … whatever its other column holds
  const auto features = [&](std::vector<float> values) {
    return extractor.forward(torch::tensor(values).unsqueeze(0));
  };
  const Tensor before = features(row);
  row[offset + 3] = 500;
  CHECK(torch::equal(before, features(row)));
  row[offset] = row[offset] == 1 ? 2.0f : 1.0f;
  CHECK_FALSE(torch::equal(before, features(row)));
  for (int i = 0; i < history.length; ++i) row[offset + static_cast<std::size_t>(2 * i)] = 0;
  const Tensor empty = features(row);
  CHECK(empty.narrow(1, extractor.num_features() - 16, 16).abs().max().item<double>() == 0);
}

TEST_CASE("grouped MLP: equals each group's own network, and only groups present get gradient") {
  torch::manual_seed(1);
  GroupedMlp mlp({.inputs = 4, .hidden = {8}, .outputs = 2, .num_groups = 3});
  const Tensor x = torch::randn({5, 4});
  const GroupSlices slices{{2, 0, 3}};
  const Tensor all = mlp.forward(x, slices);
  const Tensor first = mlp.forward(x.narrow(0, 0, 2), {{2, 0, 0}});
  const Tensor last = mlp.forward(x.narrow(0, 2, 3), {{0, 0, 3}});
  CHECK(torch::allclose(all, torch::cat({first, last})));
  all.square().sum().backward();
  for (const auto& item : mlp.named_parameters()) {
    CAPTURE(item.key());
    if (item.key().find("layer") == std::string::npos) continue;
    for (const int g : {0, 1, 2}) CHECK((item.value().grad()[g].abs().sum().item<double>() > 0) == (g != 1));
  }
}

TEST_CASE("extractor and MLP: layer normalisation bounds the output along a ray, without it it grows") {
  ObservationSchema schema;
  schema.blocks = {{.name = "user", .kind = BlockKind::kStatic, .item = {}}};
  for (int i = 0; i < 6; ++i) schema.blocks[0].item.push_back({.name = "x" + std::to_string(i), .unit = "1"});
  schema.finish();
  torch::manual_seed(2);
  const Tensor direction = torch::randn({1, 6});
  for (const LayerNorm kind : {LayerNorm::kNone, LayerNorm::kInput, LayerNorm::kAll}) {
    Extractor extractor(schema, {.layer_norm = kind != LayerNorm::kNone});
    GroupedMlp mlp({.inputs = 6, .hidden = {32, 32}, .outputs = 1, .layer_norm = kind});
    const auto size = [&](double scale) { return mlp.forward(extractor.forward(scale * direction), {}).abs().item<double>(); };
    if (kind == LayerNorm::kNone)
      CHECK(size(1e5) > 100 * size(10));
    else
      CHECK(size(1e5) == doctest::Approx(size(10)).epsilon(0.01));
  }
}

TEST_CASE("adam: two steps on one number, by hand") {
  torch::nn::Linear linear(torch::nn::LinearOptions(1, 1).bias(false));
  torch::nn::init::constant_(linear->weight, 1);
  FlatParameters parameters(*linear);
  Adam adam(parameters);
  double theta = 1, m = 0, v = 0;
  for (int t = 1; t <= 2; ++t) {
    const double g = 2 * linear->weight.item<double>();  // loss θ²
    linear->weight.square().sum().backward();
    CHECK(adam.step(0.1, 0) == doctest::Approx(g));
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    theta -= 0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    CHECK(linear->weight.item<double>() == doctest::Approx(theta).epsilon(1e-5));
  }
  CHECK(parameters.gradients().abs().sum().item<double>() == 0);
}

TEST_CASE("polyak: moves the target by its rate") {
  torch::nn::Linear a(1, 1), b(1, 1);
  FlatParameters target(*a), online(*b);
  target.values().fill_(1);
  online.values().fill_(5);
  polyak(target, online, 0.25);
  CHECK(a->weight.item<double>() == 2);
  polyak(target, online, 1);
  CHECK(a->bias.item<double>() == 5);
}

TEST_CASE("sl-mgac nets: a network widened to match K groups has their number of weights within two percent") {
  const auto weights = [](const std::vector<int>& hidden) {  // of 50 inputs and 2 outputs
    double sum = 0;
    int inputs = 50;
    for (const int width : hidden) sum += (inputs + 1) * width, inputs = width;
    return sum + (inputs + 1) * 2;
  };
  for (const int k : {1, 2, 5, 20})
    for (const std::vector<int>& hidden : {std::vector<int>{128, 64}, std::vector<int>{256}, std::vector<int>{64, 64, 64}}) {
      CAPTURE(k);
      CHECK(weights(matched_widths(hidden, 50, 2, k)) == doctest::Approx(k * weights(hidden)).epsilon(0.02));
    }
  CHECK(matched_widths({128, 64}, 50, 2, 1) == std::vector<int>{128, 64});
}

TEST_CASE("sl-mgac nets: a piece that is switched off has no parameters") {
  const EnvSpec spec = feed_like_spec(3);
  SlMgacConfig config;
  config.hidden = {8};
  const auto count = [&] {
    std::int64_t numbers = 0;
    for (const Tensor& parameter : SlMgacCritic(config, spec, 5).parameters()) numbers += parameter.numel();
    return numbers;
  };
  const std::int64_t whole = count();
  config.reward_prediction = false;
  const std::int64_t without_rpn = count();
  config.reward_prediction = true;
  config.residual = false;
  const std::int64_t without_qrn = count();
  CHECK(without_rpn < whole);
  CHECK(without_qrn < whole);
  config.residual = true;
  config.group_critic = false;
  CHECK(count() < whole);
}

}  // namespace
}  // namespace sluice
