// How fast an agent learns online: simulate, act, learn, on one core.

#include "experiments/bench_parts.h"
#include "experiments/train.h"
#include "experiments/worlds.h"
#include "sim/check.h"

namespace sluice {

BenchNumbers bench_online(const Wanted& wanted) {
  const std::string name = "online_training_sl_mgac";
  if (!wanted(name)) return {};
  const Worlds worlds(1);
  const auto world = worlds.fresh({}, {.users = 20000, .seed = 1});
  world->begin_phase({.days = 30, .transitions = Transitions::kCollect});
  const auto agent = make_agent(SlMgacConfig{}, world->spec(), Seed{1}, {.batch_size = 1024, .warmup_transitions = 10000});
  TrainingLog log(world->spec().cost_names);
  TrainState state;
  TrainOptions options{.decisions = 50000, .decisions_per_update = 2048};
  train(*world, *agent, options, state, log);  // the replay buffer is warm from here on
  std::vector<double> rates;
  for (int repetition = 0; repetition < 5; ++repetition) {
    const std::int64_t before = state.decisions;
    const double start = thread_cpu_seconds();
    options.decisions += 100000;
    train(*world, *agent, options, state, log);
    ENSURE(state.updates > 40 * (repetition + 1), "updates are made");
    rates.push_back(static_cast<double>(state.decisions - before) / (thread_cpu_seconds() - start));
  }
  return {{name, median(rates), "decisions/s", 0, ""}};
}

}  // namespace sluice
