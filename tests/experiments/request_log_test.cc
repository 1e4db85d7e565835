#include "experiments/request_log.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "tests/feed_fixture.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

// A specification of 7 floats and two costs, and rows that follow from their number.
EnvSpec small_spec() {
  EnvSpec spec;
  for (int i = 0; i < 7; ++i)
    spec.schema.blocks.push_back({.name = "b" + std::to_string(i), .item = {{.name = "x" + std::to_string(i), .unit = "1"}}});
  spec.schema.finish();
  spec.cost_names = {"cost_a", "cost_b"};
  return spec;
}

float x_of(std::int64_t row, int column) { return static_cast<float>((row * 31 + column * 7) % 65536) / 8; }

TransitionBatch rows_from(std::int64_t first, int count) {
  TransitionBatch t;
  t.width = 7;
  t.num_costs = 2;
  for (std::int64_t row = first; row < first + count; ++row) {
    t.user.push_back(static_cast<std::int32_t>(row % 1000));
    t.time.push_back(0.25 * static_cast<double>(row));
    for (int i = 0; i < 7; ++i) t.observation.push_back(x_of(row, i));
    t.action.push_back(row % 2 == 0);
    t.group.push_back(static_cast<std::uint8_t>(row % 5));
    t.propensity.push_back(0.5f);
    t.reward.push_back(x_of(row, 8));
    t.costs.push_back(x_of(row, 9));
    t.costs.push_back(x_of(row, 10));
    t.entered.push_back(row % 3 == 0);
    t.elapsed_s.push_back(x_of(row, 11));
    t.session_ended.push_back(row % 11 == 0);
    t.terminated.push_back(row % 13 == 0);
    t.truncated.push_back(row % 17 == 0);
  }
  return t;
}

// Number of rows, every one of them right.
std::int64_t check_rows(const std::string& path) {
  const hdf5::StreamReader log(path, "/requests");
  const auto n = static_cast<std::size_t>(log.rows());
  const auto user = log.read<std::int64_t>("user_id");
  const auto time = log.read<double>("time_s");
  const auto observation = log.read<float>("observation"), reward = log.read<float>("reward");
  const auto a = log.read<float>("cost_a"), b = log.read<float>("cost_b"), elapsed = log.read<float>("elapsed_s");
  const auto action = log.read<std::uint8_t>("action"), truncated = log.read<std::uint8_t>("truncated");
  REQUIRE(observation.size() == 7 * n);
  REQUIRE(truncated.size() == n);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = static_cast<std::int64_t>(i);
    bool right = user[i] == 100 + row % 1000 && time[i] == 0.25 * static_cast<double>(row) && reward[i] == x_of(row, 8) &&
                 a[i] == x_of(row, 9) && b[i] == x_of(row, 10) && elapsed[i] == x_of(row, 11) &&
                 action[i] == (row % 2 == 0) && truncated[i] == (row % 17 == 0);
    for (int k = 0; k < 7; ++k) right = right && observation[7 * i + static_cast<std::size_t>(k)] == x_of(row, k);
    wrong += right ? 0 : 1;
  }
  CHECK(wrong == 0);
  return log.rows();
}

}  // namespace

TEST_CASE("request log: what was appended is what is read, plain and compressed") {
  for (const int gzip_level : {0, 1}) {
    CAPTURE(gzip_level);
    const std::string path = own_folder() / ("log" + std::to_string(gzip_level) + ".h5");
    RequestLog log(path, small_spec(), {.storage = {.gzip_level = gzip_level}, .first_user_id = 100});
    log.set_attribute("seed", std::int64_t{7});
    std::int64_t rows = 0;
    for (const int count : {1, 5000, 40000, 3, 17000}) {
      log.append(rows_from(rows, count));
      rows += count;
      CHECK(log.rows() == rows);
    }
    log.close();
    CHECK(check_rows(path) == rows);
    CHECK(hdf5::StreamReader(path, "/requests").complete());
    const hdf5::File file = hdf5::File::open(path);  // no longer in SWMR mode: as any other
    CHECK(file.shape("/requests/observation") == hdf5::Shape{rows, 7});
    CHECK(std::get<std::int64_t>(file.attributes("/").at("seed")) == 7);
    CHECK(std::get<std::string>(file.attributes("/requests/time_s").at("unit")) == "s");
  }
}

TEST_CASE("request log: a world's requests are all there, with the true time and user") {
  FeedFixture fixture;
  const auto world = fixture.make_world();
  const std::string path = own_folder() / "world.h5";
  world->begin_phase({.days = 1, .transitions = Transitions::kCollect});
  RequestLog log(path, world->spec(), {});
  std::vector<std::pair<std::int64_t, double>> asked, logged;
  const std::int64_t decisions = play(*world, keyed_coin(), [&](const RequestBatch& r, const TransitionBatch& t) {
    log.append(t);
    for (std::size_t i = 0; i < r.size(); ++i) asked.emplace_back(r.user[i], r.time[i]);
  });
  log.close();
  const hdf5::StreamReader file(path, "/requests");
  CHECK(file.rows() == decisions - world->num_open_dropped());
  const auto user = file.read<std::int64_t>("user_id");
  const auto time = file.read<double>("time_s");
  for (std::size_t i = 0; i < user.size(); ++i) logged.emplace_back(user[i], time[i]);
  std::sort(asked.begin(), asked.end());
  std::sort(logged.begin(), logged.end());
  CHECK(std::includes(asked.begin(), asked.end(), logged.begin(), logged.end()));
}

TEST_CASE("request log: after kill -9 every committed row is there and right, and all columns are as long") {
  for (const int gzip_level : {0, 1})
    for (const int after_ms : {60, 110, 170, 230}) {
      CAPTURE(gzip_level);
      CAPTURE(after_ms);
      const std::string path = own_folder() / "killed.h5";
      int told[2];
      REQUIRE(pipe(told) == 0);
      const pid_t child = fork();
      if (child == 0) {  // logs for ever, and tells what it has committed
        close(told[0]);
        RequestLog log(path, small_spec(), {.storage = {.gzip_level = gzip_level}, .first_user_id = 100});
        for (std::int64_t rows = 0;;) {
          for (int i = 0; i < 7; ++i, rows += 997) log.append(rows_from(rows, 997));
          log.commit();
          if (write(told[1], &rows, sizeof rows) != sizeof rows) _exit(1);
        }
      }
      close(told[1]);
      std::int64_t committed = 0, told_rows = 0;
      REQUIRE(read(told[0], &committed, sizeof committed) == sizeof committed);  // it runs
      std::this_thread::sleep_for(std::chrono::milliseconds(after_ms));
      kill(child, SIGKILL);
      int status = 0;
      waitpid(child, &status, 0);
      REQUIRE(WIFSIGNALED(status));
      while (read(told[0], &told_rows, sizeof told_rows) == sizeof told_rows) committed = told_rows;
      close(told[0]);
      CHECK(check_rows(path) >= committed);
      CHECK_FALSE(hdf5::StreamReader(path, "/requests").complete());
      std::filesystem::remove(path);
    }
}

TEST_CASE("request log: a missing, empty or foreign file is an error that says so") {
  const std::string empty = own_folder() / "empty.h5";
  fclose(fopen(empty.c_str(), "w"));
  CHECK_THROWS_AS(hdf5::StreamReader("nowhere.h5", "/requests"), UserError);
  CHECK_THROWS_AS(hdf5::StreamReader(empty, "/requests"), UserError);
  CHECK_THROWS_AS(RequestLog("/nowhere/log.h5", small_spec(), {}), UserError);
}

}  // namespace sluice
