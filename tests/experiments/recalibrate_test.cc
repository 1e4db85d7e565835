#include "experiments/recalibrate.h"

#include <doctest/doctest.h>

#include <cmath>

#include "experiments/marginals.h"

namespace sluice {
namespace {

BehaviouralUsersConfig& users_of(FeedConfig& config) { return std::get<BehaviouralUsersConfig>(config.users); }

}  // namespace

TEST_SUITE("slow") {
TEST_CASE("recalibrate: parameters that were moved come back, from the marginals alone") {
  FeedConfig truth;
  truth.supply = MarkovModulatedSupplyConfig{.streamers = {.count = 300}};
  truth.burn_in.days = 2;
  const MarginalTargets data = published_targets();
  std::vector<double> targets;
  for (const Moment& moment : moments(measure_marginals(truth, {.users = 300, .seed = 4}), data)) targets.push_back(moment.value);
  FeedConfig moved = truth;
  users_of(moved).live.enter_bias += 0.5;
  users_of(moved).activity.budget_mean_s *= 1.3;
  Recalibration result = recalibrate(moved, data, {.knobs = Knobs::kLight, .users = 300, .jacobian_users = 300, .seed = 4, .iterations = 5}, targets);
  CHECK(misfit(result.after) < 0.3 * misfit(result.before));
  CHECK(std::abs(users_of(result.config).live.enter_bias - users_of(truth).live.enter_bias) < 0.25);  // affinity can stand in for a part of it
  CHECK(users_of(result.config).activity.budget_mean_s == doctest::Approx(users_of(truth).activity.budget_mean_s).epsilon(0.08));
  // What it writes is a scenario of what differs from the default.
  const std::string yaml = recalibrated_yaml(moved, result, {});
  CHECK(yaml.find("enter_bias:") != std::string::npos);
  CHECK(yaml.find("# from") != std::string::npos);
}
}

}  // namespace sluice
