#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/matched.h"
#include "analysis/number_text.h"

namespace sluice {
namespace {

/// The least and the greatest cost of the family's policies.
std::pair<double, double> costs_of(const MatchedFamily& family) {
  const auto [least, most] = std::minmax_element(
      family.points.begin(), family.points.end(), [](const FrontPoint& a, const FrontPoint& b) { return a.cost < b.cost; });
  return {least->cost, most->cost};
}

// "512.3 [498.1, 526.0]"
std::string with_interval(const Estimate& estimate) {
  if (std::isnan(estimate.value) || std::isnan(estimate.lo)) return number(estimate.value, 1);
  return fmt::format("{} [{}, {}]", number(estimate.value, 1), number(estimate.lo, 1), number(estimate.hi, 1));
}

}  // namespace

TextTable matched_table(const Matched& matched) {
  const bool is_usage = is_app_usage(matched);
  const auto cost_text = [&, digits = std::abs(matched.value) < 10 ? 4 : 0](double cost) { return number(is_usage ? -cost : cost, digits); };
  const std::string cost_name = is_usage ? "app usage" : matched.cost;
  TextTable table{.title = fmt::format("Live watch with {} {} of at {} {}", is_usage ? "an" : "a", cost_name, is_usage ? "least" : "most", cost_text(matched.value)),
                  .headers = {"agent", "live watch\ns/user-day [95 %]", fmt::format("vs {}\n% [95 %]", matched.reference), "P(better)\n",
                              "fronts\nwithin", "unbound\n", "policies\n", fmt::format("their {}\nfrom … to", cost_name)},
                  .rows = {},
                  .caption = {},
                  .num_left = 1};
  for (const MatchedFamily& family : matched.families) {
    auto [least, most] = costs_of(family);
    if (is_usage) std::swap(least, most);
    table.rows.push_back({family.name, with_interval(family.live_watch),
                          family.name == matched.reference ? "reference" : lift_text(family.lift, false),
                          number(family.probability, 2), fmt::format("{} of {}", family.num_within, family.num_fronts),
                          std::to_string(family.num_unbound), std::to_string(family.points.size()),
                          family.points.size() == 1 ? cost_text(least) : cost_text(least) + " … " + cost_text(most)});
  }
  table.caption = fmt::format(
      "Fronts, one per training and evaluate seed: straight lines between an agent's policies{}, a share of users under either. "
      "{}Unbound: fronts whose policy with the most live watch is within the limit, which does not bind them. Intervals: users "
      "and fronts (training and evaluate seeds) resampled; –: out of reach, or unknown. P(better): share of the {} evaluate "
      "seed{} on which it beats {}.",
      matched.never ? " and `never`" : "",
      matched.never && matched.never->cost != 0
          ? fmt::format("The limit is {:.2f} % of what `never` has on the same users. ", 100 * matched.value / matched.never->cost)
          : std::string(),
      matched.num_evaluate_seeds, matched.num_evaluate_seeds == 1 ? "" : "s", matched.reference);
  return table;
}

TextTable matched_long_table(const Matched& matched) {
  TextTable table{.title = "",
                  .headers = {"agent", "cost", "at_most", "live_watch_s", "lo", "hi", "lift", "lift_lo", "lift_hi", "reference",
                              "p_better", "fronts", "fronts_within", "fronts_unbound", "policies", "least_cost", "greatest_cost"},
                  .rows = {},
                  .caption = "",
                  .num_left = 2};
  const auto exact = [](double value) { return std::isnan(value) ? "" : fmt::format("{:.10g}", value); };
  for (const MatchedFamily& family : matched.families) {
    const auto [least, most] = costs_of(family);
    table.rows.push_back({family.name, matched.cost, exact(matched.value), exact(family.live_watch.value),
                          exact(family.live_watch.lo), exact(family.live_watch.hi), exact(family.lift.value),
                          exact(family.lift.lo), exact(family.lift.hi), matched.reference, exact(family.probability),
                          std::to_string(family.num_fronts), std::to_string(family.num_within),
                          std::to_string(family.num_unbound), std::to_string(family.points.size()), exact(least), exact(most)});
  }
  return table;
}

}  // namespace sluice
