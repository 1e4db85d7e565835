#pragma once
// What the platform can observe of a user: counters, trailing means, 21 days of live watch, and the
// last live and short videos.  Updated after each page; never touches anything latent.

#include <array>
#include <cstdint>

#include "sim/environment.h"
#include "sim/user_model.h"

namespace sluice {

inline constexpr int kHistoryLength = 10;   // L items, live and short alike
inline constexpr int kGroupDays = 21;       // "cumulative live watch time of the past 3 weeks"
inline constexpr Seconds kSessionBreak = 1800;  // sessions are 30 min without a request apart

/// Live watch by day: what only midnight looks at, kept apart from what every request does.
struct WatchDays {
  std::array<std::uint16_t, kGroupDays> watch_2s{};  // by day % 21, in 2 s, capped
};

struct UserHistory {
  // Newest first; topic 0 = unused.
  std::array<std::uint8_t, kHistoryLength> live_topic{}, short_topic{};
  std::array<std::uint16_t, kHistoryLength> live_watch_s{};      // rounded, capped at 65535
  std::array<std::uint16_t, kHistoryLength> short_watch_ds{};    // tenths of a second
  std::array<std::uint32_t, kHistoryLength> live_time_s{};       // of the exposure
  float slot_watch_s = 25;        // v̄: trailing mean short watch per slot (factor .98 a page)
  float entry_rate = 0.2f;        // trailing mean of entered (factor .95 an exposure)
  float watch_per_entry_s = 60;   // trailing mean (factor .9 an entry)
  float session_mean_s = 1800;    // trailing mean session length (factor .9 a session)
  float skip_rate = 0.3f;         // trailing share of shorts left within 3 s
  float exposures = 0;            // count of live exposures with half-life 20 min, as of the last one
  std::uint16_t misses = 0;       // live exposures in a row that were not entered
  std::uint32_t last_exposure_s = 0, last_entry_s = 0;
  std::uint32_t session_start_s = 0, session_end_s = 0;
  std::uint32_t watch_21d_2s = 0;  // sum of WatchDays
  float live_today_s = 0;
  std::uint8_t sessions_today = 0;
  std::uint8_t active_days = 0;   // bit i: active i + 1 days ago

  float recent_exposures(Seconds now) const;
  /// Of the 21 days before today.
  float live_watch_21d_s() const { return 2.0f * static_cast<float>(watch_21d_2s); }
  /// The same as midnight will leave it at the end of `day`, which is today.
  float live_watch_21d_s_after(int day, const WatchDays& days) const;
  void log_page(const PageOutcome& page, std::uint8_t topic, Seconds now);
  void log_session(Seconds start);
  void log_session_end(Seconds end);
  /// Midnight that begins `day`; `was_active`: yesterday.
  void begin_day(int day, bool was_active, WatchDays& days);
};

}  // namespace sluice
