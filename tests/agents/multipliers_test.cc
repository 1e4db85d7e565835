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

TEST_CASE("multipliers: PID adds the trailing violation, its sum, and the growth of the cost") {
  // Limit −200.  Worked by hand for costs −100, −150, −100 with smoothing ½ and a delay of one step.
  const PidMultiplierConfig config{.proportional = 0.5, .integral = 0.1, .derivative = 2, .smoothing = 0.5, .delay = 1};
  Multipliers m(config, two_costs());
  CHECK(m.values() == std::vector<double>{0, 0});
  m.step(std::vector<double>{0, -100});  // e .5; ⟨e⟩ .5, I .05, no past yet
  CHECK(m.values()[1] == doctest::Approx(0.5 * 0.5 + 0.05));
  m.step(std::vector<double>{0, -150});  // e .25; ⟨e⟩ .375, I .075, ⟨J⟩ −100 → −125: it falls, D = 0
  CHECK(m.values()[1] == doctest::Approx(0.5 * 0.375 + 0.075));
  m.step(std::vector<double>{0, -100});  // e .5; ⟨e⟩ .4375, I .125, ⟨J⟩ −125 → −112.5: D = 12.5/200
  CHECK(m.values()[1] == doctest::Approx(0.5 * 0.4375 + 0.125 + 2 * 0.0625));
  for (int i = 0; i < 20; ++i) m.step(std::vector<double>{0, -1000});  // e −4: nothing below 0
  CHECK(m.values()[1] == 0);
  m.step(std::vector<double>{0, std::numeric_limits<double>::quiet_NaN()});
  CHECK(m.values()[1] == 0);
}

TEST_CASE("multipliers: PID's sum winds up neither below 0 nor above the largest price") {
  Multipliers m(PidMultiplierConfig{.proportional = 0, .integral = 0.1, .derivative = 0, .max = 2}, two_costs());
  for (int i = 0; i < 20; ++i) m.step(std::vector<double>{0, -1000});  // e −4
  m.step(std::vector<double>{0, -100});  // e .5
  CHECK(m.values()[1] == doctest::Approx(0.05));
  for (int i = 0; i < 200; ++i) m.step(std::vector<double>{0, 200});  // e 2
  CHECK(m.values()[1] == doctest::Approx(2));
  m.step(std::vector<double>{0, -300});  // e −.5
  CHECK(m.values()[1] == doctest::Approx(1.95));
}

TEST_CASE("multipliers: beside those that move, a cost may have a fixed price") {
  for (const MultiplierConfig& config : {MultiplierConfig(DualMultiplierConfig{.fixed = {{"cost_usage", 1.5}}}),
                                         MultiplierConfig(PidMultiplierConfig{.fixed = {{"cost_usage", 1.5}}})}) {
    Multipliers m(config, two_costs());
    m.step(std::vector<double>{1e6, -100});
    CHECK(m.values()[0] == 1.5);
    CHECK(m.values()[1] > 0);
  }
  Multipliers held(DualMultiplierConfig{.fixed = {{"cost_time", 0.5}}}, two_costs());
  held.step(std::vector<double>{0, -100});
  CHECK(held.values()[1] == 0.5);
  CHECK_THROWS_AS(Multipliers(PidMultiplierConfig{.fixed = {{"cost_tmie", 1}}}, two_costs()), UserError);
}

TEST_CASE("multipliers: limits are kept otherwise where fixed prices do not name the cost, at 0 too") {
  CHECK(unpriced_limits(FixedMultiplierConfig{{{"cost_usage", 1}}}, two_costs()).size() == 1);
  CHECK(unpriced_limits(FixedMultiplierConfig{{{"cost_usage", 1}, {"cost_time", 0}}}, two_costs()).empty());
  CHECK(unpriced_limits(FixedMultiplierConfig{{{"cost_time", 0.5}}}, two_costs()).empty());
}

TEST_CASE("multipliers: a cost may have a price if it has one or if its limit moves it") {
  const auto may = [](const MultiplierConfig& config) {
    const Multipliers m(config, two_costs());
    return std::pair(m.may_price(0), m.may_price(1));
  };
  CHECK(may(FixedMultiplierConfig{{{"cost_usage", 1}, {"cost_time", 0}}}) == std::pair(true, false));
  CHECK(may(DualMultiplierConfig{}) == std::pair(false, true));
  CHECK(may(PidMultiplierConfig{.fixed = {{"cost_usage", 1}, {"cost_time", 0}}}) == std::pair(true, false));
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
