#include "users/traits.h"

#include <algorithm>
#include <cmath>

#include "sim/distributions.h"

namespace sluice {
namespace {

float as_float(double x) { return static_cast<float>(x); }

// A log-normal of mean 1.
float unit_mean_log_normal(Rng& rng, double sigma) {
  return std::exp(as_float(sigma) * normal(rng) - as_float(sigma * sigma / 2));
}

void scale_to_unit_length(Favourites& f) {
  f.scale = 1;
  float squares = 0;
  for (const float w : f.interests()) squares += w * w;
  f.scale = 1 / std::sqrt(squares);
}

}  // namespace

Favourites draw_favourites(Rng& rng) {
  Favourites f;
  f.count = static_cast<std::uint8_t>(2 + static_cast<int>(3 * uniform(rng)));
  for (std::size_t i = 0; i < f.count; ++i) {
    f.topic[i] = static_cast<std::uint8_t>(kNumTopics * uniform(rng));
    f.weight[i] = exponential(rng, 1.0f);
  }
  scale_to_unit_length(f);
  const TopicVector interests = f.interests();
  const auto top = std::max_element(interests.begin(), interests.end());
  f.top_topic = static_cast<std::uint8_t>(1 + (top - interests.begin()));
  return f;
}

void replace_favourite(Favourites& favourites, Rng& rng) {
  const auto i = static_cast<std::size_t>(uniform(rng) * static_cast<float>(favourites.count));
  favourites.topic[i] = static_cast<std::uint8_t>(kNumTopics * uniform(rng));
  favourites.weight[i] = exponential(rng, 1.0f);
  scale_to_unit_length(favourites);
}

float median_log_budget_of(const ActivityConfig& activity) {
  return as_float(std::log(activity.budget_mean_s) - activity.budget_user_sigma * activity.budget_user_sigma / 2);
}

BehaviouralTraits draw_traits(const BehaviouralUsersConfig& config, const LimitedLogNormal& early,
                              Seed seed, std::uint32_t user) {
  Rng rng = seed.stream(Purpose::kUser, user);
  const ActivityConfig& activity = config.activity;
  const LiveWatchConfig& live = config.live;
  BehaviouralTraits t;
  t.favourites = draw_favourites(rng);
  const double shape = activity.sessions_shape;
  t.sessions_mean =
      as_float(std::max(1.0, gamma(rng, shape, activity.sessions_mean / shape)));
  const double budget_sigma = activity.budget_user_sigma;
  const float budget_z = normal(rng);
  const float scale = normal(rng);
  t.watch_shift = as_float(config.short_video.user_sigma) * scale;
  t.log_budget = median_log_budget_of(activity) +
                 as_float(budget_sigma) * budget_z +
                 as_float(activity.budget_watch_share) * t.watch_shift;
  // Users who watch longer skip less often.
  const auto skip_share = as_float(config.short_video.skip_share);
  t.skip_logit = logit(skip_share) +
                 as_float(config.short_video.skip_share_sigma) * normal(rng) - 0.2f * scale;
  const bool hardly_watches = bernoulli(rng, as_float(live.no_affinity_share));
  t.affinity = hardly_watches ? as_float(live.no_affinity) + 0.5f * normal(rng)
                              : as_float(live.affinity_sigma) * normal(rng);
  // Who enters more often also stays longer.
  t.late_shift = as_float(live.late_user_sigma) * normal(rng) + 0.2f * std::max(-2.5f, t.affinity);
  t.interruption = unit_mean_log_normal(rng, config.dynamics.interruption_sigma);
  t.fatigue = unit_mean_log_normal(rng, config.dynamics.fatigue_sigma);
  // Heavy users also come on more days.
  const float activity_z = (t.sessions_mean / as_float(activity.sessions_mean) - 1.0f) * 2.5f;
  t.return_logit = as_float(activity.return_mean) +
                   as_float(activity.return_sigma) *
                       (0.8f * normal(rng) + 0.35f * activity_z + 0.35f * budget_z);
  t.log_cap = t.log_budget + std::log(0.9f);
  t.early_mean_s = std::exp(t.log_cap) * early.share_of_cap(as_float(live.early_mu), t.log_cap);
  // Registered for 1,188 days in the median (KuaiRand user features).
  t.registered_days = static_cast<std::uint16_t>(
      std::clamp(log_normal(rng, 7.08f, 0.8f), 1.0f, 4000.0f));
  t.device = static_cast<std::uint8_t>(3 * uniform(rng));
  return t;
}

}  // namespace sluice
