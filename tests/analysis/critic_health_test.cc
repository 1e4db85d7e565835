#include "analysis/critic_health.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "analysis/report_figures.h"

namespace sluice {
namespace {

Run health_run(const std::string& label, std::int64_t seed, std::vector<double> q_rmse, std::vector<double> q_abs_max) {
  Run run;
  run.label = label;
  run.seed = seed;
  std::vector<double> decisions;
  for (std::size_t i = 0; i < q_rmse.size(); ++i) decisions.push_back(static_cast<double>(i + 1));
  run.diagnostics.columns = {{"decisions", "1", "", decisions}, {"q_rmse", "reward", "", q_rmse}};
  std::vector<double> rate, when, td_error(q_abs_max.size(), 4), none(q_abs_max.size(), std::numeric_limits<double>::quiet_NaN()), one(q_abs_max.size(), 1);
  for (std::size_t i = 0; i < q_abs_max.size(); ++i) {
    when.push_back(static_cast<double>(i + 1));
    rate.push_back(i % 2 == 0 ? 0.4 : 0.6);
  }
  run.training.columns = {{"decisions", "1", "", when}, {"q_abs_max", "reward", "", q_abs_max}, {"injection_rate", "1", "", rate}, {"td_error_rms", "reward", "", td_error},
                          {"td_loss", "1", "", none}, {"actor_loss", "1", "", one}};
  return run;
}

const HealthNumber& number(const CriticHealth& agent, const std::string& name) {
  for (const HealthNumber& found : agent.numbers)
    if (found.name == name) return found;
  throw std::out_of_range(name);
}

TEST_CASE("critic health: means over the second half of each run, and their t interval over seeds, by hand") {
  Runs runs;
  runs.runs = {health_run("a", 1, {100, 100, 10, 20}, {1, 1, 1, 1}), health_run("a", 2, {100, 100, 20, 22}, {1, 1, 1, 1})};
  const std::vector<CriticHealth> agents = critic_health(runs);
  REQUIRE(agents.size() == 1);
  const HealthNumber& error = number(agents[0], "q_rmse");
  REQUIRE(error.runs.size() == 2);
  CHECK(error.runs[0] == doctest::Approx(15));
  CHECK(error.runs[1] == doctest::Approx(21));
  CHECK(error.mean.value == doctest::Approx(18));
  // t of one degree of freedom at 97.5 %: tan(.475 π) = 12.706; standard error 6/√2/√2 = 3
  CHECK(error.mean.hi == doctest::Approx(18 + 12.7062 * 3).epsilon(1e-5));
  CHECK(number(agents[0], "td_error_rms").mean.value == doctest::Approx(4));
  CHECK(number(agents[0], "injection_rate").mean.value == doctest::Approx(0.5));
  CHECK(number(agents[0], "injection_rate_unrest").mean.value == doctest::Approx(0.1 * std::sqrt(2)));  // of .4 and .6
  CHECK(number(agents[0], "seem_normalised").runs.empty());
  CHECK(agents[0].num_diverged == 0);
}

TEST_CASE("critic health: a run whose Q passed the bound, or was no number, has diverged, its numbers stay in the table") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Runs runs;
  runs.runs = {health_run("a", 1, {1, 2}, {1, 2e6, 1}), health_run("a", 2, {1, 2}, {1, nan}), health_run("a", 3, {1, 2}, {1, 1})};
  Runs imitators;
  imitators.runs = {health_run("b", 1, {1, 2}, {nan, nan})};  // has an actor and no Q
  CHECK(critic_health(imitators)[0].num_diverged == 0);
  const std::vector<CriticHealth> agents = critic_health(runs);
  CHECK(agents[0].num_diverged == 2);
  const auto table = critic_health_table(agents);
  REQUIRE(table);
  CHECK(table->rows[0].back() == "2 of 3");
  CHECK_FALSE(critic_health_table({}));
}

TEST_CASE("critic health: the second half is of the rows, not of those that are numbers") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Runs runs;
  runs.runs = {health_run("a", 1, {1, 2, 3, 4, 9, nan, nan, nan}, {1})};
  CHECK(number(critic_health(runs)[0], "q_rmse").mean.value == doctest::Approx(9));
}

TEST_CASE("critic health: runs without diagnostics make no row and no figure") {
  Runs runs;
  runs.runs = {health_run("a", 1, {}, {})};
  runs.runs[0].diagnostics = {};
  CHECK(critic_health(runs).empty());
  Comparison comparison;
  comparison.agents = {{.label = "a", .kind = "a", .metrics = {}, .constraints = {}}};
  CHECK_FALSE(critic_health_figure(runs, comparison));
}

}  // namespace
}  // namespace sluice
