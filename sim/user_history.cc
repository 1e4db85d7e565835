#include "sim/user_history.h"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

constexpr float kExposureHalfLife = 1200;  // s

// By way of a copy, which the compiler keeps in registers; moving in place is a call of memmove.
template <class Array, class Value>
void push_front(Array& items, Value value) {
  const Array before = items;
  std::copy(before.begin(), before.end() - 1, items.begin() + 1);
  items.front() = static_cast<typename Array::value_type>(value);
}

std::uint16_t saturate(float x) { return static_cast<std::uint16_t>(std::min(x + 0.5f, 65535.0f)); }

}  // namespace

float UserHistory::recent_exposures(Seconds now) const {
  const auto elapsed = static_cast<float>(now - last_exposure_s);
  if (exposures <= 0) return 0;
  return exposures * std::exp2(-std::max(0.0f, elapsed) / kExposureHalfLife);
}

float UserHistory::live_watch_21d_s_after(int day, const WatchDays& days) const {
  if (day < 0) return live_watch_21d_s();
  const std::uint16_t oldest = days.watch_2s[static_cast<std::size_t>(day % kGroupDays)];
  return live_watch_21d_s() - 2.0f * oldest + 2.0f * saturate(live_today_s / 2);
}

void UserHistory::log_page(const PageOutcome& page, std::uint8_t topic, Seconds now) {
  for (std::size_t i = 0; i < page.num_shorts; ++i) {
    push_front(short_topic, page.short_topic[i]);
    push_front(short_watch_ds, saturate(10 * page.short_watch_s[i]));
    skip_rate += 0.01f * ((page.short_watch_s[i] <= 3 ? 1.0f : 0.0f) - skip_rate);
  }
  if (page.num_shorts > 0)
    slot_watch_s += 0.02f * (page.short_s / static_cast<float>(page.num_shorts) - slot_watch_s);
  if (!page.shown) return;
  push_front(live_topic, topic);
  push_front(live_watch_s, saturate(page.watch_time_s));
  push_front(live_time_s, static_cast<std::uint32_t>(now));
  exposures = recent_exposures(now) + 1;
  last_exposure_s = static_cast<std::uint32_t>(now);
  entry_rate += 0.05f * ((page.entered ? 1.0f : 0.0f) - entry_rate);
  misses = page.entered ? std::uint16_t{0} : static_cast<std::uint16_t>(std::min(misses + 1, 65535));
  if (!page.entered) return;
  last_entry_s = static_cast<std::uint32_t>(now);
  watch_per_entry_s += 0.1f * (page.watch_time_s - watch_per_entry_s);
  live_today_s += page.watch_time_s;
}

void UserHistory::log_session(Seconds start) {
  session_start_s = static_cast<std::uint32_t>(start);
  sessions_today = static_cast<std::uint8_t>(std::min(sessions_today + 1, 255));
}

void UserHistory::log_session_end(Seconds end) {
  session_end_s = static_cast<std::uint32_t>(end);
  const auto length = static_cast<float>(session_end_s - session_start_s);
  session_mean_s += 0.1f * (length - session_mean_s);
}

void UserHistory::begin_day(int day, bool was_active, WatchDays& days) {
  if (day > 0) {
    std::uint16_t& watch_2s = days.watch_2s[static_cast<std::size_t>((day - 1) % kGroupDays)];
    watch_21d_2s -= watch_2s;
    watch_2s = saturate(live_today_s / 2);
    watch_21d_2s += watch_2s;
  }
  active_days = static_cast<std::uint8_t>(active_days << 1 | (was_active ? 1 : 0));
  live_today_s = 0;
  sessions_today = 0;
}

}  // namespace sluice
