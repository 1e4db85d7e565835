// `sluice run`: read, check, and either say what would be done or do it.

#include <fmt/format.h>

#include <cstdio>

#include "agents/blas_info.h"
#include "experiments/commands.h"
#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "experiments/run.h"
#include "experiments/run_cost.h"
#include "sim/config_writer.h"

namespace sluice {
namespace {

bool learns(const AgentConfig& agent) {
  return std::holds_alternative<DqnConfig>(agent) || std::holds_alternative<SlMgacConfig>(agent);
}

void print_plan(const ExperimentConfig& config, const std::string& out) {
  fmt::print("{}", to_yaml(config));
  fmt::print("---\n# would write: {}\n", out);
  const auto* feed = std::get_if<FeedConfig>(&config.environment);
  if (feed == nullptr) {
    const auto& tabular = std::get<TabularEnvConfig>(config.environment);
    fmt::print("# tabular environment {}\n", tabular.source == CmdpSource::kFile ? tabular.file : enum_names(tabular.source)[static_cast<std::size_t>(tabular.source)]);
    return;
  }
  const RunCost cost = estimate_cost(config);
  fmt::print("# burn-in: about {:.1f} M decisions; training: {:.2f} M decisions, {:.0f} updates; evaluation: about {:.1f} M decisions\n",
             cost.burn_in_decisions / 1e6, cost.training_decisions / 1e6, cost.updates, cost.evaluated_decisions / 1e6);
  fmt::print("# about {:.1f} GB of memory and {:.0f} min on one core\n", cost.bytes / 1e9, std::max(1.0, cost.seconds / 60));
  if (learns(config.agent) && cost.supplied_decisions < static_cast<double>(config.train.decisions))
    fmt::print("# NOTE: {} days of {} users hold only about {:.2f} M decisions, fewer than train.decisions\n",
               feed->days, num_users(feed->users), cost.supplied_decisions / 1e6);
}

}  // namespace

int run_command(const RunOptions& options) {
  catch_interrupts();
  const ExperimentConfig config = load_experiment(options.config, options.sets, options.seed);
  const std::string out = options.out.empty() ? fmt::format("{}-seed{}.h5", agent_label(config), config.seed) : options.out;
  const Overwrite overwrite = options.force ? Overwrite::kForce : Overwrite::kRefuse;
  if (options.dry_run) {
    print_plan(config, out);
    return 0;
  }
  if (options.resume && is_done(out, config)) {
    note(out + " is complete; nothing to do");
    fmt::print("{}\n", out);
    return 0;
  }
  check_output(out, overwrite);
  if (learns(config.agent)) {
    const BlasInfo& blas = blas_info();
    note("BLAS: " + blas.text());
    if (blas.is_reference) note("warning: this is the reference BLAS, about 25 times slower: apt-get install libopenblas0-serial");
  }
  Worlds worlds(options.threads);
  run_experiment(config, worlds, {.out = out, .overwrite = overwrite, .resume = options.resume, .checkpoint_minutes = options.checkpoint_minutes});
  fmt::print("{}\n", out);
  return 0;
}

}  // namespace sluice
