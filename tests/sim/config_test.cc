#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "experiments/experiment_config.h"
#include "sim/config_reader.h"
#include "sim/config_schema.h"
#include "sim/config_writer.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

// The message of the error that reading `yaml` must give; its exit code must be 65.
std::string error_of(const std::string& yaml) {
  try {
    parse_experiment(yaml, "run.yaml");
  } catch (const UserError& e) {
    CHECK(e.code() == ExitCode::kData);
    return e.what();
  }
  return "no error";
}

bool says(const std::string& message, std::initializer_list<const char*> parts) {
  for (const char* part : parts)
    if (message.find(part) == std::string::npos) {
      MESSAGE("missing `" << part << "` in: " << message);
      return false;
    }
  return true;
}

}  // namespace

TEST_CASE("config: errors name file, line, path, the value and what would be right") {
  CHECK(says(error_of("seed: 1\nagent: {kind: sl_mgac, num_grops: 3}\n"),
             {"run.yaml:2", "agent.num_grops", "unknown key", "did you mean `num_groups`"}));
  CHECK(says(error_of("seed: 1\ntrain:\n  epsilon: 2\n"),
             {"run.yaml:3", "train.epsilon", "2 is out of range", "[0, 1]"}));
  CHECK(says(error_of("seed: 1\nagent: {kind: sl_mgac, discount: 1}\n"), {"agent.discount", "[0, 1)"}));
  CHECK(says(error_of("seed: 1\ntrain: {decisions: many}\n"), {"train.decisions", "whole number", "`many`"}));
  CHECK(says(error_of("seed: 1\ntrain: {decisions: 2.5}\n"), {"train.decisions", "whole number", "`2.5`"}));
  CHECK(says(error_of("seed: 1\ntrain: {decisions: \"5\"}\n"), {"`5` in quotes"}));
  CHECK(says(error_of("seed: 1\ntrain: {epsilon: .nan}\n"), {"train.epsilon", "`.nan`"}));
  CHECK(says(error_of("seed: 1\ntrain: {epsilon: nan}\n"), {"train.epsilon", "`nan`"}));
  CHECK(says(error_of("seed: 1\ntrain: {epsilon: }\n"), {"train.epsilon", "nothing"}));
  CHECK(says(error_of("seed: 1\ntrain: {epsilon: 1e999}\n"), {"train.epsilon"}));
  CHECK(says(error_of("seed: 1\ntrain: [1]\n"), {"train", "a mapping", "a list"}));
  CHECK(says(error_of("seed: 1\nagent: {kind: dqm}\n"), {"agent.kind", "did you mean `dqn`", "sl_mgac"}));
  CHECK(says(error_of("seed: 1\nagent: {kind: sl_mgac, layer_norm: al}\n"), {"did you mean `all`", "none, input, all"}));
  CHECK(says(error_of("seed: 1\nagent: {kind: dqn, double_q: yes}\n"), {"true or false", "`yes`"}));
  CHECK(says(error_of("seed: 1\nseed: 2\n"), {"run.yaml:2", "`seed` is there twice", "line 1"}));
  CHECK(says(error_of("agent: {kind: never}\n"), {"seed", "no default seed", "--seed 1"}));
  CHECK(says(error_of("seed: -1\n"), {"seed", "`-1`"}));
  CHECK(says(error_of(""), {"run.yaml", "is empty"}));
  CHECK(says(error_of("seed: 1\n---\nseed: 2\n"), {"more than one"}));
  CHECK(says(error_of("seed: [1\n"), {"run.yaml:", "not valid YAML"}));
  CHECK(says(error_of("just a text\n"), {"run.yaml", "expected a mapping"}));
  CHECK(says(error_of("seed: 1\nenvironment: {limits: {cost_tim: {at_most: 0}}}\n"), {"limits.cost_tim", "did you mean `cost_time`"}));
  CHECK(says(error_of("seed: 1\nenvironment: {window_s: 7}\n"), {"environment.window_s", "divide a day"}));
  CHECK(says(error_of("seed: 1\nenvironment: {scenario: defualt}\n"), {"environment.scenario", "default, long_term, myopic"}));
  CHECK(says(error_of("seed: 1\nenvironment: {users: {activity: {hour_percent: [1, 2]}}}\n"), {"hour_percent", "24 numbers"}));
  CHECK(says(error_of("seed: 1\nenvironment: {burn_in: {policy: {kind: dqn}}}\n"), {"burn_in.policy.kind", "does not learn"}));
  CHECK(says(error_of("seed: 1\nenvironment: {kind: tabular}\n"), {"environment.file"}));
  CHECK(says(error_of("seed: 1\nlabel: a/b\n"), {"label", "a/b", "no /"}));
  CHECK(says(error_of("seed: 1\nlabel: \"a\\nb\"\n"), {"label", "control"}));
  CHECK(says(error_of("seed: -1\n"), {"seed", "-1", "[0, 9223372036854775807]"}));
  CHECK(says(error_of("seed: 9223372036854775808\n"), {"seed", "9223372036854775807"}));
}

