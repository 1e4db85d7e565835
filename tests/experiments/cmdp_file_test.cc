#include "experiments/cmdp_file.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "sim/check.h"

namespace fs = std::filesystem;
using namespace sluice;

namespace {

TabularCmdp two_states() {
  TabularCmdp cmdp;
  cmdp.num_states = 2;
  cmdp.num_actions = 3;
  cmdp.discount = 0.9;
  for (int a = 0; a < 3; ++a) {
    Eigen::MatrixXd p(2, 2);
    p << 0.1 * a, 0.5, 0.25, 0.1 * (a + 1);
    cmdp.transition.push_back(p);
  }
  cmdp.reward = Eigen::MatrixXd(2, 3);
  cmdp.reward << 1, 2, 3, 4, 5, 6;
  cmdp.cost = {cmdp.reward * -1, cmdp.reward * 0.5};
  cmdp.initial = Eigen::Vector2d(0.75, 0.25);
  cmdp.limits = {-1.5, 2};
  cmdp.cost_names = {"cost_usage", "cost_skip"};
  return cmdp;
}

}  // namespace

TEST_CASE("cmdp file: a model comes back as it was written, and a missing file is named") {
  std::string name = (fs::temp_directory_path() / "sluice_cmdp_XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  const TabularCmdp wanted = two_states();
  write_cmdp(wanted, name + "/m.h5");
  const TabularCmdp read = read_cmdp(name + "/m.h5");
  CHECK(read.num_states == 2);
  CHECK(read.num_actions == 3);
  CHECK(read.discount == wanted.discount);
  for (std::size_t a = 0; a < 3; ++a) CHECK(read.transition[a] == wanted.transition[a]);
  CHECK(read.reward == wanted.reward);
  CHECK(read.cost[0] == wanted.cost[0]);
  CHECK(read.cost[1] == wanted.cost[1]);
  CHECK(read.initial == wanted.initial);
  CHECK(read.limits == wanted.limits);
  CHECK(read.cost_names == wanted.cost_names);

  CHECK_THROWS_AS(read_cmdp(name + "/absent.h5"), UserError);
  TabularCmdp bad = wanted;
  bad.initial = Eigen::Vector2d(0.75, 0.75);
  write_cmdp(bad, name + "/bad.h5");
  CHECK_THROWS_AS(read_cmdp(name + "/bad.h5"), UserError);
  CHECK_THROWS_AS(write_cmdp(wanted, name + "/absent/m.h5"), UserError);
  TabularCmdp unnamed = wanted;
  unnamed.cost_names = {"cost usage", "cost_skip"};  // becomes a column's name
  write_cmdp(unnamed, name + "/bad.h5");
  CHECK_THROWS_WITH_AS(read_cmdp(name + "/bad.h5"), doctest::Contains("`cost usage`"), UserError);
  unnamed.cost_names = {"cost_skip", "cost_skip"};
  write_cmdp(unnamed, name + "/bad.h5");
  CHECK_THROWS_WITH_AS(read_cmdp(name + "/bad.h5"), doctest::Contains("`cost_skip` twice"), UserError);
  fs::remove_all(name);
}
