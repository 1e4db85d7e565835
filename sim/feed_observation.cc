#include "sim/feed_observation.h"

#include <bit>
#include <cmath>

#include "sim/check.h"

namespace sluice {
namespace {

// Stands for "never yet".  s
constexpr float kLongAgo = 30 * 86400.0f;

ObservationColumn plain(const char* name, const char* unit, float mean, float scale) {
  return {.name = name, .unit = unit, .mean = mean, .scale = scale};
}
// Mean and scale of ln(1 + x).
ObservationColumn log1p_of(const char* name, const char* unit, float mean, float scale) {
  return {.name = name, .unit = unit, .transform = Transform::kLog1p, .mean = mean, .scale = scale};
}
ObservationColumn id(const char* name, int cardinality) {
  return {.name = name, .unit = "id", .cardinality = cardinality};
}

float since(std::uint32_t then, Seconds now) {
  return then == 0 ? kLongAgo : static_cast<float>(now - then);
}

}  // namespace

ObservationSchema feed_observation_schema() {
  ObservationSchema schema;
  schema.blocks = {
      {.name = "user",
       .kind = BlockKind::kStatic,
       .item = {plain("hour_sin", "1", 0, 0.7f), plain("hour_cos", "1", 0, 0.7f),
                log1p_of("registered_days", "day", 7, 0.8f),
                log1p_of("live_watch_21d_s", "s", 6.5f, 3.5f),
                log1p_of("live_today_s", "s", 2.5f, 2.8f), log1p_of("displaced_s", "s", 3, 0.6f),
                plain("entry_rate", "1", 0.2f, 0.15f), log1p_of("watch_per_entry_s", "s", 4, 1),
                plain("recent_exposures", "1", 1.5f, 1.5f), log1p_of("since_exposure_s", "s", 8, 3),
                log1p_of("since_entry_s", "s", 9.5f, 3), log1p_of("misses", "1", 1.2f, 1),
                plain("sessions_today", "1", 3.5f, 2.5f), log1p_of("page", "1", 2.2f, 1),
                log1p_of("session_elapsed_s", "s", 6, 2.2f), log1p_of("session_mean_s", "s", 7.3f, 0.8f),
                plain("skip_rate", "1", 0.34f, 0.12f), plain("active_days_8", "day", 6.4f, 1.8f)}},
      {.name = "id",
       .kind = BlockKind::kId,
       .item = {id(kCandidateTopicColumn, kNumTopics + 1), id("top_topic", kNumTopics + 1),
                id("device", 3), id("hour", 24)}},
      {.name = "live_history",
       .kind = BlockKind::kSequence,
       .length = kHistoryLength,
       .item = {id("live_topic", kNumTopics + 1), log1p_of("live_watch_s", "s", 1, 2),
                log1p_of("live_gap_s", "s", 9, 3)}},
      {.name = "short_history",
       .kind = BlockKind::kSequence,
       .length = kHistoryLength,
       .item = {id("short_topic", kNumTopics + 1), log1p_of("short_watch_s", "s", 2, 1.2f)}},
      {.name = "candidate",
       .kind = BlockKind::kCandidate,
       .item = {log1p_of("predicted_watch_s", "s", 1.8f, 1.2f),
                plain("predicted_enter_prob", "1", 0.2f, 0.17f), log1p_of("popularity", "1", 1.3f, 0.8f),
                log1p_of("viewers", "1", 1.4f, 1), log1p_of("age_s", "s", 8, 1.2f),
                plain("followed", "1", 0.05f, 0.3f), plain("on_air", "1", 1, 1)}}};
  schema.finish();
  return schema;
}

void write_feed_observation(const FeedRequestView& request, std::span<float> row) {
  const UserHistory& h = request.history;
  const Candidate& candidate = request.candidate;
  const Seconds now = request.now;
  const double day_part = now / kDay - std::floor(now / kDay);
  const auto angle = static_cast<float>(2 * M_PI * day_part);
  float* out = row.data();
  *out++ = std::sin(angle);
  *out++ = std::cos(angle);
  *out++ = request.profile.registered_days + static_cast<float>(now / kDay);
  *out++ = h.live_watch_21d_s();
  *out++ = h.live_today_s;
  *out++ = h.slot_watch_s;
  *out++ = h.entry_rate;
  *out++ = h.watch_per_entry_s;
  *out++ = h.recent_exposures(now);
  *out++ = since(h.last_exposure_s, now);
  *out++ = since(h.last_entry_s, now);
  *out++ = h.misses;
  *out++ = h.sessions_today;
  *out++ = static_cast<float>(request.page);
  *out++ = static_cast<float>(now - h.session_start_s);
  *out++ = h.session_mean_s;
  *out++ = h.skip_rate;
  *out++ = static_cast<float>(std::popcount(h.active_days));

  *out++ = candidate.topic;
  *out++ = request.profile.top_topic;
  *out++ = request.profile.device;
  *out++ = static_cast<float>(static_cast<int>(24 * day_part));

  for (std::size_t i = 0; i < kHistoryLength; ++i) {
    *out++ = h.live_topic[i];
    *out++ = h.live_watch_s[i];
    *out++ = h.live_topic[i] == 0 ? 0.0f : static_cast<float>(now - h.live_time_s[i]);
  }
  for (std::size_t i = 0; i < kHistoryLength; ++i) {
    *out++ = h.short_topic[i];
    *out++ = 0.1f * static_cast<float>(h.short_watch_ds[i]);
  }
  *out++ = request.outlook.predicted_watch_s;
  *out++ = request.outlook.predicted_enter_prob;
  *out++ = candidate.popularity;
  *out++ = candidate.viewers;
  *out++ = candidate.age_s;
  *out++ = candidate.followed ? 1.0f : 0.0f;
  *out++ = candidate.exists() ? 1.0f : 0.0f;
  ENSURE(out == row.data() + row.size(), "observation row and schema differ in length");
}

}  // namespace sluice