TEST_CASE("config: a text survives whatever is in it, and a number written 2e6 is whole") {
  const ExperimentConfig config = parse_experiment("seed: 9223372036854775807\nlabel: \"a: \\\"b\\\" #c \"\ntrain: {decisions: 2e6}\n", "x");
  CHECK(config.seed == 9223372036854775807ull);
  CHECK(config.label == "a: \"b\" #c ");
  CHECK(config.train.decisions == 2000000);
  CHECK(parse_experiment(to_yaml(config), "again").label == config.label);
}

TEST_CASE("config: the resolved YAML reads back to the same YAML, for every kind of agent") {
  for (const AgentInfo& info : agent_infos()) {
    CAPTURE(info.kind);
    const std::string extra = std::string(info.kind) == "from" ? ", from: run.h5" : "";
    const ExperimentConfig config = parse_experiment(
        std::string("seed: 3\nagent: {kind: ") + info.kind + extra + "}\ntrain: {epsilon_end: 0.01}\n", "x");
    const std::string yaml = to_yaml(config);
    CHECK(to_yaml(parse_experiment(yaml, "again")) == yaml);
    CHECK(config_hash(yaml).size() == 16);
  }
}

TEST_CASE("config: layers lie one over the other, and a new kind starts from its defaults") {
  const auto layer = [](const char* yaml) { return parse_config_text(yaml, "layer"); };
  const ExperimentConfig config = read_experiment(
      {layer("seed: 1\nagent: {kind: sl_mgac, num_groups: 3, num_buckets: 7}"), layer("agent: {num_groups: 4}"),
       parse_setting("agent.num_buckets=9"), parse_setting("environment.users.count=77")},
      std::nullopt);
  const auto& agent = std::get<SlMgacConfig>(config.agent);
  CHECK(agent.num_groups == 4);
  CHECK(agent.num_buckets == 9);
  CHECK(num_users(std::get<FeedConfig>(config.environment).users) == 77);
  const ExperimentConfig other = read_experiment(
      {layer("seed: 1\nagent: {kind: threshold, threshold_s: 5}"), layer("agent: {kind: fatigue_threshold}")}, 9);
  CHECK(std::get<FatigueThresholdConfig>(other.agent).threshold_s == FatigueThresholdConfig{}.threshold_s);
  CHECK(other.seed == 9);
}

TEST_CASE("config: a scenario lies beneath the document's own keys, in whatever layer it is named") {
  const ExperimentConfig config =
      parse_experiment("seed: 1\nenvironment: {users: {dynamics: {fatigue_enter: 0.3}}, scenario: long_term}\n", "x");
  const auto& users = std::get<BehaviouralUsersConfig>(std::get<FeedConfig>(config.environment).users);
  CHECK(users.dynamics.fatigue_enter == 0.3);            // the document's
  CHECK(users.dynamics.satisfaction_return == 0.1);      // the scenario's
  CHECK(users.dynamics.habit_gain == DynamicsConfig{}.habit_gain);
}

TEST_CASE("config: what a scenario file says is in the resolved config, which runs again without the file") {
  const auto file = own_folder() / "tired.yaml";
  std::ofstream(file) << "users: {dynamics: {fatigue_enter: 0.9}}\n";
  std::ofstream(own_folder() / "run.yaml") << "seed: 1\nenvironment: {scenario: tired.yaml}\n";
  const ExperimentConfig config = load_experiment((own_folder() / "run.yaml").string(), {}, std::nullopt);
  const std::string resolved = to_yaml(config);
  CHECK(resolved.find("inline tired.yaml") != std::string::npos);
  std::filesystem::remove(file);
  const ExperimentConfig again = parse_experiment(resolved, "resolved");
  CHECK(to_yaml(again) == resolved);
  const auto& users = std::get<BehaviouralUsersConfig>(std::get<FeedConfig>(again.environment).users);
  CHECK(users.dynamics.fatigue_enter == 0.9);
}

