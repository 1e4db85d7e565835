#include "users/behavioural_config.h"

#include <cmath>

namespace sluice {
namespace {

// ln X ~ N(μ, σ²) with σ² × factor and the mean e^{μ+σ²/2} kept.
void scale_log_normal(double& mu, double& sigma, double factor) {
  mu += sigma * sigma * (1 - factor) / 2;
  sigma *= std::sqrt(factor);
}

// What keeps E[σ(b + s z)] when s² is multiplied.
double kept_logit(double b, double variance, double factor) {
  return b * std::sqrt((1 + 0.346 * variance * factor) / (1 + 0.346 * variance));
}

}  // namespace

BehaviouralUsersConfig with_variance_applied(BehaviouralUsersConfig config) {
  const VarianceConfig& v = config.variance;
  LiveWatchConfig& live = config.live;
  scale_log_normal(live.early_mu, live.early_sigma, v.watch_time);
  scale_log_normal(live.late_mu, live.late_sigma, v.watch_time);
  ShortVideoConfig& video = config.short_video;
  scale_log_normal(video.skip_mu, video.skip_sigma, v.watch_time);
  const double others = video.user_sigma * video.user_sigma + video.page_sigma * video.page_sigma;
  double item_sigma = std::sqrt(std::max(0.0, video.watch_sigma * video.watch_sigma - others));
  scale_log_normal(video.watch_mu, item_sigma, v.watch_time);
  video.watch_sigma = std::sqrt(others + item_sigma * item_sigma);

  const double entry = live.affinity_sigma * live.affinity_sigma +
                       live.enter_appeal * live.enter_appeal * live.mood_sigma * live.mood_sigma;
  live.enter_bias = kept_logit(live.enter_bias, entry, v.entry);
  live.affinity_sigma *= std::sqrt(v.entry);
  live.mood_sigma *= std::sqrt(v.entry);

  ActivityConfig& activity = config.activity;
  activity.return_mean =
      kept_logit(activity.return_mean, activity.return_sigma * activity.return_sigma, v.returning);
  activity.return_sigma *= std::sqrt(v.returning);
  config.variance = {};
  return config;
}

}  // namespace sluice
