// Agents compared under one limit of a cost.
#include "analysis/matched.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "sim/check.h"

namespace fs = std::filesystem;

namespace sluice {
namespace {

constexpr double kDays = 2;
const std::vector<double> kWeights = {0.5, 1, 4, 2.5};  // of users; mean 2

struct Files {
  std::string path = (fs::temp_directory_path() / "sluice_matched_XXXXXX").string();
  Files() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~Files() { fs::remove_all(path); }

  /// A policy: every user has `usage` and `watch` per user-day, times the user's weight over the mean weight.
  void add(const std::string& label, double usage, double watch, std::int64_t seed = 1, std::int64_t decisions = 0,
           double limit = std::nan(""), const std::string& config = "") const {
    ResultWriter writer(path + "/" + label + "_" + std::to_string(seed) + ".h5", Overwrite::kRefuse);
    writer.set_attribute("agent", label.substr(0, label.find('-')));
    writer.set_attribute("agent_label", label);
    writer.set_attribute("seed", seed);
    writer.set_attribute("evaluate_seed", 10 + seed);
    writer.set_attribute("decisions", decisions);
    writer.set_attribute("eval_days", static_cast<std::int64_t>(kDays));
    if (!config.empty()) writer.write_config(config);
    std::vector<std::int64_t> users;
    std::vector<double> watches, costs;
    for (std::size_t i = 0; i < kWeights.size(); ++i) {
      users.push_back(static_cast<std::int64_t>(i));
      watches.push_back(watch * kWeights[i] / 2 * kDays);
      costs.push_back(-usage * kWeights[i] / 2 * kDays);
    }
    writer.write_table("/episodes", {{{"user_id", "id", "", users}, {"live_watch_s", "s", "", watches}, {"cost_time", "s", "", costs}}});
    if (!std::isnan(limit))
      writer.write_table("/constraints", {{{"decisions", "1", "", std::vector<std::int64_t>{decisions}},
                                           {"name", "", "", std::vector<std::string>{"cost_time"}},
                                           {"reference", "", "", std::vector<std::string>{""}},
                                           {"value", "s", "", std::vector<double>{-usage}},
                                           {"limit", "s", "", std::vector<double>{limit}},
                                           {"multiplier", "1", "", std::vector<double>{0}}}});
    writer.commit();
  }
  Matched compare(const std::string& text, std::optional<std::string> reference = std::nullopt) const {
    return compare_matched(load_runs({path}), parse_matched(text), {.reference = reference, .resamples = 200});
  }
};

const MatchedFamily& family(const Matched& matched, const std::string& name) {
  for (const MatchedFamily& one : matched.families)
    if (one.name == name) return one;
  FAIL("no family " << name);
  return matched.families[0];
}

TEST_CASE("fronts: the highest point within a limit, on straight lines between points by falling value") {
  const std::vector<std::pair<double, double>> points = {{4, 10}, {0, 0}, {2, 6}};
  CHECK(highest_within(points, 0).value == 0);
  CHECK(highest_within(points, 1).value == doctest::Approx(3));
  CHECK(highest_within(points, 2).value == 6);
  CHECK(highest_within(points, 3).value == doctest::Approx(8));
  CHECK_FALSE(highest_within(points, 3).is_unbound);
  CHECK(highest_within(points, 5).value == 10);
  CHECK(highest_within(points, 5).is_unbound);
  CHECK(std::isnan(highest_within(points, -0.01).value));
  // A front that bends back meets a limit twice: the upper place counts, though the other is nearer in cost to a point.
  const std::vector<std::pair<double, double>> bent = {{4, 10}, {1, 5}, {3, 0}};
  CHECK(highest_within(bent, 2).value == doctest::Approx(5 + 5.0 / 3));
  CHECK(highest_within(bent, 3).value == doctest::Approx(5 + 10.0 / 3));
  // Of equal values the cheaper comes first.
  CHECK(highest_within({{2, 5}, {1, 5}}, 1).value == 5);
}

TEST_CASE("matched: agents at one app usage by hand, whichever users are drawn") {
  const Files files;
  files.add("never", 110, 0);
  files.add("threshold-1", 100, 20);
  files.add("threshold-2", 90, 30);
  files.add("dqn-cost_usage-0.5", 92, 33);
  files.add("dqn-cost_usage-2", 104, 15);
  files.add("always", 50, 60);
  const Matched matched = files.compare("cost_time=-95");
  CHECK(matched.reference == "threshold");
  // Halfway between 20 and 30; a quarter of the way from 33 to 15.
  CHECK(family(matched, "threshold").live_watch.value == doctest::Approx(25));
  const MatchedFamily& dqn = family(matched, "dqn");
  CHECK(dqn.live_watch.value == doctest::Approx(33 - 0.25 * 18));
  CHECK(dqn.lift.value == doctest::Approx(28.5 / 25 - 1));
  CHECK(dqn.probability == 1);
  // All users' numbers are in proportion, and c* moves with them: so is every draw.
  CHECK(dqn.lift.lo == doctest::Approx(28.5 / 25 - 1));
  CHECK(dqn.lift.hi == doctest::Approx(28.5 / 25 - 1));
  CHECK(dqn.live_watch.lo < 28);  // live watch itself does not stay
  // One policy and `never` make a front: (110, 0) to (50, 60).
  CHECK(family(matched, "always").live_watch.value == doctest::Approx(15));
  CHECK(matched.families[0].name == "dqn");
  CHECK(matched.families[2].name == "always");

  // Beyond all policies that inject there is only the way to `never`, and beyond that nothing.
  CHECK(family(files.compare("cost_time=-107"), "dqn").live_watch.value == doctest::Approx(7.5));
  const Matched beyond = files.compare("cost_time=-111");
  CHECK(family(beyond, "dqn").num_within == 0);
  CHECK(std::isnan(family(beyond, "dqn").lift.value));
  CHECK(std::isnan(family(beyond, "dqn").probability));
  CHECK(render(matched_table(beyond), TableFormat::kText).find("0 of 1") != std::string::npos);
  // Where a limit binds nobody, everybody has their most.
  const Matched unbound = files.compare("cost_time=-80");
  CHECK(family(unbound, "dqn").live_watch.value == doctest::Approx(33));
  CHECK(family(unbound, "dqn").num_unbound == 1);
  CHECK(family(unbound, "always").num_unbound == 0);
  CHECK(family(unbound, "always").live_watch.value == doctest::Approx(30));
}

TEST_CASE("matched: a learner is better on as many evaluate seeds as it wins, and its luck is in the interval") {
  const Files files;
  const double gains[] = {4, 2, -3};
  for (const std::int64_t seed : {1, 2, 3}) {
    files.add("threshold-1", 100, 20, seed);
    files.add("threshold-2", 90, 30, seed);
    files.add("dqn-1", 100, 20 + gains[seed - 1], seed, 1000);
    files.add("dqn-2", 90, 30 + gains[seed - 1], seed, 1000);
  }
  const Matched matched = files.compare("cost_time=-95");
  const MatchedFamily& dqn = family(matched, "dqn");
  CHECK(dqn.num_fronts == 3);
  CHECK(dqn.lift.value == doctest::Approx(1.0 / 25));
  CHECK(dqn.probability == doctest::Approx(2.0 / 3));
  CHECK(dqn.lift.lo < -0.02);
  CHECK(dqn.lift.hi > 0.1);
  CHECK(family(files.compare("cost_time=-95", "dqn"), "threshold").probability == doctest::Approx(1.0 / 3));
}

TEST_CASE("matched: where users of one evaluate seed use the app twice as much, they are compared at twice the usage") {
  const Files files;
  for (const std::int64_t seed : {1, 2}) {
    const double factor = seed == 1 ? 1 : 2;
    files.add("threshold-1", 100 * factor, 20 * factor, seed);
    files.add("threshold-2", 90 * factor, 30 * factor, seed);
    files.add("dqn-1", 100 * factor, 22 * factor, seed);
    files.add("dqn-2", 90 * factor, 32 * factor, seed);
  }
  const Matched matched = files.compare("cost_time=-142.5");  // 95 and 190
  CHECK(family(matched, "threshold").live_watch.value == doctest::Approx(37.5));
  CHECK(family(matched, "dqn").lift.value == doctest::Approx(3 / 37.5));
}

TEST_CASE("matched: a cost that `never` does not have is compared as well") {
  const Files files;
  files.add("never", 0, 0);
  files.add("threshold-1", -4, 20);  // a cost of 4
  files.add("threshold-2", -8, 30);
  files.add("dqn-1", -6, 27);
  const Matched matched = files.compare("cost_time=6");
  CHECK(family(matched, "threshold").live_watch.value == doctest::Approx(25));
  CHECK(family(matched, "dqn").lift.value == doctest::Approx(2.0 / 25));
  CHECK(family(matched, "dqn").lift.lo == doctest::Approx(2.0 / 25));
}

TEST_CASE("matched: rules meet other worlds on other evaluate seeds, and their intervals say so") {
  const Files files;
  const double watch[] = {20, 30, 40};
  for (const std::int64_t seed : {1, 2, 3}) files.add("threshold-1", 100, watch[seed - 1], seed);
  const Estimate known = family(files.compare("cost_time=-95"), "threshold").live_watch;
  CHECK(known.value == doctest::Approx(30));
  CHECK(known.lo < 24);
  CHECK(known.hi > 36);
}

TEST_CASE("matched: no interval of live watch ends below 0, and none of its lift below -100 %") {
  const Files files;
  for (const std::int64_t seed : {1, 2, 3}) {
    files.add("threshold-1", 100, 20, seed);
    files.add("dqn-1", 100, seed == 1 ? 30 : 0, seed, 1000);
  }
  const Matched matched = files.compare("cost_time=-95", "threshold");
  CHECK(family(matched, "dqn").live_watch.lo == 0);
  CHECK(family(matched, "dqn").lift.lo == -1);
}

TEST_CASE("matched: seeds with fewer runs count as much for the limit, and what is missing is noted") {
  const Files files;
  for (const char* label : {"threshold-1", "threshold-2", "threshold-3"}) files.add(label, 100, 20, 1, 0, -90);
  files.add("threshold-1", 100, 20, 2, 0, -100);
  files.add("dqn-1", 100, 20, 2, 0, -100);
  const Matched matched = files.compare("cost_time", "threshold");
  CHECK(matched.value == doctest::Approx(-95));
  REQUIRE(matched.notes.size() == 1);
  CHECK(matched.notes[0] == "dqn has runs on 1 of 2 evaluate seeds only");
}

TEST_CASE("matched: other limits, training days and numbers of users are no other world, another scenario is, and is noted") {
  const auto notes = [](const std::string& environment) {
    const Files files;
    files.add("threshold-1", 100, 20, 1, 0, -95, "environment:\n  scenario: default\n  days: 7\n  users:\n    count: 10\n  limits:\n    cost_time:\n      at_most: 0\n");
    files.add("dqn-1", 100, 20, 1, 0, -95, "environment:\n" + environment);
    return files.compare("cost_time").notes.size();
  };
  CHECK(notes("  scenario: default\n  days: 9\n  users:\n    count: 20\n  limits:\n    cost_usage:\n      at_most: 5\n") == 0);
  CHECK(notes("  scenario: myopic\n  days: 7\n  users:\n    count: 10\n") == 1);
}

TEST_CASE("compare --matched: a table, its numbers, and a figure in three formats") {
  const Files files;
  files.add("never", 110, 0);
  files.add("threshold-1", 100, 20);
  files.add("threshold-2", 90, 30);
  files.add("dqn-1", 90, 33);
  const Matched matched = files.compare("cost_time=-95");
  const TextTable rows = matched_long_table(matched);
  REQUIRE(rows.rows.size() == 2);
  CHECK(rows.headers[3] == "live_watch_s");
  CHECK(rows.rows[0][0] == "threshold");
  CHECK(rows.rows[0][3] == "25");
  CHECK(rows.rows[1][3] == "24.75");  // three quarters of the way from `never`, (110, 0) to (90, 33)
  CHECK(rows.headers.size() == rows.rows[0].size());

  CompareOptions options{.inputs = {files.path}, .matched = "cost_time=-95", .figure = files.path + "/figure"};
  options.prices = {"cost_time=0.15"};
  CHECK_THROWS_WITH_AS(compare_command(options), doctest::Contains("--price"), UserError);
  options.prices.clear();
  if (std::system("gnuplot --version > /dev/null 2>&1") != 0) {
    MESSAGE("skipped: no gnuplot");
    return;
  }
  CHECK(compare_command(options) == 0);
  for (const char* extension : {".svg", ".pdf", ".png", ".csv", ".gp"}) {
    CAPTURE(extension);
    CHECK(fs::file_size(files.path + "/figure/fronts" + extension) > 60);
  }
  options.matched.clear();
  CHECK_THROWS_WITH_AS(compare_command(options), doctest::Contains("--figure"), UserError);
}

TEST_CASE("matched: without a value the limits of the runs are met, and what is wrong is named") {
  const Files files;
  files.add("threshold-1", 100, 20, 1, 0, -94);
  files.add("threshold-2", 90, 30, 1, 0, -96);
  CHECK(files.compare("cost_time").value == doctest::Approx(-95));
  CHECK(family(files.compare("cost_time"), "threshold").live_watch.value == doctest::Approx(25));
  CHECK_THROWS_WITH_AS(files.compare("cost_usage"), doctest::Contains("cost_usage"), UserError);
  CHECK_THROWS_WITH_AS(files.compare("cost_time=abc"), doctest::Contains("COST=VALUE"), UserError);
  CHECK_THROWS_WITH_AS(files.compare("cost_time", "dqn"), doctest::Contains("there are threshold"), UserError);
  const Files unlimited;
  unlimited.add("threshold-1", 100, 20);
  CHECK_THROWS_WITH_AS(unlimited.compare("cost_time"), doctest::Contains("give the value"), UserError);
}

}  // namespace
}  // namespace sluice
