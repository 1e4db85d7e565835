#include "agents/multipliers.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "sim/check.h"

namespace sluice {
namespace {

EnvSpec two_costs() {
  EnvSpec spec;
  spec.cost_names = {"cost_usage", "cost_time"};
  spec.limits = {{.cost = 1, .limit = -200, .reference = "test"}};
  return spec;
}

TEST_CASE("multipliers: fixed ones are given by name and never move") {
  Multipliers m(FixedMultiplierConfig{{{"cost_time", 0.25}}}, two_costs());
  m.step(std::vector<double>{1e6, 1e6});
  CHECK(m.values() == std::vector<double>{0, 0.25});
}

TEST_CASE("multipliers: a cost that the environment lacks is refused by name") {
  CHECK_THROWS_AS(Multipliers(FixedMultiplierConfig{{{"cost_tmie", 1}}}, two_costs()), UserError);
}

TEST_CASE("multipliers: dual ascent moves by the relative violation and stays within its bounds") {
  Multipliers m(DualMultiplierConfig{.step_size = 0.5, .decay_steps = 0, .initial = 0.1, .max = 0.3},
                two_costs());
  CHECK(m.values() == std::vector<double>{0, 0.1});
  m.step(std::vector<double>{9, -150});  // (−150 + 200)/200 = .25
  CHECK(m.values()[1] == doctest::Approx(0.1 + 0.5 * 0.25));
  m.step(std::vector<double>{9, 0});
  CHECK(m.values()[1] == doctest::Approx(0.3));
  m.step(std::vector<double>{9, -1000});
  CHECK(m.values()[1] == 0);
  m.step(std::vector<double>{9, std::numeric_limits<double>::quiet_NaN()});
  CHECK(m.values()[1] == 0);
  CHECK(m.values()[0] == 0);
}

TEST_CASE("multipliers: decaying steps shrink like one over their number") {
  Multipliers m(DualMultiplierConfig{.step_size = 1, .decay_steps = 2, .initial = 0}, two_costs());
  double expected = 0;
  for (int k = 0; k < 4; ++k) {
    m.step(std::vector<double>{0, -100});  // violation .5
    expected += 0.5 / (1 + k / 2.0);
    CHECK(m.values()[1] == doctest::Approx(expected));
  }
}

TEST_CASE("multipliers: by default the feed has a fixed price of usage, a tabular world learns its own") {
  EnvSpec spec = two_costs();
  CHECK(Multipliers(AutoMultiplierConfig{}, spec).values() == std::vector<double>{1, 0});
  spec.has_watch_outcome = false;
  Multipliers m(AutoMultiplierConfig{}, spec);
  m.step(std::vector<double>{0, 0});
  CHECK(m.values()[1] > 0);
}

}  // namespace
}  // namespace sluice
