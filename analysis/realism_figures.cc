#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/realism.h"
#include "analysis/tables.h"

namespace sluice {
namespace {

constexpr int kWidth = 560, kHeight = 330;
// The data as a broad band of grey, what is simulated as a line on it: where they agree, both are seen.
const std::string kData = "lc rgb '#bbbbbb' lw 5 dt 1";
const std::string kSimulated = "lc rgb '#0072B2' lw 1.8 dt 1";
const std::string kSecond = "lc rgb '#D55E00' lw 1.8 dt 1";

const Table& named(const std::map<std::string, Table>& tables, const std::string& name) {
  const auto found = tables.find(name);
  ENSURE(found != tables.end(), "a table " + name);
  return found->second;
}

std::string csv_of(const Table& table) {
  std::string csv;
  for (const Column& c : table.columns) csv += fmt::format("{}{}", csv.empty() ? "" : ",", escape_csv(c.name));
  csv += "\n";
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      csv += fmt::format("{}{}", c > 0 ? "," : "", std::visit([&](const auto& v) {
                           if constexpr (std::is_same_v<std::decay_t<decltype(v[0])>, std::string>)
                             return escape_csv(v[row]);
                           else
                             return fmt::format("{:.6g}", static_cast<double>(v[row]));
                         }, table.columns[c].data));
    csv += "\n";
  }
  return csv;
}

std::vector<std::vector<double>> rows_of(const Table& table, const std::vector<std::string>& names) {
  std::vector<std::vector<double>> rows(table.num_rows());
  for (const std::string& name : names)
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].push_back(table.get<double>(name)[i]);
  return rows;
}

struct CdfText {
  std::string name, title, x_label, data_label, caption;
};

Figure cdf_figure(const std::map<std::string, Table>& tables, const CdfText& text) {
  const Table& table = named(tables, text.name);
  const auto& x = table.get<double>("x");
  Figure figure{.name = text.name, .title = text.title, .caption = text.caption, .width = kWidth, .height = kHeight};
  figure.script = data_block("c", rows_of(table, {"x", "simulated", "data"})) +
                  fmt::format("set logscale x\nset xrange [{:g}:{:g}]\nset yrange [0:1]\nset ytics 0.25\nset xlabel {}\nset ylabel {}\n"
                              "set key inside left top\n",
                              x.front(), x.back(), quoted(text.x_label), quoted("share of values up to x")) +
                  fmt::format("plot $c using 1:3 with lines {} title {}, $c using 1:2 with lines {} title 'simulated'\n", kData,
                              quoted(text.data_label), kSimulated);
  figure.csv = csv_of(table);
  return figure;
}

Figure hours_figure(const std::map<std::string, Table>& tables) {
  const Table& table = named(tables, "hours");
  Figure figure{.name = "hours", .title = "Exposures by hour of the day", .caption = "Data: KuaiRand-27K, 322 million exposures.",
                .width = kWidth, .height = kHeight};
  figure.script = data_block("h", rows_of(table, {"hour", "simulated", "data"})) +
                  "set xrange [-0.6:23.6]\nset xtics 3\nset yrange [0:*]\nset xlabel 'hour'\nset ylabel '% of exposures'\n"
                  "set key inside left top\nset style fill solid 0.55 noborder\nset boxwidth 0.75\n" +
                  fmt::format("plot $h using 1:2 with boxes lc rgb '#0072B2' title 'simulated', "
                              "$h using 1:3 with linespoints lc rgb '#000000' lw 1.6 pt 7 ps 0.5 title 'KuaiRand-27K'\n");
  figure.csv = csv_of(table);
  return figure;
}

