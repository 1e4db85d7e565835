#include "analysis/compare.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "analysis/comparison_table.h"
#include "analysis/objective.h"
#include "sim/check.h"
#include "tests/analysis/synthetic_results.h"

namespace fs = std::filesystem;
using namespace sluice;
using sluice::testing::SyntheticAgent;
using sluice::testing::typical_agents;
using sluice::testing::write_synthetic;

namespace {

struct TemporaryDirectory {
  std::string path = (fs::temp_directory_path() / "sluice_compare_XXXXXX").string();
  TemporaryDirectory() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~TemporaryDirectory() { fs::remove_all(path); }
};

/// A result file with given live watch per user (user_id, seconds) over one day.
void write_tiny(const std::string& path, const std::string& label, std::int64_t seed,
                std::int64_t evaluate_seed, const std::vector<std::int64_t>& users,
                const std::vector<double>& watch, std::int64_t decisions = 0) {
  ResultWriter writer(path, Overwrite::kRefuse);
  writer.set_attribute("agent", label);
  writer.set_attribute("seed", seed);
  writer.set_attribute("evaluate_seed", evaluate_seed);
  writer.set_attribute("decisions", decisions);
  writer.set_attribute("eval_days", std::int64_t{2});
  writer.write_table("/episodes",
                     {{{"user_id", "id", "", users},
                       {"live_watch_s", "s", "", watch},
                       {"app_usage_s", "s", "", std::vector<double>(users.size(), 100)}}});
  writer.commit();
}

}  // namespace

TEST_CASE("compare: the objective at given prices, its gain as a share of the reference's live watch, by hand") {
  const TemporaryDirectory directory;
  const auto write = [&](const char* label, std::vector<double> watch, std::vector<double> cost) {
    ResultWriter writer(directory.path + "/" + label + ".h5", Overwrite::kRefuse);
    writer.set_attribute("agent", std::string(label));
    writer.set_attribute("seed", std::int64_t{1});
    writer.set_attribute("evaluate_seed", std::int64_t{7});
    writer.set_attribute("decisions", Attribute(std::int64_t{0}));
    writer.set_attribute("eval_days", std::int64_t{2});
    Table episodes;
    episodes.columns.push_back({"user_id", "id", "", std::vector<std::int64_t>{0, 1}});
    episodes.columns.push_back({"live_watch_s", "s", "", std::move(watch)});
    episodes.columns.push_back({"app_usage_s", "s", "", std::vector<double>{100, 100}});
    episodes.columns.push_back({"cost_time", "s", "", std::move(cost)});
    writer.write_table("/episodes", episodes);
    writer.commit();
  };
  write("threshold", {10, 30}, {-100, -200});
  write("planner", {12, 32}, {-110, -210});
  Runs runs = load_runs({directory.path});
  add_objective(runs, parse_prices({"cost_time=0.5"}));
  const Comparison comparison = compare(runs, {});
  REQUIRE(comparison.metrics.back().name == std::string("objective"));
  // (10 + 30)/2 users/2 days + .5 · 300/2/2 = 10 + 37.5
  CHECK(comparison.find("threshold")->metrics.back().value.value == doctest::Approx(47.5));
  // + 2 s of watch and 5 s of priced usage for each user, over 20 s of live watch a user
  CHECK(comparison.find("planner")->metrics.back().lift.value == doctest::Approx(7.0 / 20));
  CHECK(comparison.objective == "live watch − 0.5·cost_time");
  CHECK_THROWS_WITH_AS(add_objective(runs, {{"cost_tim", 1}}), doctest::Contains("no such cost"), UserError);
  CHECK_THROWS_WITH_AS(parse_prices({"cost_time=1x"}), doctest::Contains("COST=PRICE"), UserError);
}

TEST_CASE("compare: values and paired lifts by hand, users matched by id") {
  const TemporaryDirectory directory;
  write_tiny(directory.path + "/a.h5", "threshold", 1, 7, {0, 1, 2}, {10, 20, 30});
  write_tiny(directory.path + "/b.h5", "dqn", 1, 7, {2, 0, 1}, {33, 11, 22}, 100);
  const Comparison comparison = compare(load_runs({directory.path}), {});
  CHECK(comparison.reference == "threshold");
  const AgentSummary& dqn = *comparison.find("dqn");
  CHECK(dqn.metrics[0].value.value == doctest::Approx(11));  // 66 s / (3 users × 2 days)
  CHECK(dqn.metrics[0].lift.value == doctest::Approx(0.1));
  // Every user gains a tenth: whoever is drawn, the lift is a tenth.
  CHECK(dqn.metrics[0].lift.lo == doctest::Approx(0.1));
  CHECK(dqn.metrics[0].lift.hi == doctest::Approx(0.1));
  CHECK(dqn.metrics[0].value.hi - dqn.metrics[0].value.lo > 1);
  CHECK(std::isnan(comparison.find("threshold")->metrics[0].lift.value));
  CHECK(render_comparison(comparison, TableFormat::kText).find("†") != std::string::npos);
}

