// The program from outside: bad input gives a clear message and the promised exit code.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/own_folder.h"

namespace {

struct Outcome {
  int code = -1;
  std::string text;  // stdout and stderr
};

// `arguments` may end with redirections; `before` runs the program.
Outcome shell(const std::string& arguments, const std::string& before = "") {
  const std::string command = before + SLUICE_BINARY + " " + arguments;
  Outcome outcome;
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) outcome.text.append(buffer.data(), n);
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

Outcome program(const std::string& arguments) { return shell(arguments + " 2>&1"); }

const std::filesystem::path& kFolder = sluice::own_folder();

std::string file(const std::string& name, const std::string& text) {
  std::ofstream(kFolder / name) << text;
  return (kFolder / name).string();
}

void check(const Outcome& outcome, int code, std::initializer_list<const char*> parts) {
  CAPTURE(outcome.text);
  CHECK(outcome.code == code);
  for (const char* part : parts) CHECK(outcome.text.find(part) != std::string::npos);
}

const std::string kSmall =
    "environment: {users: {count: 20}, supply: {streamers: {count: 50}}, burn_in: {days: 1}}\nevaluate: {users: 20, days: 1}\n";

}  // namespace

TEST_CASE("cli: help, version, lists and schema answer with 0") {
  check(program(""), 0, {"run", "compare", "report"});
  check(program("run --help"), 0, {"Example", "--dry-run"});
  check(program("version"), 0, {"sluice", "BLAS"});
  check(program("list agents"), 0, {"never", "sl_mgac", "KDD 2025"});
  check(program("list scenarios"), 0, {"default", "long_term", "myopic"});
  check(program("schema train.epsilon"), 0, {"[0, 1]", "Source"});
}

#ifdef __x86_64__
TEST_CASE("cli: OpenBLAS's kernels use AVX2 where the processor has it and the environment's choice is kept") {
  const auto kernels = [](const char* before) {
    const Outcome outcome = shell("version 2>&1", before);
    const std::string lead = "kernels for ";
    const auto at = outcome.text.find(lead);
    return at == std::string::npos ? "" : outcome.text.substr(at + lead.size(), outcome.text.find(' ', at + lead.size()) - at - lead.size());
  };
  const std::string own = kernels("env -u OPENBLAS_CORETYPE ");
  if (own.empty() || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    MESSAGE("skipped: no OpenBLAS or no AVX2 here");
    return;
  }
  CAPTURE(own);
  CHECK(std::set<std::string>{"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"}.contains(own));
  CHECK(kernels("OPENBLAS_CORETYPE=Prescott ") == "Prescott");
}
#endif

TEST_CASE("cli: the default scenario needs no file, no network and no environment: it runs in an empty folder") {
  const std::filesystem::path empty = kFolder / "empty";
  std::filesystem::create_directory(empty);
  file("alone.yaml", "seed: 1\nagent: {kind: threshold}\nenvironment: {users: {count: 30}, burn_in: {days: 2}}\nevaluate: {users: 30, days: 1}\n");
  // `env -i`: no HOME, no PATH, no proxy.  Where the machine allows it, in a network namespace without a network.
  const std::string offline = "cd " + empty.string() + " && $(unshare -rn true 2>/dev/null && echo unshare -rn) env -i ";
  const Outcome outcome = shell("run ../alone.yaml --out alone.h5 2>&1", offline);
  check(outcome, 0, {"alone.h5"});
  CHECK(std::distance(std::filesystem::directory_iterator(empty), {}) == 1);  // its result and nothing else
}

TEST_CASE("cli: a wrong command line is 64") {
  check(program("rnu"), 64, {});
  check(program("run"), 64, {"CONFIG"});
  check(program("run x.yaml --sed 1"), 64, {"--sed"});
  check(program("run x.yaml --threads 0"), 64, {});
  check(program("run x.yaml --seed -1"), 64, {"--seed", "-1"});
  check(program("run x.yaml --seed 9223372036854775808"), 64, {"--seed", "9223372036854775807"});
  check(program("schema agent.nmu_groups"), 64, {"did you mean `agent.num_groups`"});
  check(program("list agent"), 64, {"agents, policies"});
  check(program("run " + file("ok.yaml", "seed: 1\n") + " --set novalue"), 64, {"PATH=VALUE"});
  check(program("bench --filter '('"), 64, {"regular expression"});
}

TEST_CASE("cli: a bad config is 65, and the message names file, line, key and what would be right") {
  check(program("run " + file("a.yaml", "seed: 1\nagent: {kind: sl_mgac, num_group: 3}\n")), 65, {"a.yaml:2", "did you mean `num_groups`"});
  check(program("run " + file("b.yaml", "seed: 1\nseed: 1\n")), 65, {"b.yaml:2", "twice"});
  check(program("run " + file("c.yaml", "seed: 1\ntrain: {decisions: x}\n")), 65, {"train.decisions", "whole number"});
  check(program("run " + file("d.yaml", "seed: 1\ntrain: {epsilon: 1.5}\n")), 65, {"[0, 1]"});
  check(program("run " + file("e.yaml", "seed: 1\ntrain: {epsilon: .nan}\n")), 65, {"train.epsilon"});
  check(program("run " + file("f.yaml", "")), 65, {"is empty"});
  check(program("run " + (kFolder / "missing.yaml").string()), 65, {"missing.yaml", "No such file"});
  check(program("run " + kFolder.string()), 65, {"is a directory"});
  check(program("run " + file("g.yaml", "agent: {kind: never}\n")), 65, {"no default seed"});
  check(program("run " + file("h.yaml", "seed: 1\n") + " --set agent.epsilom=1"), 65, {"--set agent.epsilom=1", "unknown key"});
  check(program("run " + file("i.yaml", "seed: 1\nagent: {from: nowhere.h5}\n")), 65, {"nowhere.h5"});
  check(program("sweep run " + file("j.yaml", "axis: {seed: [1]}\n") + " --out " + kFolder.string()), 65, {"axis", "did you mean `axes`"});
}

