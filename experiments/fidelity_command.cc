// `sluice fidelity`: the world's marginals under its burn-in rule beside the data.

#include <fmt/format.h>

#include <cmath>

#include "experiments/commands.h"
#include "experiments/fidelity.h"
#include "experiments/interrupt.h"

namespace sluice {
namespace {

std::string number(double x) {
  if (std::isnan(x)) return "";
  const double size = std::abs(x);
  return fmt::format("{:.{}f}", x, size < 0.995 ? 3 : size < 100 ? 2 : 0);
}

std::string shown(double distance, Distance kind) {
  return kind == Distance::kRelative ? fmt::format("{:+.1f} %", 100 * distance)
         : kind == Distance::kAbsolute ? fmt::format("{:+.3f}", distance)
                                       : fmt::format("{:.4f}", distance);
}

std::string bound_of(const FidelityRow& row) {
  return row.kind == Distance::kRelative ? fmt::format("{:.0f} %", 100 * row.bound) : fmt::format("{:.2f}", row.bound);
}

}  // namespace

FeedConfig fidelity_config(const std::string& path, const std::vector<std::string>& sets, std::uint64_t seed) {
  std::vector<ConfigNode> layers;
  if (!path.empty()) layers = with_includes(load_config_file(path));
  for (const std::string& setting : sets) layers.push_back(parse_setting(setting));
  const ExperimentConfig config = read_experiment(layers, seed);
  const auto* feed = std::get_if<FeedConfig>(&config.environment);
  if (feed == nullptr) throw data_error("marginals need a feed environment");
  return *feed;
}

void print_fidelity(const std::vector<FidelityRow>& rows, bool md) {
  if (md)
    fmt::print("| marginal | unit | simulated | data | distance | bound | verdict |\n|---|---|---:|---:|---:|---:|---|\n");
  else
    fmt::print("{:<48} {:<5} {:>9} {:>9} {:>9} {:>6} verdict\n", "marginal", "unit", "simulated", "data", "distance", "bound");
  for (const FidelityRow& row : rows) {
    fmt::print(fmt::runtime(md ? "| {} | {} | {} | {} | {} | {} | {} |\n" : "{:<48} {:<5} {:>9} {:>9} {:>9} {:>6} {}\n"),
               row.name, row.unit, number(row.simulated), number(row.data), shown(row.distance, row.kind),
               bound_of(row), row.verdict());
  }
}

int fidelity_command(const FidelityOptions& options, std::map<std::string, Table>* tables) {
  catch_interrupts();
  const FeedConfig config = fidelity_config(options.config, options.sets, options.seed);
  const MarginalTargets targets = options.data.empty() ? published_targets() : targets_with_data(options.data);
  const Marginals m = measure_marginals(
      config, {.users = options.users, .seed = options.seed, .num_threads = options.threads, .progress = "31 days"});
  const std::vector<FidelityRow> rows = fidelity_rows(m, targets);
  print_fidelity(rows, options.format == "md");
  int asked = 0, met = 0;
  for (const FidelityRow& row : rows) asked += row.asked, met += row.asked && row.ok();
  fmt::print("\n{} users, {} days after {} days of burn-in under `{}`; {} of {} bounds met; rows without one are `off` beyond 15 %.\n",
             options.users, kMarginalDays, config.burn_in.days,
             std::visit([](const auto& kind) { return std::string(std::decay_t<decltype(kind)>::kKind); }, config.burn_in.policy),
             met, asked);
  fmt::print("Short videos: {}; users' exposures: {}.\n", targets.short_watch_source, targets.user_exposures_source);
  if (tables != nullptr) *tables = fidelity_tables(m, targets);
  return 0;
}

}  // namespace sluice
