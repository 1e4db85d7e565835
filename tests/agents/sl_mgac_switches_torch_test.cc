// SL-MGAC with each of its pieces switched: saved, resumed, diagnosed.

#include <doctest/doctest.h>

#include "sim/check.h"
#include "tests/agents/trained_agents.h"

namespace sluice {
namespace {

// SL-MGAC with each of its switches turned, one at a time.
std::vector<SlMgacConfig> switches() {
  std::vector<SlMgacConfig> configs;
  const auto add = [&](auto change) {
    configs.push_back(small_sl_mgac());
    change(configs.back());
  };
  add([](SlMgacConfig&) {});
  add([](SlMgacConfig& c) { c.num_groups = 1; });
  add([](SlMgacConfig& c) { c.num_groups = 1, c.match_groups = 3; });
  add([](SlMgacConfig& c) { c.num_groups = 1, c.reward_unit = RewardUnit::kUser; });
  add([](SlMgacConfig& c) { c.grouping = Grouping::kRandom; });
  add([](SlMgacConfig& c) { c.group_actor = false; });
  add([](SlMgacConfig& c) { c.group_critic = false; });
  add([](SlMgacConfig& c) { c.reward_prediction = false; });
  add([](SlMgacConfig& c) { c.residual = false; });
  add([](SlMgacConfig& c) { c.td_trains_rpn = true; });
  add([](SlMgacConfig& c) { c.twin_critic = TwinCritic::kMin; });
  add([](SlMgacConfig& c) { c.twin_critic = TwinCritic::kMean; });
  add([](SlMgacConfig& c) { c.actor_trains_extractor = true; });
  add([](SlMgacConfig& c) { c.td_loss = TdLoss::kHuber; });
  add([](SlMgacConfig& c) { c.bucket_scheme = BucketScheme::kEqualWidth; });
  add([](SlMgacConfig& c) { c.bucket_scheme = BucketScheme::kEqualFrequency; });
  add([](SlMgacConfig& c) { c.decay_updates = 50; });
  add([](SlMgacConfig& c) { c.multiplier = DualMultiplierConfig{}; });
  add([](SlMgacConfig& c) { c.multiplier = PidMultiplierConfig{}; });
  for (const LayerNorm norm : {LayerNorm::kNone, LayerNorm::kInput}) add([&](SlMgacConfig& c) { c.layer_norm = norm; });
  for (const RewardHead head : {RewardHead::kTwoHot, RewardHead::kHlGauss, RewardHead::kQuantile, RewardHead::kMse})
    add([&](SlMgacConfig& c) { c.reward_head = head; });
  for (const QNormalization kind : {QNormalization::kNone, QNormalization::kMeanAbs, QNormalization::kStd})
    add([&](SlMgacConfig& c) { c.q_normalization = kind; });
  return configs;
}

TEST_CASE("sl-mgac: with any switch turned, saved and loaded after 50 updates, 100 more are those of an uninterrupted run, byte for byte") {
  EnvSpec spec = feed_like_spec(kUsers);
  spec.limits = {{.cost = 0, .limit = 5, .reference = "test"}};
  int number = 0;
  for (const SlMgacConfig& config : switches()) {
    CAPTURE(number);
    ++number;
    check_resumes(config, spec);
  }
  SlMgacConfig nothing = small_sl_mgac();
  nothing.reward_prediction = nothing.residual = false;
  CHECK_THROWS_AS(make_agent(nothing, spec, Seed(1), quick()), UserError);
  SlMgacConfig twin_of_nothing = small_sl_mgac();
  twin_of_nothing.residual = false;
  twin_of_nothing.twin_critic = TwinCritic::kMin;
  CHECK_THROWS_WITH_AS(make_agent(twin_of_nothing, spec, Seed(1), quick()), doctest::Contains("twin_critic"), UserError);
}

TEST_CASE("sl-mgac: diagnostics have the same names every time and change nothing, with any switch turned") {
  const EnvSpec spec = feed_like_spec(kUsers);
  int number = 0;
  for (const SlMgacConfig& config : switches()) {
    CAPTURE(number);
    ++number;
    const auto agent = trained(config, spec, 3, 5), twin = trained(config, spec, 3, 5);
    std::vector<std::string> names;
    for (int time = 0; time < 2; ++time) {
      std::vector<std::string> own;
      for (const Diagnostic& d : agent->diagnose(32)) own.push_back(d.name);
      if (time == 0) names = own;
      CHECK(own == names);
      CHECK(own.size() > 10);
      agent->update();
      twin->update();
    }
    StateBlobs states[2];
    for (const int which : {0, 1}) {
      StateArchive archive = StateArchive::saving(states[which]);
      (which == 0 ? agent : twin)->transfer(archive);
    }
    CHECK(same_blobs(states[0], states[1]));
  }
}

TEST_CASE("sl-mgac: the Q of rows does not depend on their order and is what diagnostics and actor see") {
  const EnvSpec spec = feed_like_spec(kUsers);
  const auto agent = trained(small_sl_mgac(), spec, 3, 30);
  const RequestBatch requests = some_requests(spec, 1);
  std::vector<std::uint8_t> groups(kUsers);
  for (std::size_t i = 0; i < kUsers; ++i) groups[i] = static_cast<std::uint8_t>(i % 3);
  std::vector<float> all(2 * kUsers), one(2);
  REQUIRE(agent->action_values(requests.observation, groups, all));
  const auto width = static_cast<std::size_t>(spec.schema.width);
  for (std::size_t i = 0; i < kUsers; ++i) {
    REQUIRE(agent->action_values(std::span(requests.observation).subspan(i * width, width), std::span(groups).subspan(i, 1), one));
    for (const std::size_t a : {0, 1}) CHECK(one[a] == doctest::Approx(all[2 * i + a]).epsilon(1e-4));
  }
}

TEST_CASE("sl-mgac: a unit that grows with the user's watch needs an environment that tells it") {
  EnvSpec spec = feed_like_spec(kUsers);
  spec.schema.blocks[0].item[1].name = "no_such";
  spec.schema.finish();
  SlMgacConfig config = small_sl_mgac();
  config.reward_unit = RewardUnit::kUser;
  CHECK_THROWS_WITH_AS(make_agent(config, spec, Seed(1), quick()), doctest::Contains("use common"), UserError);
}

}  // namespace
}  // namespace sluice
