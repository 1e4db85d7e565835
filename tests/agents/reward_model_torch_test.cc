#include "agents/reward_model.h"

#include <doctest/doctest.h>

#include <cmath>

#include "agents/sl_mgac_nets.h"
#include "tests/agents/learning_fixture.h"

namespace sluice {
namespace {

using torch::Tensor;

SlMgacConfig small(int num_buckets, RewardHead head = RewardHead::kBucketProportion) {
  SlMgacConfig config;
  config.num_groups = 3;
  config.hidden = {16};
  config.num_buckets = num_buckets;
  config.reward_head = head;
  return config;
}

// A TorchBatch of these transitions, sorted by group.
void fill(const TransitionBatch& transitions, int num_groups, TorchBatch& batch) {
  ReplayBuffer replay(static_cast<std::int64_t>(transitions.size()), transitions.width,
                      transitions.num_costs);
  replay.add(transitions);
  sample_batch(replay, Seed(1), 0, {.batch_size = 64, .num_groups = num_groups}, batch);
}

TEST_CASE("reward model: the Lagrangian reward's affine part of the predicted watch time") {
  const EnvSpec spec = feed_like_spec(3);
  RewardModel model(spec, small(1, RewardHead::kMse), 30);
  // One head: ŷ/scale = .5, so ŷ = 15 s; displaced_s = 20 s; λ = 2 on cost_usage = a(v̄ − y).
  Tensor raw = torch::zeros({1, spec.schema.width});
  raw[0][spec.schema.column("displaced_s")] = 20;
  const Tensor r = model.predict(torch::full({1, 1}, 0.5), raw, torch::zeros({1}, torch::kLong), {2, 7});
  CHECK(r[0][0].item<double>() == 0);
  CHECK(r[0][1].item<double>() == doctest::Approx(((1 + 2) * 15 - 2 * 20) / 30.0));
}

TEST_CASE("reward model: tabular heads are priced with the multiplier of the moment") {
  EnvSpec spec = feed_like_spec(3);
  spec.has_watch_outcome = false;
  RewardModel model(spec, small(1), 10);
  CHECK(model.num_heads() == 6);
  // Rows of heads: reward (1, 2), cost_usage (3, 4), cost_skip (5, 6).
  const Tensor heads = torch::tensor({{1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}});
  const Tensor r = model.predict(heads, torch::zeros({1, spec.schema.width}),
                                 torch::zeros({1}, torch::kLong), {0.5, 0.1});
  CHECK(r[0][0].item<double>() == doctest::Approx(1 - 1.5 - 0.5));
  CHECK(r[0][1].item<double>() == doctest::Approx(2 - 2 - 0.6));
}

TEST_CASE("reward model: only injected requests teach it") {
  const EnvSpec spec = feed_like_spec(3);
  TorchBatch batch;
  fill(random_transitions(spec, 200, 1), 3, batch);
  for (const RewardHead head : {RewardHead::kBucketProportion, RewardHead::kTwoHot, RewardHead::kHlGauss, RewardHead::kQuantile, RewardHead::kMse}) {
    CAPTURE(static_cast<int>(head));
    RewardModel model(spec, small(4, head), 30);
    Tensor heads = torch::full({64, model.num_heads()}, 0.01).requires_grad_(true);  // 0 is what watching nothing teaches
    model.loss(heads, batch).backward();
    for (std::int64_t i = 0; i < 64; ++i) {
      const bool injected = batch.columns.action[static_cast<std::size_t>(i)] == 1;
      CHECK((heads.grad()[i].abs().sum().item<double>() > 0) == injected);
    }
  }
}

TEST_CASE("reward model: supervised learning finds the mean watch time of injected requests") {
  const EnvSpec spec = feed_like_spec(3);
  const TransitionBatch data = random_transitions(spec, 2000, 5);
  double sum = 0, injected = 0;
  for (std::size_t i = 0; i < data.size(); ++i)
    if (data.action[i] == 1) {
      sum += data.watch_time_s[i];
      injected += 1;
    }
  // Means are what these heads estimate; the centres of wide buckets and a few quantiles of a heavy tail only come near.
  const std::pair<RewardHead, double> heads_and_tolerance[] = {
      {RewardHead::kBucketProportion, 0.08}, {RewardHead::kMse, 0.08}, {RewardHead::kTwoHot, 0.08}, {RewardHead::kHlGauss, 0.2}, {RewardHead::kQuantile, 0.2}};
  for (const auto& [head, tolerance] : heads_and_tolerance) {
    CAPTURE(static_cast<int>(head));
    RewardModel model(spec, small(8, head), 30);
    if (model.is_discretised()) model.form_buckets(data);
    // Heads without inputs: one vector for everybody.
    Tensor heads = torch::zeros({1, model.num_heads()}).requires_grad_(true);
    torch::optim::Adam optimiser({heads}, torch::optim::AdamOptions(0.02));
    ReplayBuffer replay(2000, data.width, data.num_costs);
    replay.add(data);
    TorchBatch batch;
    for (std::uint64_t update = 0; update < 600; ++update) {
      sample_batch(replay, Seed(2), update, {.batch_size = 512, .num_groups = 3}, batch);
      optimiser.zero_grad();
      model.loss(heads.expand({512, -1}), batch).backward();
      optimiser.step();
    }
    const Tensor r = model.predict(heads.detach(), torch::zeros({1, spec.schema.width}),
                                   torch::full({1}, 1, torch::kLong), {0, 0});
    CHECK(r[0][1].item<double>() * 30 == doctest::Approx(sum / injected).epsilon(tolerance));
  }
}

}  // namespace
}  // namespace sluice
