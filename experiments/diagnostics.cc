#include "experiments/diagnostics.h"

#include <algorithm>
#include <cmath>

namespace sluice {

void DiagnosticsLog::add(std::int64_t update, std::int64_t decisions, const std::vector<Diagnostic>& row) {
  Row& own = rows_.emplace_back(Row{.update = update, .decisions = decisions, .values = {}});
  own.values.assign(names_.size(), UpdateLog::kNone);
  for (const Diagnostic& number : row) {
    const auto known = std::find(names_.begin(), names_.end(), number.name);
    const auto column = static_cast<std::size_t>(known - names_.begin());
    if (known == names_.end()) {
      names_.push_back(number.name);
      units_.push_back(number.unit);
      descriptions_.push_back(number.description);
      own.values.push_back(number.value);
    } else {
      own.values[column] = number.value;
    }
  }
}

Table DiagnosticsLog::table() const {
  Table table;
  std::vector<std::int64_t> update, decisions;
  for (const Row& row : rows_) {
    update.push_back(row.update);
    decisions.push_back(row.decisions);
  }
  table.columns.push_back({"update", "1", "gradient steps so far", update});
  table.columns.push_back({"decisions", "1", "training decisions so far", decisions});
  for (std::size_t column = 0; column < names_.size(); ++column) {
    std::vector<double> values;
    for (const Row& row : rows_) values.push_back(column < row.values.size() ? row.values[column] : UpdateLog::kNone);
    table.columns.push_back({names_[column], units_[column], descriptions_[column], values});
  }
  return table;
}

void DiagnosticsLog::transfer(StateArchive& archive) {
  archive.texts("names", names_);
  archive.texts("units", units_);
  archive.texts("descriptions", descriptions_);
  std::vector<std::int64_t> shape;  // update, decisions, numbers of each row
  std::vector<double> values;
  for (const Row& row : rows_) {
    for (const std::int64_t number : {row.update, row.decisions, static_cast<std::int64_t>(row.values.size())}) shape.push_back(number);
    values.insert(values.end(), row.values.begin(), row.values.end());
  }
  archive.values("shape", shape);
  archive.values("values", values);
  if (!archive.is_loading()) return;
  rows_.clear();
  auto next = values.begin();
  for (std::size_t i = 0; i + 2 < shape.size(); i += 3) {
    rows_.push_back({.update = shape[i], .decisions = shape[i + 1], .values = {next, next + shape[i + 2]}});
    next += shape[i + 2];
  }
}

std::vector<Diagnostic> true_q_diagnostics(const Environment& environment, Agent& agent, const PolicyMaker& frozen,
                                           const DiscountConfig& discount, const DiagnosticsConfig& config, Seed seed) {
  const RequestBatch& waiting = environment.waiting();
  const std::size_t count = std::min(waiting.size(), static_cast<std::size_t>(config.true_q_requests));
  if (count == 0) return {};
  const auto num_actions = static_cast<std::size_t>(environment.spec().num_actions);
  const auto width = static_cast<std::size_t>(environment.spec().schema.width);
  std::vector<Decision> asked(waiting.size());  // tells the groups
  agent.act(waiting, Mode::kEvaluate, asked);
  std::vector<std::size_t> rows;
  std::vector<float> observations, q(count * num_actions);
  std::vector<std::uint8_t> groups;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = i * waiting.size() / count;
    rows.push_back(row);
    const auto from = waiting.observation.begin() + static_cast<std::ptrdiff_t>(row * width);
    observations.insert(observations.end(), from, from + static_cast<std::ptrdiff_t>(width));
    groups.push_back(asked[row].group);
  }
  if (!agent.action_values(observations, groups, q)) return {};
  const MonteCarloResult truth = monte_carlo(environment, rows, frozen,
                                             {.paths = config.true_q_paths,
                                              .rollouts_per_path = config.true_q_rollouts,
                                              .discount = discount,
                                              .multipliers = agent.multipliers(),
                                              .max_days = config.true_q_days},
                                             seed);
  double bias = 0, square = 0, noise = 0, mean = 0, advantage = 0, advantage_bias = 0, advantage_square = 0, advantage_noise = 0;
  std::vector<double> row_bias;
  for (std::size_t r = 0; r < count; ++r) {
    double own = 0;
    for (std::size_t a = 0; a < num_actions; ++a) {
      const Estimate& exact = truth.requests[r].q[a];
      const double error = static_cast<double>(q[r * num_actions + a]) - exact.mean;
      own += error / static_cast<double>(num_actions);
      square += error * error / static_cast<double>(num_actions);
      noise += exact.standard_error * exact.standard_error / static_cast<double>(num_actions);
      mean += exact.mean / static_cast<double>(num_actions);
    }
    row_bias.push_back(own);
    bias += own;
    const Estimate& gain = truth.requests[r].advantage;
    const double error = static_cast<double>(q[r * num_actions + 1] - q[r * num_actions]) - gain.mean;
    advantage += gain.mean;
    advantage_bias += error;
    advantage_square += error * error;
    advantage_noise += gain.standard_error * gain.standard_error;
  }
  const auto n = static_cast<double>(count);
  const auto root = [](double square_sum) { return std::sqrt(std::max(0.0, square_sum)); };
  return {{"q_true_mean", "reward", "mean of the true Q at the requests compared, by rollouts", mean / n},
          {"q_bias", "reward", "mean of the learned Q less the true one", bias / n},
          {"q_bias_error", "reward", "its standard error over requests", count > 1 ? estimate(row_bias).standard_error : UpdateLog::kNone},
          {"q_rmse", "reward", "root mean square of that difference, the rollouts' noise taken out", root((square - noise) / n)},
          {"advantage_true_mean", "reward", "mean of the true Q(s,1) − Q(s,0)", advantage / n},
          {"advantage_bias", "reward", "mean of the learned advantage less the true one", advantage_bias / n},
          {"advantage_rmse", "reward", "root mean square of that difference, noise taken out", root((advantage_square - advantage_noise) / n)}};
}

DiscountConfig discount_of(const AgentConfig& config) {
  return std::visit(
      [](const auto& agent) {
        if constexpr (requires { agent.discount_session_end; })
          return DiscountConfig{.unit = agent.discount_unit, .discount = agent.discount, .session_end = agent.discount_session_end};
        else
          return DiscountConfig{};
      },
      config);
}

}  // namespace sluice