TEST_CASE("compare: the spread of training seeds widens a learner's interval, not a rule's") {
  const TemporaryDirectory directory;
  const std::vector<std::int64_t> users = {0, 1, 2, 3};
  const std::vector<double> base = {10, 20, 30, 40};
  for (int seed = 1; seed <= 3; ++seed) {
    std::vector<double> watch = base, rule = base;
    for (double& w : watch) w *= 1 + 0.1 * seed;
    for (double& w : rule) w *= 1.2;
    const std::string tag = std::to_string(seed);
    write_tiny(directory.path + "/r" + tag + ".h5", "threshold", seed, 7, users, base);
    write_tiny(directory.path + "/s" + tag + ".h5", "other", seed, 7, users, rule);
    write_tiny(directory.path + "/l" + tag + ".h5", "dqn", seed, 7, users, watch, 100);
  }
  const Comparison comparison = compare(load_runs({directory.path}), {});
  const Estimate rule = comparison.find("other")->metrics[0].lift;
  const Estimate learner = comparison.find("dqn")->metrics[0].lift;
  CHECK(rule.value == doctest::Approx(0.2));
  CHECK(rule.hi - rule.lo == doctest::Approx(0));
  CHECK(learner.value == doctest::Approx(0.2));
  CHECK(learner.lo < 0.13);
  CHECK(learner.hi > 0.27);
}

TEST_CASE(
    "compare: the paired interval covers the known lift and is far narrower than the levels'") {
  const TemporaryDirectory directory;
  write_synthetic(directory.path, typical_agents());
  const Comparison comparison = compare(load_runs({directory.path}), {});
  CHECK(comparison.reference == "threshold_tuned");
  CHECK(comparison.users == 1800);
  CHECK(comparison.evaluate_seeds == std::vector<std::int64_t>{1001, 1002, 1003});
  for (const SyntheticAgent& truth : typical_agents()) {
    if (truth.label == comparison.reference || truth.label == "never") continue;
    CAPTURE(truth.label);
    const MetricSummary& watch = comparison.find(truth.label)->metrics[0];
    CHECK(watch.lift.lo < truth.live_factor - 1 + 0.02);
    CHECK(watch.lift.hi > truth.live_factor - 1 - 0.02);
    if (!truth.learns)  // a learner's holds its seeds' spread too
      CHECK(watch.lift.hi - watch.lift.lo <
            0.5 * (watch.value.hi - watch.value.lo) / watch.value.value);
  }
  CHECK(comparison.find("never")->metrics[0].lift.value == doctest::Approx(-1));
  CHECK(comparison.detectable_lift > 0);
  CHECK(comparison.detectable_lift < 0.1);
  const ConstraintSummary& time = comparison.find("always")->constraints[0];
  CHECK(time.name == "cost_time");
  CHECK(time.num_runs == 3);
}

TEST_CASE("compare: equal inputs give equal text in every format, and no cell is missing") {
  const TemporaryDirectory directory;
  const auto files =
      write_synthetic(directory.path, typical_agents(), {.users = 100, .seeds = {1, 2}});
  const Comparison a = compare(load_runs(files), {}), b = compare(load_runs({directory.path}), {});
  for (const TableFormat format :
       {TableFormat::kText, TableFormat::kMarkdown, TableFormat::kCsv, TableFormat::kLatex})
    CHECK(render_comparison(a, format).size() == render_comparison(b, format).size());
  CHECK(render_comparison(a, TableFormat::kText).find("nan") == std::string::npos);
  CHECK(render_comparison(a, TableFormat::kLatex).find("threshold\\_tuned") != std::string::npos);
}