TEST_CASE("config: files include files, relative to themselves, and a circle is an error") {
  const auto folder = own_folder();
  std::filesystem::create_directories(folder / "sub");
  const auto write = [&](const char* name, const char* text) { std::ofstream(folder / name) << text; };
  write("base.yaml", "seed: 4\ntrain: {epsilon: 0.5, batch_size: 32}\n");
  write("sub/run.yaml", "include: ../base.yaml\ntrain: {batch_size: 64}\n");
  const ExperimentConfig config = load_experiment((folder / "sub/run.yaml").string(), {}, std::nullopt);
  CHECK(config.seed == 4);
  CHECK(config.train.epsilon == 0.5);
  CHECK(config.train.batch_size == 64);
  write("a.yaml", "include: b.yaml\n");
  write("b.yaml", "include: a.yaml\n");
  CHECK_THROWS_WITH_AS(load_experiment((folder / "a.yaml").string(), {}, 1), doctest::Contains("includes itself"), UserError);
  for (int i = 0; i < 12; ++i) {  // 10^12 files in all
    std::string list = "include: [";
    for (int k = 0; k < 10; ++k) list += "many" + std::to_string(i + 1) + ".yaml, ";
    write(("many" + std::to_string(i) + ".yaml").c_str(), (list + "]\n").c_str());
  }
  write("many12.yaml", "seed: 1\n");
  CHECK_THROWS_WITH_AS(load_experiment((folder / "many0.yaml").string(), {}, 1),
                       doctest::Contains("more than 1000 files in all"), UserError);
  write("c.yaml", "include: missing.yaml\n");
  CHECK_THROWS_WITH_AS(load_experiment((folder / "c.yaml").string(), {}, 1), doctest::Contains("missing.yaml"), UserError);
}

TEST_CASE("config: documents without an end or a bottom are errors in no time") {
  CHECK(says(error_of(",seed: 1\n"), {"run.yaml:1:1", "more than one YAML document", "a mark too many"}));
  CHECK(says(error_of("seed: 1\n}\n"), {"run.yaml:2:1", "not valid YAML"}));
  CHECK(says(error_of("a: &a [*a]\n"), {"run.yaml:1", "a[0]", "in itself"}));
  CHECK(says(error_of("a: " + std::string(70, '[') + std::string(70, ']')), {"a[0][0]", "deeper than 64"}));
  std::string names = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";  // 9^20 of them
  for (int i = 1; i < 20; ++i) {
    names += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) names += (k > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    names += "]\n";
  }
  CHECK(says(error_of(names), {"run.yaml:", "more than 200 000 values"}));
  std::string texts = "a: &a " + std::string(1 << 20, 'x') + "\nb: [";
  for (int k = 0; k < 9999; ++k) texts += "*a, ";
  CHECK(says(error_of(texts + "*a]\n"), {"run.yaml:", "more than 200 000 values"}));
  std::string deep = "a0: &a0 [x]\n";  // each within the next: no more than 64 in all
  for (int i = 1; i < 70; ++i)
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  CHECK(says(error_of(deep), {"run.yaml:", "deeper than 64"}));
  CHECK(says(error_of(std::string(5 << 20, '#')), {"over 4 MiB"}));
  CHECK_THROWS_WITH_AS(load_config_file("/dev/zero"), doctest::Contains("over 4 MiB"), UserError);
}

TEST_CASE("config: a part that is named and repeated reads as if it were written there") {
  const ConfigNode node = parse_config_text("x: &x {p: [1, 2], &k key: ~}\ny: *x\nz: {*k : \"3\"}\n", "t");
  REQUIRE(node.find("y") != nullptr);
  const ConfigNode& y = *node.find("y");
  CHECK(y.keys == std::vector<std::string>{"p", "key"});
  CHECK(y.children[0].children[1].text == "2");
  CHECK(y.children[1].kind == ConfigNode::Kind::kNull);
  CHECK(node.find("z")->keys == std::vector<std::string>{"key"});
  CHECK(node.find("z")->children[0].quoted);
}

TEST_CASE("config: a scenario's name that no file can have is no scenario") {
  CHECK(says(error_of("seed: 1\nenvironment: {scenario: " + std::string(300, 'x') + "}\n"), {"no scenario or file"}));
}

TEST_CASE("config: settings of the command line are checked like files") {
  CHECK_THROWS_WITH_AS(parse_setting("no_value"), doctest::Contains("PATH=VALUE"), UserError);
  CHECK_THROWS_WITH_AS(parse_setting("a..b=1"), doctest::Contains("empty"), UserError);
  std::string deep = "a";
  for (int i = 0; i < 100000; ++i) deep += ".a";
  CHECK_THROWS_WITH_AS(parse_setting(deep + "=1"), doctest::Contains("more than 64 parts"), UserError);
  CHECK_THROWS_WITH_AS(read_experiment({parse_setting("agnt.kind=never")}, 1), doctest::Contains("did you mean `agent`"), UserError);
}

TEST_CASE("config: the schema documents every field, and says where every default comes from") {
  std::vector<SchemaRow> rows;
  list_schema(ExperimentConfig{}, "", rows);
  CHECK(rows.size() > 150);
  for (const SchemaRow& row : rows) {
    CAPTURE(row.path);
    if (row.type == "kind" || row.type == "mapping") continue;
    CHECK_FALSE(row.doc.empty());
    CHECK_FALSE(row.source.empty());
    CHECK_FALSE(row.type.empty());
  }
}

}  // namespace sluice
