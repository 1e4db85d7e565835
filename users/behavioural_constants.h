#pragma once
// What behavioural users work out of their configuration once.

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/limited_log_normal.h"
#include "users/behavioural_users.h"
#include "users/traits.h"

namespace sluice {

inline float as_float(double x) { return static_cast<float>(x); }
inline constexpr float kTypicalGap = 165.0f;  // s between requests; KuaiRand-27K

/// Single-precision copies of the configuration, with what can be worked out once.
struct BehaviouralConstants {
  explicit BehaviouralConstants(const BehaviouralUsersConfig& c)
      : enter_bias(as_float(c.live.enter_bias)),
        enter_appeal(as_float(c.live.enter_appeal)),
        item_sigma(as_float(std::sqrt(std::max(
            0.01, c.short_video.watch_sigma * c.short_video.watch_sigma -
                      c.short_video.user_sigma * c.short_video.user_sigma -
                      c.short_video.page_sigma * c.short_video.page_sigma)))),
        skip_stretch(as_float(
            std::sqrt(1 + 0.346 * c.short_video.skip_mood * c.short_video.skip_mood))),
        median_log_budget(median_log_budget_of(c.activity)),
        fatigue_step(1.0f - std::exp2(-kTypicalGap / as_float(c.dynamics.fatigue_half_life_s))),
        early(c.live.early_sigma),
        late(c.live.late_sigma) {
    double total = 0;
    for (const double percent : c.activity.hour_percent) total += percent;
    double sum = 0;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      hour_cdf[hour] = sum / total;
      sum += c.activity.hour_percent[hour];
    }
    hour_cdf[24] = 1;
  }
  float enter_bias, enter_appeal, item_sigma;
  // E[σ(x + b z)] ≈ σ(x / √(1 + .346 b²)): stretching the logit keeps the mean skip share.
  float skip_stretch;
  float median_log_budget;
  float fatigue_step;
  LimitedLogNormal early, late;
  std::array<double, 25> hour_cdf{};
};

}  // namespace sluice
