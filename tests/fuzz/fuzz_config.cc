// Bytes as a run's configuration: what reads must be written as a text that reads back to itself, the rest must be
// an error of the user's.  The first line is also tried as --set.

#include "experiments/experiment_config.h"
#include "sim/config_writer.h"
#include "tests/fuzz/fuzz.h"

using namespace sluice;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static const bool included = [] {
    fuzz::write_file("a.yaml", "{label: a, agent: {kind: never}}\n");
    fuzz::write_file("self.yaml", "include: [a.yaml, self.yaml]\n");
    fuzz::write_file("world.yaml", "users: {count: 7}\n");
    return true;
  }();
  (void)included;
  const std::string text = fuzz::text_of(data, size);
  try {
    parse_setting(text.substr(0, text.find('\n')));
  } catch (const UserError&) {
  }
  std::string yaml;
  try {
    yaml = to_yaml(read_experiment(with_includes(parse_config_text(text, "fuzz.yaml")), std::nullopt));
  } catch (const UserError&) {
    return 0;
  }
  const std::string again = to_yaml(parse_experiment(yaml, "the resolved config"));
  fuzz::require(again == yaml, "a resolved config reads back to itself", yaml + "\n---\n" + again);
  return 0;
}
