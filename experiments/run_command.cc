// `sluice run`: read, check, and either say what would be done or do it.

#include <fmt/format.h>

#include <cstdio>

#include "agents/blas_info.h"
#include "experiments/commands.h"
#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "experiments/run.h"
#include "sim/config_writer.h"

namespace sluice {
namespace {

// Decisions per user-day of the default world under the burn-in rule (`sluice fidelity`): for
// estimates only.
constexpr double kDecisionsPerUserDay = 64;
// Measured on one core of a 2.x GHz server (`sluice bench`): simulator with observations; learner.
constexpr double kSimulatedPerSecond = 1e6, kSecondsPerUpdate = 0.012, kLearnedPerSecond = 2e5;

bool learns(const AgentConfig& agent) {
  return std::holds_alternative<DqnConfig>(agent) || std::holds_alternative<SlMgacConfig>(agent);
}

void print_plan(const ExperimentConfig& config, const std::string& out) {
  fmt::print("{}", to_yaml(config));
  fmt::print("---\n# would write: {}\n", out);
  const auto* feed = std::get_if<FeedConfig>(&config.environment);
  if (feed == nullptr) {
    fmt::print("# tabular environment {}\n", std::get<TabularEnvConfig>(config.environment).file);
    return;
  }
  const bool trained = learns(config.agent);
  const double users = num_users(feed->users), eval_users = config.evaluate.users;
  const double burn_in = kDecisionsPerUserDay * feed->burn_in.days * (eval_users + (trained ? users + config.evaluate.curve_users : 0));
  const double supply = kDecisionsPerUserDay * users * feed->days;
  const double evaluated = kDecisionsPerUserDay * config.evaluate.days * eval_users * 2;
  const double decisions = trained ? std::min(supply, static_cast<double>(config.train.decisions)) : 0;
  const double updates = decisions / static_cast<double>(config.train.decisions_per_update);
  const double seconds = (burn_in + evaluated) / kSimulatedPerSecond + decisions / kLearnedPerSecond + updates * kSecondsPerUpdate;
  const double width = 79 * 4, replay = static_cast<double>(config.train.replay_capacity) * (2 * width + 64);
  fmt::print("# burn-in: about {:.1f} M decisions; training: {:.2f} M decisions, {:.0f} updates; evaluation: about {:.1f} M decisions\n",
             burn_in / 1e6, decisions / 1e6, updates, evaluated / 1e6);
  fmt::print("# about {:.1f} GB of memory and {:.0f} min on one core\n",
             ((eval_users * 2 + users) * 1000 + (trained ? replay + 3e8 : 0)) / 1e9, std::max(1.0, seconds / 60));
  if (trained && supply < static_cast<double>(config.train.decisions))
    fmt::print("# NOTE: {} days of {} users hold only about {:.2f} M decisions, fewer than train.decisions\n",
               feed->days, num_users(feed->users), supply / 1e6);
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
    const BlasInfo blas = blas_info();
    note("BLAS: " + blas.name);
    if (blas.is_reference) note("warning: this is the reference BLAS, about 25 times slower: apt-get install libopenblas0-serial");
  }
  Worlds worlds(options.threads);
  run_experiment(config, worlds, {.out = out, .overwrite = overwrite, .resume = options.resume, .checkpoint_minutes = options.checkpoint_minutes});
  fmt::print("{}\n", out);
  return 0;
}

}  // namespace sluice