TEST_CASE("compare: bad files, unknown references and doubles are named") {
  const TemporaryDirectory directory;
  CHECK_THROWS_AS(load_runs({}), UserError);
  CHECK_THROWS_AS(load_runs({directory.path}), UserError);  // nothing in it
  CHECK_THROWS_AS(load_runs({directory.path + "/absent.h5"}), UserError);
  write_tiny(directory.path + "/a.h5", "dqn", 1, 7, {0, 1}, {1, 2}, 10);
  std::ofstream(directory.path + "/junk.h5") << "junk";
  const Runs runs = load_runs({directory.path});
  CHECK(runs.runs.size() == 1);
  REQUIRE(runs.notes.size() == 1);
  CHECK(runs.notes[0].find("junk.h5") != std::string::npos);
  CHECK_THROWS_AS(load_runs({directory.path + "/a.h5", directory.path + "/junk.h5"}), UserError);
  CHECK_THROWS_WITH_AS(compare(runs, {.reference = "sac"}),
                       "--reference sac: no such agent here; there are dqn", UserError);
  write_tiny(directory.path + "/b.h5", "dqn", 1, 7, {0, 1}, {1, 2}, 10);
  CHECK_THROWS_AS(load_runs({directory.path}), UserError);  // the same agent and seeds twice
  CHECK_THROWS_AS(parse_table_format("xlsx"), UserError);
}

TEST_CASE("compare: text tables align by characters and markdown escapes bars") {
  const TextTable table{.title = "T",
                        .headers = {"a", "value\ns"},
                        .rows = {{"−ü", "1"}, {"x|y", "22"}},
                        .caption = "",
                        .num_left = 1};
  CHECK(render(table, TableFormat::kText) ==
        "T\n     value\na        s\n──────────\n−ü       1\nx|y     22\n");
  CHECK(render(table, TableFormat::kMarkdown).find("x\\|y") != std::string::npos);
  CHECK(render(table, TableFormat::kCsv) == "a,value s\n−ü,1\nx|y,22\n");
}

TEST_CASE("compare: tabular runs are compared by their exact returns and the spread of seeds") {
  const TemporaryDirectory directory;
  const auto write = [&](const std::string& label, std::int64_t seed, double value) {
    ResultWriter writer(directory.path + "/" + label + std::to_string(seed) + ".h5",
                        Overwrite::kRefuse);
    writer.set_attribute("agent", label);
    writer.set_attribute("environment", "tabular");
    writer.set_attribute("seed", seed);
    writer.set_attribute("evaluate_seed", std::int64_t{1});
    writer.set_attribute("decisions", std::int64_t{1000});
    writer.write_array("/exact/return", {.shape = {1}, .values = {value}});
    writer.write_array("/exact/cost", {.shape = {1}, .values = {0.5}});
    writer.write_array("/optimum/return", {.shape = {1}, .values = {10}});
    writer.write_table("/constraints", {{{"decisions", "1", "", std::vector<std::int64_t>{1000}},
                                         {"name", "1", "", std::vector<std::string>{"cost_0"}},
                                         {"value", "1", "", std::vector<double>{0.5}},
                                         {"limit", "1", "", std::vector<double>{-0.25}},
                                         {"violation", "1", "", std::vector<double>{0.75}},
                                         {"violated", "1", "", std::vector<std::int64_t>{1}},
                                         {"multiplier", "1", "", std::vector<double>{2}},
                                         {"reference", "1", "", std::vector<std::string>{""}}}});
    writer.commit();
  };
  for (int seed = 1; seed <= 3; ++seed) {
    write("dqn", seed, 8 + 0.1 * seed);
    write("sl_mgac", seed, 9 + 0.1 * seed);
  }
  const Comparison comparison = compare(load_runs({directory.path}), {});
  CHECK(comparison.tabular);
  CHECK(comparison.optimum == 10);
  const AgentSummary& agent = *comparison.find("sl_mgac");
  CHECK(agent.metrics[0].value.value == doctest::Approx(9.2));
  CHECK(agent.metrics[0].value.lo < 9.15);
  CHECK(agent.metrics[0].lift.value == doctest::Approx(1 / 8.2));
  CHECK(agent.constraints[0].violation == doctest::Approx(3));  // relative to |limit|
  CHECK(agent.constraints[0].num_violated == 3);
  const std::string text = render_comparison(comparison, TableFormat::kText);
  CAPTURE(text);
  CHECK(text.find("yes (3 of 3 seeds)") != std::string::npos);
  CHECK(text.find("nan") == std::string::npos);
}
