#include "analysis/objective.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "sim/check.h"

namespace sluice {

void add_objective(Runs& runs, const std::map<std::string, double>& prices) {
  if (prices.empty()) return;
  for (Run& run : runs.runs) {
    const std::string where = run.path + " /episodes";
    if (run.episodes.num_rows() == 0) throw usage_error("--price: " + run.path + " has no user episodes");
    std::vector<double> objective = numbers(run.episodes, "live_watch_s", where);
    for (const auto& [name, price] : prices) {
      if (!name.starts_with("cost_") || run.episodes.find(name) == nullptr)
        throw usage_error("--price " + name + ": " + where + " has no such cost; the feed has cost_usage, cost_time, cost_retention, cost_skip");
      const std::vector<double> cost = numbers(run.episodes, name, where);
      for (std::size_t i = 0; i < objective.size(); ++i) objective[i] -= price * cost[i];
    }
    run.episodes.columns.push_back({"objective", "s", objective_text(prices), std::move(objective)});
  }
}

std::map<std::string, double> parse_prices(const std::vector<std::string>& settings) {
  std::map<std::string, double> prices;
  for (const std::string& text : settings) {
    const auto equals = text.find('=');
    const char* const end = text.data() + text.size();
    double price = 0;
    const auto [rest, error] = std::from_chars(equals == std::string::npos ? end : text.data() + equals + 1, end, price);
    if (equals == std::string::npos || equals == 0 || error != std::errc() || rest != end || !std::isfinite(price))
      throw usage_error("--price " + text + ": must be COST=PRICE, e.g. cost_time=0.15");
    prices[text.substr(0, equals)] = price;
  }
  return prices;
}

std::string objective_text(const std::map<std::string, double>& prices) {
  std::string text = "live watch";
  for (const auto& [name, price] : prices) text += fmt::format(" − {:g}·{}", price, name);
  return text;
}

}  // namespace sluice
