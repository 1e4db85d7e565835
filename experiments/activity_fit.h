#pragma once
// Requests, sessions and days of users, from the time stamps of a log that holds every exposure.
//
//   request   rows of a user with less than 1 s between one and the next: items of one response
//   session   requests with at most 30 min between one and the next
//   gap       between two requests of a session: log-normal truncated to [1 s, 30 min]
//
// the definitions behind the published figures of KuaiRand-27K.  A log that is thinned, e.g. to a pool
// of videos as KuaiRand-Pure is, says nothing of these: most items of a response are missing.

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "experiments/estimate.h"
#include "experiments/id_map.h"

namespace sluice {

inline constexpr double kResponseMs = 1000, kSessionMs = 30 * 60000.0;

/// Time stamps of all rows of a sample of users, which halves itself when `capacity` is reached.
class TimeStamps {
 public:
  struct Row {
    std::uint64_t user;
    std::int64_t time_ms;
  };

  explicit TimeStamps(std::size_t capacity) : capacity_(capacity) {}
  void add(std::uint64_t user, std::int64_t time_ms) {
    if (!sample_.holds(user)) return;
    rows_.push_back({user, time_ms});
    while (rows_.size() > capacity_) halve();
  }
  const std::vector<Row>& rows() const { return rows_; }
  double sampled_share() const { return sample_.share(); }

 private:
  void halve();

  std::size_t capacity_;
  IdSample sample_;
  std::vector<Row> rows_;
};

struct ActivityFit {
  // What tells a thinned log from a whole one.
  double rows_per_active_day = 0;  // per user and day with a row
  double same_response_share = 0;  // of steps from a row to the user's next one: less than 1 s
  bool thinned = true;
  std::int64_t users = 0, days = 0;
  double sampled_share = 1;  // of the users

  Estimate exposures_per_day, sessions_per_day;  // per user and calendar day
  Estimate exposures_shape, exposures_scale;     // gamma k, θ of the users' means per day
  double exposures_ks = 0;
  Estimate sessions_shape;  // gamma k of the users' numbers of sessions
  Estimate items_per_request, requests_per_session;
  Estimate gap_mu, gap_sigma, gap_mean_s;  // mu, sigma in ln s
  double gap_ks = 0;
  Estimate active_share, d1, d7;  // P(active on a day), …on the next, …7 days later
};

/// `days`: whole local days that the log covers, from `first_day` (days since 1970) on; rows outside
/// are not used.
ActivityFit fit_activity(const TimeStamps& times, std::int64_t first_day, std::int64_t days,
                         double utc_offset_h);

/// ML of a log-normal truncated to [lo, hi] from n values with the given means of ln x and (ln x)²;
/// (μ, σ), or NaN where no log-normal is that wide.
std::pair<double, double> fit_truncated_log_normal(double mean, double mean_square, double lo, double hi);

/// ML of a gamma distribution's shape from the means of x and ln x (scale = mean_x / shape).
double fit_gamma_shape(double mean_x, double mean_ln_x);

}  // namespace sluice
