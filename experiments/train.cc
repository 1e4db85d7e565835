#include "experiments/train.h"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::array<double UpdateLog::*, 10> kNumbers = {
    &UpdateLog::td_error_rms, &UpdateLog::td_loss, &UpdateLog::reward_loss, &UpdateLog::actor_loss, &UpdateLog::q_mean, &UpdateLog::q_std,
    &UpdateLog::q_abs_max, &UpdateLog::injection_rate, &UpdateLog::entropy, &UpdateLog::gradient_norm};

}  // namespace

void train(Environment& environment, Agent& agent, const TrainOptions& options, TrainState& state,
           TrainingLog& log) {
  std::vector<Decision> decisions;
  if (state.next_update == 0) state.next_update = options.decisions_per_update;
  if (state.next_evaluation == 0) state.next_evaluation = options.every_decisions;
  if (state.next_diagnosis == 0) state.next_diagnosis = options.diagnose_every_updates;
  while (state.decisions < options.decisions && !state.horizon_reached) {
    if (options.pause) options.pause(state.decisions);
    if (options.every_decisions > 0 && state.decisions >= state.next_evaluation) {
      options.evaluate(state.decisions);
      while (state.next_evaluation <= state.decisions) state.next_evaluation += options.every_decisions;
    }
    const RequestBatch& requests = environment.recv();
    agent.observe(environment.transitions());
    if (options.seen) options.seen(environment.transitions());
    if (requests.size() == 0) {
      state.horizon_reached = true;
      break;
    }
    for (; state.day < environment.day(); ++state.day) {
      if (state.day >= 0) agent.update_multipliers(environment.take_cost_values());
      agent.begin_day(state.day + 1, environment.group_keys());
    }
    if (options.diagnose_every_updates > 0 && state.updates >= state.next_diagnosis) {
      options.diagnose(state.updates, state.decisions);
      while (state.next_diagnosis <= state.updates) state.next_diagnosis += options.diagnose_every_updates;
    }
    decisions.resize(requests.size());
    agent.act(requests, Mode::kExplore, decisions);
    environment.send(decisions);
    state.decisions += static_cast<std::int64_t>(requests.size());
    for (; state.decisions >= state.next_update; state.next_update += options.decisions_per_update) {
      const std::optional<UpdateLog> update = agent.update();
      if (!update) continue;  // the replay buffer is still warming up
      if (++state.updates % options.log_every_updates == 0)
        log.add(state.updates, state.decisions, *update, agent.multipliers());
    }
  }
}

void TrainingLog::add(std::int64_t update, std::int64_t decisions, const UpdateLog& log,
                      std::vector<double> multipliers) {
  rows_.push_back({update, decisions, log, std::move(multipliers)});
}

void TrainingLog::transfer(StateArchive& archive) {
  std::vector<double> numbers;            // all rows, one after the other
  std::vector<std::array<std::int64_t, 4>> shape;  // update, decisions, groups, multipliers
  for (const Row& row : rows_) {
    shape.push_back({row.update, row.decisions, static_cast<std::int64_t>(row.log.group_q_mean.size()),
                     static_cast<std::int64_t>(row.multipliers.size())});
    for (double UpdateLog::*member : kNumbers) numbers.push_back(row.log.*member);
    for (const auto* list : {&row.log.group_q_mean, &row.log.group_q_std, &row.multipliers})
      numbers.insert(numbers.end(), list->begin(), list->end());
  }
  archive.values("shape", shape);
  archive.values("numbers", numbers);
  if (!archive.is_loading()) return;
  rows_.clear();
  auto next = numbers.begin();
  const auto take = [&](std::int64_t n) {
    next += n;
    return std::vector<double>(next - n, next);
  };
  for (const auto& [update, decisions, groups, multipliers] : shape) {
    Row row{.update = update, .decisions = decisions, .log = {}, .multipliers = {}};
    for (double UpdateLog::*member : kNumbers) row.log.*member = *next++;
    row.log.group_q_mean = take(groups);
    row.log.group_q_std = take(groups);
    row.multipliers = take(multipliers);
    rows_.push_back(std::move(row));
  }
}

Table TrainingLog::table() const {
  const auto integers = [&](std::int64_t Row::*member) {
    std::vector<std::int64_t> column;
    for (const Row& row : rows_) column.push_back(row.*member);
    return column;
  };
  const auto reals = [&](double UpdateLog::*member) {
    std::vector<double> column;
    for (const Row& row : rows_) column.push_back(row.log.*member);
    return column;
  };
  const auto entries = [&](auto list, std::size_t index) {
    std::vector<double> column;
    for (const Row& row : rows_) {
      const std::vector<double>& values = list(row);
      column.push_back(index < values.size() ? values[index] : UpdateLog::kNone);
    }
    return column;
  };
  Table table;
  auto& c = table.columns;
  c.push_back({"update", "1", "gradient steps so far", integers(&Row::update)});
  c.push_back({"decisions", "1", "training decisions so far", integers(&Row::decisions)});
  c.push_back({"td_loss", "1", "the critic's loss, in the agent's own units", reals(&UpdateLog::td_loss)});
  c.push_back({"td_error_rms", "reward", "root mean square of the TD error, the same for every agent", reals(&UpdateLog::td_error_rms)});
  c.push_back({"reward_loss", "1", "supervised losses of the reward prediction network", reals(&UpdateLog::reward_loss)});
  c.push_back({"actor_loss", "1", "loss of the actor", reals(&UpdateLog::actor_loss)});
  c.push_back({"q_mean", "reward", "mean Q of the taken actions", reals(&UpdateLog::q_mean)});
  c.push_back({"q_std", "reward", "standard deviation of that Q over the batch", reals(&UpdateLog::q_std)});
  c.push_back({"q_abs_max", "reward", "largest |Q| of the batch", reals(&UpdateLog::q_abs_max)});
  c.push_back({"injection_rate", "1", "mean probability of injecting under the current policy", reals(&UpdateLog::injection_rate)});
  c.push_back({"entropy", "nat", "mean entropy of the policy", reals(&UpdateLog::entropy)});
  c.push_back({"gradient_norm", "1", "norm of the gradient before clipping", reals(&UpdateLog::gradient_norm)});
  std::size_t num_groups = 0;
  for (const Row& row : rows_) num_groups = std::max(num_groups, row.log.group_q_mean.size());
  for (std::size_t k = 0; k < num_groups; ++k) {
    const std::string name = "group_q_", suffix = "_" + std::to_string(k);
    c.push_back({name + "mean" + suffix, "reward", "q_mean within an agent's group",
                 entries([](const Row& row) { return row.log.group_q_mean; }, k)});
    c.push_back({name + "std" + suffix, "reward", "q_std within an agent's group",
                 entries([](const Row& row) { return row.log.group_q_std; }, k)});
  }
  for (std::size_t i = 0; i < cost_names_.size(); ++i)
    c.push_back({"multiplier_" + cost_names_[i], "1", "Lagrange multiplier of this cost",
                 entries([](const Row& row) { return row.multipliers; }, i)});
  return table;
}

}  // namespace sluice
