// `sluice distill` from end to end: a teacher is trained, its student made, and the student served through `sluice run`.

#include <doctest/doctest.h>

#include <fstream>

#include "experiments/result_file.h"
#include "tests/own_folder.h"
#include "tests/processes.h"
#include "tests/same_results.h"

#if SLUICE_HAS_TORCH
namespace sluice {
namespace {

constexpr const char* kTeacher =
    "seed: 5\n"
    "environment: {users: {count: 200}, supply: {streamers: {count: 200}}, days: 3, burn_in: {days: 1}}\n"
    "train: {decisions: 20000, warmup_transitions: 2000, batch_size: 128, decisions_per_update: 512}\n"
    "evaluate: {users: 60, days: 1, every_decisions: 0}\n";

std::string in_folder(const std::string& name) { return (own_folder() / name).string(); }

int program(const std::vector<std::string>& arguments, const std::string& output = "/dev/null") {
  return exit_of(start_program(arguments, in_folder("log"), output));
}

TEST_CASE("sluice distill: teacher, student, served student, the same seed gives the same bytes, what is no teacher is refused") {
  const std::string config = in_folder("teacher.yaml"), teacher = in_folder("teacher.h5"), student = in_folder("student.h5");
  std::ofstream(config) << kTeacher << "agent: {kind: sl_mgac, reassign_days: 1}\n";
  REQUIRE(program({"run", config, "--out", teacher}) == 0);

  const std::vector<std::string> small = {"--seed", "3", "--requests", "4000", "--updates", "300", "--hidden", "16", "8"};
  const auto distill = [&](const std::string& from, const std::string& to, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"distill", from, "--out", to};
    arguments.insert(arguments.end(), small.begin(), small.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program(arguments, in_folder("printed"));
  };
  REQUIRE(distill(teacher, student) == 0);
  CHECK(text_of(in_folder("printed")).find("same greedy decision") != std::string::npos);
  const ResultReader made(student);
  CHECK(made.number("agreement").value() > 0.7);
  CHECK(made.integer("held_out_requests").value() >= 20000);
  CHECK(made.text("agent").value() == "student");

  CHECK(distill(teacher, in_folder("again.h5")) == 0);
  check_same_results(student, in_folder("again.h5"));
  CHECK(distill(teacher, student) == 65);  // exists
  CHECK(distill(teacher, student, {"--force"}) == 0);
  CHECK(distill(student, in_folder("no.h5")) == 65);
  CHECK(program({"distill", teacher, "--out", in_folder("no.h5")}) == 64);  // no seed

  const std::string served = in_folder("served.h5");
  REQUIRE(program({"run", config, "--set", "agent.from=" + student, "--out", served}) == 0);
  const ResultReader run(served);
  CHECK(run.text("agent_label").value() == "sl_mgac_student");
  CHECK(run.read_table("/episodes").num_rows() == 60);
  CHECK(program({"run", config, "--set", "agent.kind=student", "--set", "agent.num_groups=5", "--out", in_folder("no.h5")}) == 65);

  std::ofstream(in_folder("rule.yaml")) << kTeacher << "agent: {kind: threshold}\n";
  REQUIRE(program({"run", in_folder("rule.yaml"), "--out", in_folder("rule.h5")}) == 0);
  CHECK(distill(in_folder("rule.h5"), in_folder("no.h5")) == 0);  // a threshold reads observations: it has a student too
}

}  // namespace
}  // namespace sluice
#endif
