#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "experiments/fidelity.h"
#include "sim/user_history.h"

namespace sluice {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kShown = 0.15;  // bound of rows that are not promised

class Rows {
 public:
  void relative(const std::string& name, const std::string& unit, double simulated, double data, double bound = 0) {
    add({name, unit, simulated, data, Distance::kRelative, simulated / data - 1, bound});
  }
  void absolute(const std::string& name, const std::string& unit, double simulated, double data, double bound) {
    add({name, unit, simulated, data, Distance::kAbsolute, simulated - data, bound});
  }
  void distance(const std::string& name, Distance kind, double distance, double bound) {
    add({name, "1", kNone, kNone, kind, distance, bound});
  }
  std::vector<FidelityRow> take() { return std::move(rows_); }

 private:
  void add(FidelityRow row) {
    row.asked = row.bound > 0;
    if (!row.asked) row.bound = kShown;
    rows_.push_back(std::move(row));
  }
  std::vector<FidelityRow> rows_;
};

int peak_hour(const std::array<double, 24>& values) {
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

bool FidelityRow::ok() const { return std::abs(distance) <= bound; }
const char* FidelityRow::verdict() const { return ok() ? (asked ? "met" : "near") : (asked ? "NOT MET" : "off"); }

std::vector<FidelityRow> fidelity_rows(const Marginals& m, const MarginalTargets& t) {
  Rows rows;
  rows.distance("hour profile of exposures, total variation", Distance::kTotalVariation,
                total_variation(m.hour_exposures, t.hour_percent), 0.03);
  rows.relative("sessions per user-day", "1", m.sessions_per_user_day, t.sessions_per_user_day, 0.05);
  rows.relative("requests per session", "1", m.requests_per_session, t.requests_per_session, 0.05);
  rows.relative("items per request", "1", m.items_per_request, t.items_per_request, 0.05);
  rows.relative("exposures per user-day, mean", "1", m.exposures_per_user_day, t.exposures_per_user_day);
  rows.distance("users' mean exposures over 31 days, KS", Distance::kKs, ks_distance(m.user_exposures, t.user_exposures), 0.06);
  for (const auto& [q, data] : {std::pair{.05, 45.0}, {.25, 144.0}, {.5, 277.0}, {.75, 491.0}, {.95, 1051.0}, {.99, 1814.0}})
    rows.relative(fmt::format("  p{:.0f}", 100 * q), "1/day", sorted_quantile(m.user_exposures, q), data);
  rows.relative("gap between requests (≤ 30 min), mean", "s", m.gap_mean_s, t.gap_mean_s);
  rows.absolute("  mean of ln gap", "ln s", m.gap_ln_mean, t.gap_ln_mean, 0);
  rows.absolute("  sd of ln gap", "ln s", m.gap_ln_sd, t.gap_ln_sd, 0);
  rows.distance("short-video watch time, KS", Distance::kKs, ks_distance(m.short_watch.edges, m.short_watch.counts, t.short_watch), 0.03);
  for (const auto& [q, data] : {std::pair{.05, 1.003}, {.1, 1.25}, {.25, 2.091}, {.5, 6.364}, {.75, 25.931}, {.9, 69.831}, {.99, 222.0}})
    rows.relative(fmt::format("  p{:.0f}", 100 * q), "s", m.short_watch.quantile(q), data);
  rows.absolute("  user share of variance of ln watch (ICC)", "1", m.user_icc, t.user_icc, 0.03);
  rows.relative("live entries per live exposure", "1", m.entry_rate, t.entry_rate, 0.05);
  rows.relative("live watch per entry, mean", "s", m.watch_per_entry_s, t.watch_per_entry_s, 0.05);
  for (const auto& [q, data] : {std::pair{.25, 1.8}, {.5, 5.4}, {.75, 34.2}, {.9, 204.6}})
    rows.relative(fmt::format("  p{:.0f} (data: shop rooms)", 100 * q), "s", sorted_quantile(m.live_watch, q), data);
  rows.distance("live watch of live users in 21 days, KS", Distance::kKs, ks_distance(m.live_user_watch, t.live_user_watch), 0.08);
  for (const auto& [q, data] : {std::pair{.25, 3089.0}, {.5, 8115.0}, {.75, 20253.0}, {.9, 41745.0}})
    rows.relative(fmt::format("  p{:.0f}", 100 * q), "s", sorted_quantile(m.live_user_watch, q), data);
  rows.relative("live exposures of a live user per day", "1", m.live_user_exposures, t.live_user_exposures);
  rows.relative("live entries of a live user per day", "1", m.live_user_entries, t.live_user_entries);
  rows.relative("live share of exposures", "1", m.live_share, t.live_share);
  rows.relative("  of live users", "1", m.live_user_live_share, t.live_user_exposures / t.exposures_per_user_day);
  rows.relative("live DAU / DAU", "1", m.live_dau_share, t.live_dau_share);
  rows.distance("stream durations, KS", Distance::kKs, ks_distance(m.stream_minutes, t.stream_minutes), 0.03);
  const int peak = peak_hour(m.on_air);
  rows.absolute("hour with most streams on air (data: 20 to 21)", "h", peak, peak == 21 ? 21 : 20, 0.5);
  const double middle = (t.active_prob_low + t.active_prob_high) / 2;
  rows.absolute("P(active on a day), data .80 to .88", "1", m.active_prob, middle, middle - t.active_prob_low);
  rows.absolute("D1", "1", m.d1, t.d1, 0.02);
  rows.absolute("D7", "1", m.d7, t.d7, 0.05);
  for (std::size_t b = 0; b < kRowBins.size(); ++b)
    rows.absolute(fmt::format("  thinned D1, users with {}–{} rows in 14 days", kRowBins[b][0], kRowBins[b][1]), "1",
                  m.thinned_d1[b], t.thinned_d1[b], 0.05);
  return rows.take();
}

}  // namespace sluice