TEST_CASE("cli: a dry run says what would be done and writes nothing") {
  const std::string out = (kFolder / "dry.h5").string();
  check(program("run " + file("k.yaml", "seed: 1\n" + kSmall) + " --dry-run --out " + out), 0, {"seed: 1", "would write", "min"});
  CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("cli: results are never overwritten silently, and damaged ones are named") {
  const std::string config = file("l.yaml", "seed: 1\n" + kSmall), out = (kFolder / "l.h5").string();
  std::filesystem::remove(out);
  check(program("run " + config + " --out " + out), 0, {"l.h5"});
  check(program("run " + config + " --out " + out), 65, {"l.h5", "--force"});
  check(program("run " + config + " --out " + out + " --force"), 0, {});
  check(program("inspect " + out), 0, {"/daily", "live_watch_s", "complete"});
  check(program("compare " + out), 0, {"never"});
  check(program("trace " + config + " --user 3 --days 2"), 0, {"User 3"});
  std::filesystem::resize_file(out, std::filesystem::file_size(out) / 2);
  check(program("inspect " + out), 65, {"l.h5"});
  check(program("compare " + out), 65, {"l.h5"});
  check(program("inspect " + file("foreign.h5", "not hdf5")), 65, {"foreign.h5"});
  check(program("inspect " + (kFolder / "absent.h5").string()), 65, {"absent.h5"});
  check(program("run " + config + " --out /proc/nowhere/x.h5"), 74, {"/proc/nowhere"});
}

TEST_CASE("cli: a user's story accounts for every day and every request, and says how to read it") {
  const std::string config = file("story.yaml", "seed: 1\nagent: {kind: interval, every: 3}\n" + kSmall);
  const Outcome story = program("trace " + config + " --user 3 --days 6");
  check(story, 0, {"User 3 under `interval`", "How to read it", "day 0, a Tuesday", "day 5, a Sunday", "INJECT: ", "leaves, next request in", "User 3 in 6 days: "});
  const auto count = [&](const std::string& text) {
    int n = 0;
    for (std::size_t at = story.text.find(text); at != std::string::npos; at = story.text.find(text, at + 1)) ++n;
    return n;
  };
  const std::string total = story.text.substr(story.text.find("User 3 in 6 days: "));
  CAPTURE(total);
  CHECK(count("; page ") > 10);
  CHECK(total.find(" " + std::to_string(count("; page ")) + " requests, ") != std::string::npos);
  CHECK(total.find(" " + std::to_string(count("INJECT: ")) + " injected, ") != std::string::npos);
  CHECK(total.find(": " + std::to_string(count("opens the app, session")) + " sessions, ") != std::string::npos);
  CHECK(count("In all: ") + count("does not open the app\n") == 6);
  check(program("trace " + file("sweep.yaml", "base: {seed: 1}\ncases: [{agent: {kind: never}}]\n") + " --user 3"), 65, {"sweep.yaml:1: base", "sluice sweep run"});
}

TEST_CASE("cli: the realism report is one page with figures, and is not replaced unasked") {
  const std::string small = "fidelity --seed 1 --users 60 --set environment.burn_in.days=1 --set environment.supply.streamers.count=50";
  const std::string out = (kFolder / "realism").string();
  check(program(small + " --out " + out), 0, {"sessions per user-day", "bounds met", "fidelity.html"});
  CHECK(std::filesystem::exists(kFolder / "realism" / "short_watch.svg"));
  check(program(small + " --out " + out), 65, {"--force"});
  check(program(small + " --data " + (kFolder / "nowhere").string()), 65, {"nowhere"});
}

TEST_CASE("cli: a closed or full standard stream neither damages a result nor passes unnoticed") {
  const std::string config = file("m.yaml", "seed: 1\n" + kSmall), out = (kFolder / "m.h5").string();
  check(shell("run " + config + " --out " + out + " 0<&- 2>&-"), 0, {});
  check(program("inspect " + out), 0, {"complete"});
  check(shell("schema >/dev/full 2>&1"), 74, {});
  check(shell("version >/dev/full 2>&1"), 74, {});
}

TEST_CASE("cli: a signal ends any long command with 75 and leaves nothing behind") {
  const std::string config = file("n.yaml", "seed: 1\nevaluate: {users: 200000}\n"), out = (kFolder / "n.h5").string();
  for (const std::string& command : {"run " + config + " --out " + out, std::string("fidelity --seed 1 --users 200000")}) {
    CAPTURE(command);
    const auto names = [] {
      std::set<std::string> found;
      for (const auto& entry : std::filesystem::directory_iterator(kFolder)) found.insert(entry.path().filename().string());
      return found;
    };
    const std::set<std::string> before = names();
    const Outcome outcome = shell(command + " 2>&1", "timeout --preserve-status -s TERM 0.5 ");
    check(outcome, 75, {"signal"});
    CHECK(names() == before);
  }
}
