// A world saved to an HDF5 file goes on in ANOTHER PROCESS like itself and like its fork: 1 000 further
// decisions, byte for byte.  The other process is this test binary, asked for one skipped test case.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "experiments/checkpoint.h"
#include "tests/feed_fixture.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

constexpr const char* kFolder = "SLUICE_TEST_OTHER_PROCESS";  // where the other process finds and leaves its files
constexpr std::int64_t kFurther = 1000;

struct World {
  std::string name;
  UsersConfig users;
  SupplyConfig supply;
  std::unique_ptr<FeedWorld> make_world() const {
    const Seed seed{31};
    return std::make_unique<FeedWorld>(make(users, seed), make(supply, seed), seed, FeedOptions{});
  }
};

std::vector<World> worlds() {
  const StreamersConfig few{.count = 300};
  MarkovModulatedSupplyConfig modulated{.streamers = few};
  modulated.feedback.enabled = true;
  BehaviouralUsersConfig behavioural{.count = 150};
  behavioural.dynamics.interest_drift = 0.2;
  return {{"behavioural-modulated", behavioural, modulated},
          {"logit-poisson", LogitUsersConfig{.count = 150}, PoissonSupplyConfig{.streamers = few, .starts_per_day = 250}}};
}

void append(std::string& bytes, const void* data, std::size_t size) {
  bytes.append(static_cast<const char*>(data), size);
}

/// Answers at least `decisions` requests; returns the bytes of all that went by, and of the tables so far.
std::string go_on(FeedWorld& world, std::int64_t decisions) {
  std::string bytes;
  std::vector<Decision> answers;
  for (std::int64_t n = 0; n < decisions;) {
    const RequestBatch& r = world.recv();
    REQUIRE(r.size() > 0);
    const TransitionBatch& t = world.transitions();
    const auto keep = [&](const auto& values) { append(bytes, values.data(), values.size() * sizeof(values[0])); };
    keep(r.user), keep(r.time), keep(r.observation);
    keep(t.user), keep(t.observation), keep(t.next_observation), keep(t.action), keep(t.propensity), keep(t.reward), keep(t.costs);
    keep(t.watch_time_s), keep(t.displaced_s), keep(t.elapsed_s), keep(t.session_ended), keep(t.terminated), keep(t.truncated);
    answers.assign(r.size(), {});
    for (std::size_t i = 0; i < r.size(); ++i) answers[i].action = static_cast<std::uint8_t>(keyed_coin()(r, i));
    world.send(answers);
    n += static_cast<std::int64_t>(r.size());
  }
  for (int user = 0; user < world.users().count(); ++user) {
    append(bytes, &world.today(user), sizeof(FeedTotals));
    append(bytes, &world.days_so_far(user), sizeof(FeedTotals));
  }
  const Table daily = world.daily();
  for (const Column& column : daily.columns)
    if (const auto* values = std::get_if<std::vector<double>>(&column.data)) append(bytes, values->data(), values->size() * sizeof(double));
  return bytes;
}

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("new process: loads the worlds that its parent saved and goes on" * doctest::skip()) {
  const char* folder = std::getenv(kFolder);
  REQUIRE(folder != nullptr);
  for (const World& each : worlds()) {
    const std::string path = std::string(folder) + "/" + each.name;
    Checkpoint checkpoint(path, "the same config", 0);
    const StateBlobs blobs = checkpoint.load();
    const auto world = each.make_world();
    StateArchive archive = StateArchive::loading(blobs);
    world->transfer(archive);
    std::ofstream(path + ".bytes", std::ios::binary) << go_on(*world, kFurther);
  }
}

TEST_CASE("new process: a world from a file, its fork and itself are the same for 1 000 further decisions, byte for byte") {
  const std::string folder = own_folder().string();
  std::vector<std::string> expected;
  for (const World& each : worlds()) {
    CAPTURE(each.name);
    const auto world = each.make_world();
    world->begin_phase({.days = 5, .transitions = Transitions::kCollect});
    while (world->now() < kDay + 15 * 3600) go_on(*world, 1);  // in the middle of the second day
    const auto fork = world->fork();
    StateBlobs blobs;
    StateArchive saving = StateArchive::saving(blobs);
    world->transfer(saving);
    Checkpoint(folder + "/" + each.name, "the same config", 0).save(blobs, 0);
    expected.push_back(go_on(*world, kFurther));
    CHECK(expected.back().size() > 1000 * 79 * sizeof(float));
    CHECK(go_on(*fork, kFurther) == expected.back());
    CHECK(go_on(*fork, kFurther) != expected.back());  // as it is not the same for ever
  }
  std::fflush(nullptr);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    setenv(kFolder, folder.c_str(), 1);
    execl("/proc/self/exe", "sluice_tests", "--no-skip", "--minimal", "-tc=new process: loads the worlds*", nullptr);
    _exit(127);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(read_bytes(folder + "/" + worlds()[i].name + ".bytes") == expected[i]);
}

}  // namespace sluice
