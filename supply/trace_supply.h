#pragma once
// Replays a table of streams: when each began and ended.  CSV (or .csv.gz) with a header line, columns in any order:
//   streamer   whole number or name: who streams (ties streams of one streamer together)
//   start_s    s from midnight of day 0
//   end_s      s, later than start_s
//   topic      1 … 16, optional    quality  N(0,1) scale, optional    popularity  > 0, optional
// What the table does not say is drawn as for the other kinds, keyed by the streamer's row order.
// `repeat_days` > 0 replays the table again every so many days.  Excitement and retrieval are those of
// the other kinds; no feedback: what happened, happened.

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "sim/config.h"
#include "sim/supply_process.h"
#include "supply/live_streams.h"

namespace sluice {

struct TraceSupplyConfig {
  static constexpr const char* kKind = "trace";

  std::string file;
  double repeat_days = 0;
  std::vector<double> hour_percent = StreamersConfig{}.hour_percent;
  ExcitementConfig excitement;
  RetrievalConfig retrieval;

  static constexpr auto fields() {
    using C = TraceSupplyConfig;
    return std::tuple{
        field("file", &C::file, {.doc = "CSV of streams: streamer, start_s, end_s and, optionally, topic, quality, popularity"}),
        field("repeat_days", &C::repeat_days, {.range = {0, 1e5}, .unit = "day", .doc = "replay the table every so many days; 0: once"}),
        field("hour_percent", &C::hour_percent, {.range = {0, 100}, .unit = "%", .doc = "when streams have viewers, 24 numbers", .source = "KuaiLive gifts by hour"}),
        field("excitement", &C::excitement, {.doc = "how a stream's quality moves"}),
        field("retrieval", &C::retrieval, {.doc = "how a candidate is found"})};
  }
};

/// Throws UserError naming file, line, column and value.
std::unique_ptr<SupplyProcess> make(const TraceSupplyConfig& config, Seed seed);

}  // namespace sluice