Figure live_hours_figure(const std::map<std::string, Table>& tables) {
  const Table& table = named(tables, "live_hours");
  Figure figure{.name = "live_hours", .title = "Live streams by hour of the day",
                .caption = "Share of the day's total in each hour. Data: KuaiLive's gifts, read off a chart; streams on air by hour "
                           "are not published, but that they peak at 20 to 21 h.",
                .width = kWidth, .height = kHeight};
  figure.script = data_block("h", rows_of(table, {"hour", "streams", "entries", "data"})) +
                  "set xrange [-0.6:23.6]\nset xtics 3\nset yrange [0:*]\nset xlabel 'hour'\nset ylabel '% of the day'\nset key inside left top\n" +
                  fmt::format("plot $h using 1:4 with lines {} title 'gifts (KuaiLive)', $h using 1:2 with lines {} title 'streams on air, simulated', "
                              "$h using 1:3 with lines {} title 'live entries, simulated'\n", kData, kSimulated, kSecond);
  figure.csv = csv_of(table);
  return figure;
}

Figure thinned_figure(const std::map<std::string, Table>& tables) {
  const Table& table = named(tables, "thinned_d1");
  const auto& low = table.get<std::int64_t>("rows_from");
  const auto& high = table.get<std::int64_t>("rows_to");
  Figure figure{.name = "thinned_d1", .title = "Return on the next day, by rows in 14 days",
                .caption = "Share of days with a row that are followed by a day with a row. The simulated log is thinned at random to "
                           "9.1 rows per user in 14 days, as KuaiRand-Pure is. Bars: ± 0.05 around the data.",
                .width = kWidth, .height = kHeight};
  std::vector<std::vector<double>> rows;
  std::string tics;
  for (std::size_t i = 0; i < low.size(); ++i) {
    rows.push_back({static_cast<double>(i), table.get<double>("simulated")[i], table.get<double>("data")[i]});
    tics += fmt::format("{}'{}–{}' {}", i > 0 ? ", " : "", low[i], high[i], i);
  }
  figure.script = data_block("d", rows) +
                  fmt::format("set xrange [-0.5:{}]\nset yrange [0:1]\nset ytics 0.25\nset xtics ({})\nset xlabel {}\nset ylabel {}\nset key inside left top\n",
                              static_cast<double>(low.size()) - 0.5, tics, quoted("rows of the user in 14 days, thinned log"), quoted("D1")) +
                  "plot $d using 1:3:(0.05) with yerrorbars lc rgb '#000000' lw 1.6 pt 7 ps 0.6 title 'KuaiRand-Pure', "
                  "$d using 1:2 with linespoints lc rgb '#0072B2' lw 1.8 pt 5 ps 0.7 title 'simulated'\n";
  figure.csv = csv_of(table);
  return figure;
}

}  // namespace

std::vector<Figure> realism_figures(const std::map<std::string, Table>& tables) {
  return {hours_figure(tables),
          cdf_figure(tables, {"user_exposures", "Exposures of a user per day", "exposures per day, mean of a user over 31 days", "KuaiRand-27K",
                              "Each user once. Data: 27,285 users."}),
          cdf_figure(tables, {"short_watch", "Watch time of a short video", "watch time, s", "KuaiRand-Pure",
                              "By exposure, main feed, played. The first rise are quick skips."}),
          cdf_figure(tables, {"gaps", "Gap between two requests", "gap, s (at most 30 min)", "KuaiRand-27K (fit)",
                              "Within a session. Data: log-normal (4.278, 1.469) truncated at 30 min, error at its known points up to 0.012."}),
          cdf_figure(tables, {"live_watch", "Watch time of a live stream", "watch time per entry, s", "KuaiLive shop rooms (fit)",
                              "Per entry. Only shop rooms' law is published; their mean (122 s) is above that of all rooms (82.6 s), "
                              "which is what the simulator is fitted to."}),
          cdf_figure(tables, {"live_user_watch", "Live watch of a live user in 21 days", "live watch in 21 days, s", "KuaiLive (fit)",
                              "Users with more than 300 s. Data: log-normal (8.977, 1.334), 23,772 users."}),
          cdf_figure(tables, {"stream_minutes", "Duration of a live stream", "duration, min", "KuaiLive shop rooms (fit)",
                              "Streams that began in the 31 days; outages end some early."}),
          live_hours_figure(tables), thinned_figure(tables)};
}

}  // namespace sluice
