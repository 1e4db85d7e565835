// `sluice recalibrate`: a scenario whose marginals meet the targets, from one whose do not.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "experiments/commands.h"
#include "experiments/durable_file.h"
#include "experiments/fidelity.h"
#include "experiments/interrupt.h"
#include "experiments/recalibrate.h"

namespace sluice {
namespace {

bool is_scenario(const std::string& name) {
  const auto& known = builtin_scenarios();
  return std::any_of(known.begin(), known.end(), [&](const auto& scenario) { return scenario.first == name; });
}

FeedConfig config_of(const std::string& name, std::vector<std::string> sets, std::uint64_t seed) {
  if (!is_scenario(name)) return fidelity_config(name, sets, seed);
  sets.insert(sets.begin(), "environment.scenario=" + name);
  return fidelity_config("", sets, seed);
}

}  // namespace

int recalibrate_command(const RecalibrateCommand& command) {
  catch_interrupts();
  if (!command.like.empty() && !is_scenario(command.like))
    throw usage_error("--like: no scenario `" + command.like + "`; `sluice list scenarios` names them");
  const FeedConfig start = config_of(command.config, command.sets, command.seed);
  const MarginalTargets data = command.data.empty() ? published_targets() : targets_with_data(command.data);
  const RecalibrateOptions options = {.knobs = command.light ? Knobs::kLight : Knobs::kAll,
                                      .users = command.users,
                                      .jacobian_users = std::min(command.users, 2000),
                                      .seed = command.seed,
                                      .num_threads = command.threads,
                                      .iterations = command.iterations,
                                      .hours = command.hours,
                                      .progress = "worlds"};
  if (!command.force && std::filesystem::exists(command.out)) throw already_exists(command.out);
  DurableFile file(command.out, command.force ? Overwrite::kForce : Overwrite::kRefuse);
  std::vector<double> targets;
  if (!command.like.empty())
    for (const Moment& moment : moments(measure_marginals(config_of(command.like, {}, command.seed),
                                                          {.users = command.users, .seed = command.seed}), data))
      targets.push_back(moment.value);
  const std::string yaml = recalibrated_yaml(start, recalibrate(start, data, options, targets), options);
  file.commit(std::as_bytes(std::span(yaml.data(), yaml.size())));
  fmt::print("{}\n{}\n", yaml, command.out);
  return 0;
}

}  // namespace sluice
