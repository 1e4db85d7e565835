#include "experiments/result_file.h"

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "agents/agent.h"

namespace fs = std::filesystem;
using namespace sluice;

namespace {

struct TemporaryDirectory {
  fs::path path;
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "sluice_result_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TemporaryDirectory() { fs::remove_all(path); }
  std::string file(const std::string& name) const { return (path / name).string(); }
  std::size_t num_entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), {}));
  }
};

Table small_table(int rows) {
  std::vector<std::int64_t> day;
  std::vector<double> watch;
  std::vector<std::string> name;
  for (int i = 0; i < rows; ++i) {
    day.push_back(i);
    watch.push_back(i == 1 ? std::nan("") : 0.1 * i);
    name.push_back(i % 3 == 0 ? "" : "Zürich " + std::to_string(i));
  }
  return {.columns = {{"watch_s", "s", "a real column", watch},
                      {"day", "day", "an integer column", day},
                      {"name", "1", "a text column", name}}};
}

void write_small(const std::string& path, Overwrite overwrite = Overwrite::kRefuse, int rows = 5) {
  ResultWriter writer(path, overwrite);
  writer.set_attribute("agent", "dqn");
  writer.set_attribute("seed", std::int64_t{7});
  writer.set_attribute("wall_s", 1.25);
  writer.write_config("seed: 7\n");
  writer.write_table("/daily", small_table(rows));
  writer.commit();
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void check_error(const std::string& path, ExitCode code, const std::string& expected) {
  try {
    const ResultReader reader(path);
    FAIL("opened " << path);
  } catch (const UserError& error) {
    CAPTURE(std::string(error.what()));
    CHECK(error.code() == code);
    CHECK(std::string(error.what()).find(expected) != std::string::npos);
    CHECK(std::string(error.what()).find(path) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("result file: attributes, config and tables come back as they were written") {
  const TemporaryDirectory directory;
  for (const int rows : {0, 1, 5, 30000}) {
    CAPTURE(rows);
    const std::string path = directory.file("run_" + std::to_string(rows) + ".h5");
    write_small(path, Overwrite::kRefuse, rows);
    const ResultReader reader(path);
    CHECK(reader.text("agent") == "dqn");
    CHECK(reader.integer("seed") == 7);
    CHECK(reader.number("seed") == 7.0);
    CHECK(reader.number("wall_s") == 1.25);
    CHECK_FALSE(reader.text("seed").has_value());
    CHECK_FALSE(reader.number("absent").has_value());
    CHECK(reader.config() == "seed: 7\n");
    CHECK(reader.tables() == std::vector<std::string>{"/daily"});
    const Table table = reader.read_table("/daily"), wanted = small_table(rows);
    REQUIRE(table.columns.size() == 3);
    for (std::size_t c = 0; c < 3; ++c) {
      CHECK(table.columns[c].name == wanted.columns[c].name);
      CHECK(table.columns[c].unit == wanted.columns[c].unit);
      CHECK(table.columns[c].description == wanted.columns[c].description);
    }
    CHECK(table.get<std::int64_t>("day") == wanted.get<std::int64_t>("day"));
    CHECK(table.get<std::string>("name") == wanted.get<std::string>("name"));
    const auto& watch = table.get<double>("watch_s");
    for (std::size_t i = 0; i < watch.size(); ++i)
      CHECK((watch[i] == wanted.get<double>("watch_s")[i] || (i == 1 && std::isnan(watch[i]))));
  }
}

TEST_CASE("result file: an agent's arrays of any rank and its texts come back exactly") {
  const TemporaryDirectory directory;
  AgentState state;
  state.arrays["critic.0.weight"] = {{2, 3}, {1.0f / 3, 2, 3, 4, 5, -6e-30}};
  state.arrays["deep"] = {{2, 1, 2, 1}, {1, 2, 3, 4}};
  state.arrays["empty"] = {{0}, {}};
  state.arrays["nested/name"] = {{1}, {9}};
  state.texts["kind"] = "dqn";
  state.texts["long"] = std::string(200'000, 'x');
  {
    ResultWriter writer(directory.file("a.h5"), Overwrite::kRefuse);
    writer.write_agent(state);
    writer.write_array("/policy/probability", {{2, 2}, {0, 1, .5, .5}, "1", "P(a|s)"});
    writer.commit();
  }
  const ResultReader reader(directory.file("a.h5"));
  const AgentState back = reader.read_agent();
  REQUIRE(back.arrays.size() == 4);
  for (const auto& [name, array] : state.arrays) {
    CAPTURE(name);
    CHECK(back.arrays.at(name).shape == array.shape);
    CHECK(back.arrays.at(name).values == array.values);
  }
  CHECK(back.texts == state.texts);
  CHECK(reader.arrays() == std::vector<std::string>{"/policy/probability"});
  CHECK(reader.read_array("/policy/probability").values == std::vector<double>{0, 1, .5, .5});
  CHECK(reader.read_array("/policy/probability").description == "P(a|s)");
}

TEST_CASE("result file: two writes of the same data give the same bytes") {
  const TemporaryDirectory directory;
  write_small(directory.file("a.h5"), Overwrite::kRefuse, 20000);
  sleep(1);  // a time stamp would show
  write_small(directory.file("b.h5"), Overwrite::kRefuse, 20000);
  CHECK(bytes_of(directory.file("a.h5")) == bytes_of(directory.file("b.h5")));
}

TEST_CASE("result file: an existing output is refused at open and at commit, and survives") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("run.h5");
  write_small(path);
  const std::string before = bytes_of(path);
  try {
    write_small(path);
    FAIL("replaced an output");
  } catch (const UserError& error) {
    CHECK(error.code() == ExitCode::kData);
    CHECK(std::string(error.what()).find("--force") != std::string::npos);
  }
  const std::string late = directory.file("late.h5");
  {
    ResultWriter writer(late, Overwrite::kRefuse);
    fs::copy_file(path, late);  // somebody else was faster
    CHECK_THROWS_AS(writer.commit(), UserError);
  }
  CHECK(bytes_of(late) == before);
  CHECK(bytes_of(path) == before);
  CHECK(directory.num_entries() == 2);  // no partial left
  write_small(path, Overwrite::kForce, 9);
  CHECK(ResultReader(path).read_table("/daily").num_rows() == 9);
}

TEST_CASE("result file: without commit nothing is left behind, and the output never half exists") {
  const TemporaryDirectory directory;
  {
    ResultWriter writer(directory.file("run.h5"), Overwrite::kRefuse);
    writer.write_table("/daily", small_table(3));
    CHECK(fs::exists(writer.partial_path()));
    CHECK(writer.partial_path().ends_with("-" + std::to_string(getpid()) + ".partial"));
    CHECK_FALSE(fs::exists(writer.path()));
  }
  CHECK(directory.num_entries() == 0);
}

TEST_CASE("result file: bad inputs are data errors that say what is wrong") {
  const TemporaryDirectory directory;
  const std::string good = directory.file("good.h5");
  write_small(good, Overwrite::kRefuse, 5000);
  const std::string bytes = bytes_of(good);

  check_error(directory.file("absent.h5"), ExitCode::kData, "No such file");
  check_error(directory.path.string(), ExitCode::kData, "directory");
  const std::string path = directory.file("bad.h5");
  std::ofstream(path).close();
  check_error(path, ExitCode::kData, "empty");
  std::ofstream(path) << "day,dau\n0,1\n";
  check_error(path, ExitCode::kData, "not an HDF5 file");
  for (const std::size_t length : {bytes.size() - 17, bytes.size() / 2, std::size_t{600}}) {
    CAPTURE(length);
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), std::ssize(bytes.substr(0, length)));
    check_error(path, ExitCode::kData, "truncated");
  }
  const auto write_image = [&](const std::function<void(hdf5::File&)>& fill) {
    hdf5::File file = hdf5::File::create("test");
    fill(file);
    const auto image = file.image();
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(image.data()), std::ssize(image));
  };
  write_image([](hdf5::File& file) { file.write_text("/x", "y"); });
  check_error(path, ExitCode::kData, "not a result of sluice");
  write_image(
      [](hdf5::File& file) { file.set_attribute("/", "schema_version", std::int64_t{99}); });
  check_error(path, ExitCode::kData, "schema version 99");
  write_image([](hdf5::File& file) {
    file.set_attribute("/", "schema_version", kSchemaVersion);
    file.set_attribute("/", "complete", std::int64_t{0});
  });
  check_error(path, ExitCode::kData, "incomplete");
}

TEST_CASE("result file: groups linked in a circle are a data error, not a walk without an end") {
  const TemporaryDirectory directory;
  for (const char* name : {"result.h5", "circle.h5"}) {
    hdf5::File file = hdf5::File::create(name);
    file.set_attribute("/", "schema_version", kSchemaVersion);
    file.set_attribute("/", "complete", std::int64_t{1});
    for (const char* link : {"/a", "/b", "/agent/arrays/c"}) file.link_external(link, "circle.h5", "/");
    file.make_group("/agent/texts");
    const auto image = file.image();
    std::ofstream(directory.file(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(image.data()), std::ssize(image));
  }
  const ResultReader reader(directory.file("result.h5"));
  CHECK_THROWS_WITH_AS(reader.arrays(), doctest::Contains("result.h5: /a/a"), UserError);
  CHECK_THROWS_WITH_AS(reader.read_agent(), doctest::Contains("not a result of sluice"), UserError);
}

TEST_CASE("result file: damage anywhere is noticed") {
  const TemporaryDirectory directory;
  const std::string good = directory.file("good.h5"), path = directory.file("bad.h5");
  write_small(good, Overwrite::kRefuse, 3000);
  const std::string bytes = bytes_of(good);
  for (std::size_t at = 0; at < bytes.size(); at += 61) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(~damaged[at]);
    if (at / 61 % 2 == 0) std::swap(damaged[at / 2], damaged[at]);
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(damaged.data(), std::ssize(damaged));
    try {
      const ResultReader reader(path);
      FAIL_CHECK("byte " << at << " was not noticed");
    } catch (const UserError& error) {
      CHECK(error.code() == ExitCode::kData);
    }
  }
}

TEST_CASE("result file: missing tables and columns are named") {
  const TemporaryDirectory directory;
  write_small(directory.file("run.h5"));
  const ResultReader reader(directory.file("run.h5"));
  CHECK_THROWS_AS(reader.read_table("/episodes"), UserError);
  CHECK_THROWS_AS(reader.read_agent(), UserError);
  const Table table = reader.read_table("/daily");
  CHECK_THROWS_WITH_AS(numbers(table, "dau", "run.h5 /daily"), "run.h5 /daily: no column dau",
                       UserError);
  CHECK_THROWS_AS(numbers(table, "name", "run.h5 /daily"), UserError);
  CHECK(numbers(table, "day", "x").size() == 5);
}

TEST_CASE("result file: an unwritable place is an I/O error") {
  const TemporaryDirectory directory;
  std::ofstream(directory.file("plain")).close();
  std::vector<std::string> places = {directory.file("absent/run.h5"),
                                     directory.file("plain/run.h5"), "/proc/run.h5"};
  if (geteuid() != 0) {
    fs::permissions(directory.path, fs::perms::owner_read | fs::perms::owner_exec);
    places.push_back(directory.file("run.h5"));
  }
  for (const std::string& place : places) {
    CAPTURE(place);
    try {
      const ResultWriter writer(place, Overwrite::kRefuse);
      FAIL("opened");
    } catch (const UserError& error) {
      CHECK(error.code() == ExitCode::kIo);
      CHECK(std::string(error.what()).find(place) != std::string::npos);
    }
  }
  fs::permissions(directory.path, fs::perms::owner_all);
}

TEST_CASE("result file: a full disk is an I/O error and leaves no partial file") {
  const TemporaryDirectory directory;
  if (mount("tmpfs", directory.path.c_str(), "tmpfs", 0, "size=64k") != 0) {
    MESSAGE("skipped: may not mount a small tmpfs here");
    return;
  }
  try {
    ResultWriter writer(directory.file("run.h5"), Overwrite::kRefuse);
    Table table{{{"x", "1", "noise that does not compress", std::vector<double>(40'000)}}};
    auto& values = std::get<std::vector<double>>(table.columns[0].data);
    Rng rng = Seed(1).stream(Purpose::kTest);
    for (double& value : values) value = static_cast<double>(rng());
    writer.write_table("/daily", table);
    writer.commit();
    FAIL("wrote 320 kB to 64 kB");
  } catch (const UserError& error) {
    CHECK(error.code() == ExitCode::kIo);
    CHECK(std::string(error.what()).find("No space left") != std::string::npos);
  }
  const std::size_t left = directory.num_entries();
  umount(directory.path.c_str());
  CHECK(left == 0);
}
