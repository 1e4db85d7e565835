#include "experiments/moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

double share_below(const std::vector<double>& sorted, double x) {
  return static_cast<double>(std::upper_bound(sorted.begin(), sorted.end(), x) - sorted.begin()) /
         static_cast<double>(sorted.size());
}

}  // namespace

std::vector<Moment> moments(const Marginals& m, const MarginalTargets& t) {
  std::vector<Moment> list;
  const auto relative = [&](const char* name, double value, double target, double tolerance) {
    list.push_back({name, value, target, tolerance * target});
  };
  relative("sessions", m.sessions_per_user_day, t.sessions_per_user_day, 0.01);
  relative("requests_per_session", m.requests_per_session, t.requests_per_session, 0.01);
  relative("items_per_request", m.items_per_request, t.items_per_request, 0.003);
  for (const double x : {44.94, 70.58, 144.39, 277.23, 491.19, 793.14, 1051.32})
    list.push_back({fmt::format("exposures_cdf_{:.0f}", x), share_below(m.user_exposures, x), t.user_exposures(x), 0.01});
  // The tail is a small part of the distribution and a large one of the exposures.
  list.push_back({"exposures_cdf_1814", share_below(m.user_exposures, 1813.88), t.user_exposures(1813.88), 0.002});
  for (const double x : {5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0})
    list.push_back({fmt::format("gap_cdf_{:.0f}", x), m.gaps.cdf(x), t.gaps(x), 0.015});
  for (const double x : {1.05, 1.55, 2.05, 3.05, 5.05, 10.05, 20.05, 40.05, 60.05, 90.05, 150.05})
    list.push_back({fmt::format("short_cdf_{:.0f}", x), m.short_watch.cdf(x + 1e-9), t.short_watch(x), 0.005});
  list.push_back({"short_cdf_300", m.short_watch.cdf(300.051), t.short_watch(300.05), 0.002});
  list.push_back({"icc", m.user_icc, t.user_icc, 0.005});
  relative("entry_rate", m.entry_rate, t.entry_rate, 0.01);
  relative("watch_per_entry", m.watch_per_entry_s, t.watch_per_entry_s, 0.01);
  for (const double x : {1.8, 5.4, 34.2, 204.6})
    list.push_back({fmt::format("live_cdf_{:.0f}", x), share_below(m.live_watch, x), t.live_watch(x), 0.02});
  for (const double x : {1000.0, 2000.0, 3089.0, 5000.0, 8115.0, 13000.0, 20253.0, 41745.0, 70000.0})
    list.push_back({fmt::format("live_user_cdf_{:.0f}", x), share_below(m.live_user_watch, x), t.live_user_watch(x), 0.015});
  relative("live_user_exposures", m.live_user_exposures, t.live_user_exposures, 0.05);
  list.push_back({"live_dau_share", m.live_dau_share, t.live_dau_share, 0.01});
  list.push_back({"active_prob", m.active_prob, std::clamp(m.active_prob, t.active_prob_low + 0.01, t.active_prob_high), 0.005});
  list.push_back({"d1", m.d1, t.d1, 0.004});
  list.push_back({"d7", m.d7, t.d7, 0.02});
  for (std::size_t b = 0; b < kRowBins.size() - 1; ++b)  // the last bin is too small to fit to
    list.push_back({fmt::format("thinned_d1_{}", kRowBins[b][0]), m.thinned_d1[b], t.thinned_d1[b], 0.02});
  return list;
}

std::vector<std::string> light_moments() {
  return {"sessions", "requests_per_session", "entry_rate", "watch_per_entry", "live_user_cdf_3089", "live_user_cdf_8115",
          "live_user_cdf_20253", "live_user_cdf_41745", "live_user_exposures", "live_dau_share", "active_prob", "d1"};
}

double misfit(const std::vector<Moment>& list) {
  double sum = 0;
  for (const Moment& m : list) sum += (m.value - m.target) * (m.value - m.target) / (m.tolerance * m.tolerance);
  return std::sqrt(sum / static_cast<double>(list.size()));
}

}  // namespace sluice
