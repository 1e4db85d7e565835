#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/fidelity.h"

namespace sluice {
namespace {

constexpr int kPoints = 160;  // of a curve

// `simulated` and `data` on a logarithmic grid.
Table curve(const std::string& unit, double low, double high, const CdfFunction& simulated, const CdfFunction& data) {
  std::vector<double> x, s, d;
  for (int i = 0; i < kPoints; ++i) {
    x.push_back(low * std::pow(high / low, static_cast<double>(i) / (kPoints - 1)));
    s.push_back(simulated(x.back()));
    d.push_back(data(x.back()));
  }
  return {{{"x", unit, "value", x}, {"simulated", "1", "share of the simulated values up to x", s},
           {"data", "1", "share of the data's values up to x", d}}};
}

CdfFunction cdf_of(const std::vector<double>& sorted) {
  return sorted.empty() ? CdfFunction([](double) { return 0.0; }) : empirical_cdf(sorted);
}
CdfFunction cdf_of(const Histogram& histogram) {
  return [&histogram](double x) { return histogram.smooth_cdf(x); };
}

std::vector<double> hours() {
  std::vector<double> list(24);
  std::iota(list.begin(), list.end(), 0.0);
  return list;
}

std::vector<double> percent(const std::array<double, 24>& values) {
  const double total = std::accumulate(values.begin(), values.end(), 0.0);
  std::vector<double> list;
  for (const double x : values) list.push_back(100 * x / total);
  return list;
}

const char* kind_name(Distance kind) {
  switch (kind) {
    case Distance::kRelative: return "relative";
    case Distance::kAbsolute: return "absolute";
    case Distance::kKs: return "KS";
    case Distance::kTotalVariation: return "total variation";
  }
  return "";
}

Table row_table(const std::vector<FidelityRow>& rows) {
  std::vector<std::string> name, unit, kind, verdict;
  std::vector<double> simulated, data, distance, bound;
  std::vector<std::int64_t> asked;
  for (const FidelityRow& row : rows) {
    name.push_back(row.name), unit.push_back(row.unit), kind.push_back(kind_name(row.kind)), verdict.push_back(row.verdict());
    simulated.push_back(row.simulated), data.push_back(row.data), distance.push_back(row.distance), bound.push_back(row.bound);
    asked.push_back(row.asked ? 1 : 0);
  }
  return {{{"marginal", "", "what is compared", name}, {"unit", "", "of simulated and data", unit},
           {"simulated", "", "this world", simulated}, {"data", "", "published, or of --data", data},
           {"distance", "", "of the kind named", distance}, {"kind", "", "of the distance", kind},
           {"bound", "", "on |distance|", bound}, {"promised", "", "1: a bound the default scenario is held to", asked},
           {"verdict", "", "met, NOT MET; near, off where nothing is promised", verdict}}};
}

}  // namespace

std::map<std::string, Table> fidelity_tables(const Marginals& m, const MarginalTargets& t) {
  std::map<std::string, Table> tables;
  tables["rows"] = row_table(fidelity_rows(m, t));
  tables["hours"] = {{{"hour", "h", "hour of the day", hours()}, {"simulated", "%", "of exposures", percent(m.hour_exposures)},
                      {"data", "%", "of exposures", percent(t.hour_percent)}}};
  tables["live_hours"] = {{{"hour", "h", "hour of the day", hours()}, {"streams", "%", "of streams on air", percent(m.on_air)},
                           {"entries", "%", "of live entries", percent(m.entries)},
                           {"data", "%", "of gifts (KuaiLive)", percent(t.live_hour_percent)}}};
  tables["short_watch"] = curve("s", 0.3, 900, cdf_of(m.short_watch), t.short_watch);
  tables["user_exposures"] = curve("1/day", 5, 5000, cdf_of(m.user_exposures), t.user_exposures);
  tables["live_watch"] = curve("s", 0.2, 20000, cdf_of(m.live_watch), t.live_watch);
  tables["live_user_watch"] = curve("s", 200, 400000, cdf_of(m.live_user_watch), t.live_user_watch);
  tables["stream_minutes"] = curve("min", 10, 1500, cdf_of(m.stream_minutes), t.stream_minutes);
  tables["gaps"] = curve("s", 0.5, 1800, cdf_of(m.gaps), t.gaps);
  std::vector<std::int64_t> low, high;
  for (const auto& bin : kRowBins) low.push_back(bin[0]), high.push_back(bin[1]);
  tables["thinned_d1"] = {{{"rows_from", "1", "rows of the user in 14 days, at least", low},
                           {"rows_to", "1", "and at most", high},
                           {"simulated", "1", "D1 of the thinned log", std::vector<double>(m.thinned_d1.begin(), m.thinned_d1.end())},
                           {"data", "1", "D1 of KuaiRand-Pure", std::vector<double>(t.thinned_d1.begin(), t.thinned_d1.end())},
                           {"user_days", "1", "simulated user-days behind it", std::vector<double>(m.thinned_pairs.begin(), m.thinned_pairs.end())}}};
  return tables;
}

}  // namespace sluice
