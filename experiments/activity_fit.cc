#include "experiments/activity_fit.h"

#include <algorithm>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>

#include "experiments/value_histogram.h"

namespace sluice {
namespace {

constexpr std::int64_t kDayMs = 86400000;
// A whole log has 381 rows per user-day and .828 of the steps within a response (KuaiRand-27K); one that
// is thinned to a pool of videos 1.9 and .05 (KuaiRand-Pure).  Far from both:
constexpr double kWholeRowsPerDay = 50, kWholeSameResponse = 0.4;

enum Sum {
  kUsers,
  kRows,
  kActiveDays,
  kRequests,
  kSessions,
  kLnRows,
  kLnSessions,
  kGaps,
  kLnGap,
  kLnGapSquared,
  kGapSeconds,
  kDay1Pairs,
  kDay1Returns,
  kDay7Pairs,
  kDay7Returns,
  kSteps,
  kSameResponse,
  kNumSums
};
using Sums = std::array<double, kNumSums>;

class Reader {
 public:
  Reader(std::int64_t days) : days_(days), active_(static_cast<std::size_t>(days)) {}

  /// One user's time stamps, in ms since the first day's midnight, rising.
  void add(std::uint64_t user, const std::vector<std::int64_t>& times) {
    Sums& sums = groups_[static_cast<std::size_t>(id_group(user))];
    std::fill(active_.begin(), active_.end(), char{0});
    double sessions = 1;
    for (std::size_t i = 0; i < times.size(); ++i) {
      active_[static_cast<std::size_t>(times[i] / kDayMs)] = 1;
      if (i == 0) continue;
      const auto step = static_cast<double>(times[i] - times[i - 1]);
      ++sums[kSteps];
      if (step < kResponseMs) {
        ++sums[kSameResponse];
      } else {
        ++sums[kRequests];
        if (step > kSessionMs)
          ++sessions;
        else
          add_gap(sums, times[i] - times[i - 1]);
      }
    }
    const auto rows = static_cast<double>(times.size());
    ++sums[kUsers];
    ++sums[kRequests];  // the first one
    sums[kRows] += rows;
    sums[kSessions] += sessions;
    sums[kLnRows] += std::log(rows);
    sums[kLnSessions] += std::log(sessions);
    rows_per_day_.push_back(rows / static_cast<double>(days_));
    for (std::size_t d = 0; d < active_.size(); ++d) {
      sums[kActiveDays] += active_[d];
      if (d + 1 < active_.size())
        sums[kDay1Pairs] += active_[d], sums[kDay1Returns] += active_[d] * active_[d + 1];
      if (d + 7 < active_.size())
        sums[kDay7Pairs] += active_[d], sums[kDay7Returns] += active_[d] * active_[d + 7];
    }
  }

  ActivityFit fit();

 private:
  void add_gap(Sums& sums, std::int64_t ms) {
    const double s = static_cast<double>(ms) / 1000, ln = std::log(s);
    ++sums[kGaps];
    sums[kLnGap] += ln;
    sums[kLnGapSquared] += ln * ln;
    sums[kGapSeconds] += s;
    gaps_ms_.add(static_cast<std::uint64_t>(ms));
  }
  template <class F>
  Estimate estimate(Sum counted, F statistic) const {
    Estimate e = jackknife(std::span<const Sums>(groups_), statistic);
    double n = 0;
    for (const Sums& group : groups_) n += group[counted];
    e.n = static_cast<std::int64_t>(n);
    return e;
  }
  Estimate ratio(Sum above, Sum below) const {
    return estimate(below, [=](const Sums& s) { return s[above] / s[below]; });
  }
  void fit_gaps(ActivityFit& fit) const;
  void fit_exposures(ActivityFit& fit);

  std::int64_t days_;
  std::vector<char> active_;
  std::array<Sums, kIdGroups> groups_{};
  ValueHistogram gaps_ms_;
  std::vector<double> rows_per_day_;
};

void Reader::fit_gaps(ActivityFit& fit) const {
  const double lo = kResponseMs / 1000, hi = kSessionMs / 1000;
  const auto both = [=](const Sums& s) {
    return fit_truncated_log_normal(s[kLnGap] / s[kGaps], s[kLnGapSquared] / s[kGaps], lo, hi);
  };
  fit.gap_mu = estimate(kGaps, [&](const Sums& s) { return both(s).first; });
  fit.gap_sigma = estimate(kGaps, [&](const Sums& s) { return both(s).second; });
  fit.gap_mean_s = ratio(kGapSeconds, kGaps);
  if (!fit.gap_mu.known()) return;
  const double mu = fit.gap_mu.value, sigma = fit.gap_sigma.value;
  const auto normal = [&](double s) { return 0.5 * std::erfc((mu - std::log(s)) / sigma / std::sqrt(2.0)); };
  fit.gap_ks = gaps_ms_.kolmogorov_smirnov([&](double ms) {
    return (normal(std::clamp(ms / 1000, lo, hi)) - normal(lo)) / (normal(hi) - normal(lo));
  });
}

void Reader::fit_exposures(ActivityFit& fit) {
  const auto days = static_cast<double>(days_);
  const auto shape = [=](const Sums& s) {
    return fit_gamma_shape(s[kRows] / s[kUsers] / days, s[kLnRows] / s[kUsers] - std::log(days));
  };
  fit.exposures_shape = estimate(kUsers, shape);
  fit.exposures_scale = estimate(kUsers, [&](const Sums& s) { return s[kRows] / s[kUsers] / days / shape(s); });
  fit.sessions_shape = estimate(kUsers, [](const Sums& s) {
    return fit_gamma_shape(s[kSessions] / s[kUsers], s[kLnSessions] / s[kUsers]);
  });
  if (!fit.exposures_shape.known()) return;
  std::sort(rows_per_day_.begin(), rows_per_day_.end());
  const auto n = static_cast<double>(rows_per_day_.size());
  for (std::size_t i = 0; i < rows_per_day_.size(); ++i) {
    const double p =
        boost::math::gamma_p(fit.exposures_shape.value, rows_per_day_[i] / fit.exposures_scale.value);
    const auto below = static_cast<double>(i);
    fit.exposures_ks = std::max({fit.exposures_ks, p - below / n, (below + 1) / n - p});
  }
}

ActivityFit Reader::fit() {
  ActivityFit fit;
  Sums total{};
  for (const Sums& group : groups_)
    for (std::size_t k = 0; k < kNumSums; ++k) total[k] += group[k];
  fit.users = static_cast<std::int64_t>(total[kUsers]);
  fit.days = days_;
  if (fit.users == 0) return fit;
  fit.rows_per_active_day = total[kRows] / total[kActiveDays];
  fit.same_response_share = total[kSteps] > 0 ? total[kSameResponse] / total[kSteps] : 0;
  fit.thinned = fit.rows_per_active_day < kWholeRowsPerDay || fit.same_response_share < kWholeSameResponse;
  const auto days = static_cast<double>(days_);
  fit.exposures_per_day = estimate(kUsers, [=](const Sums& s) { return s[kRows] / s[kUsers] / days; });
  fit.sessions_per_day = estimate(kUsers, [=](const Sums& s) { return s[kSessions] / s[kUsers] / days; });
  fit.active_share = estimate(kUsers, [=](const Sums& s) { return s[kActiveDays] / s[kUsers] / days; });
  fit.items_per_request = ratio(kRows, kRequests);
  fit.requests_per_session = ratio(kRequests, kSessions);
  fit.d1 = ratio(kDay1Returns, kDay1Pairs);
  fit.d7 = ratio(kDay7Returns, kDay7Pairs);
  fit_exposures(fit);
  fit_gaps(fit);
  return fit;
}

}  // namespace

void TimeStamps::halve() {
  sample_.halve();
  std::erase_if(rows_, [&](const Row& row) { return !sample_.holds(row.user); });
}

std::pair<double, double> fit_truncated_log_normal(double mean, double mean_square, double lo, double hi) {
  // With t = (ln x − mean)/sd the density is ∝ exp(a t + b t²), an exponential family: the likelihood is
  // concave in (a, b), and its maximum has E[t] = 0, E[t²] = 1.  Newton's method, moments by quadrature.
  const double nan = std::nan(""), sd = std::sqrt(mean_square - mean * mean);
  if (!(sd > 0)) return {nan, nan};
  constexpr int kPoints = 2000;
  const double from = (std::log(lo) - mean) / sd, width = (std::log(hi) - std::log(lo)) / sd / kPoints;
  struct Moments {
    double log_z, m1, m2, m3, m4;
  };
  const auto moments = [&](double a, double b) {
    const double vertex = b < 0 ? std::clamp(-a / (2 * b), from, from + width * kPoints) : 0;
    const double top = a * vertex + b * vertex * vertex;  // keeps the exponentials in range
    std::array<double, 5> sum{};
    for (int i = 0; i < kPoints; ++i) {
      const double t = from + (i + 0.5) * width;
      double term = std::exp(a * t + b * t * t - top);
      for (double& s : sum) s += term, term *= t;
    }
    return Moments{std::log(sum[0] * width) + top, sum[1] / sum[0], sum[2] / sum[0], sum[3] / sum[0],
                   sum[4] / sum[0]};
  };
  double a = 0, b = -0.5;
  for (int i = 0; i < 100; ++i) {
    const Moments m = moments(a, b);
    if (std::hypot(m.m1, 1 - m.m2) < 1e-10) break;
    const double v11 = m.m2 - m.m1 * m.m1, v12 = m.m3 - m.m1 * m.m2, v22 = m.m4 - m.m2 * m.m2;
    const double determinant = v11 * v22 - v12 * v12, g1 = -m.m1, g2 = 1 - m.m2;
    const double da = (v22 * g1 - v12 * g2) / determinant, db = (v11 * g2 - v12 * g1) / determinant;
    double size = 1;
    while (size > 1e-6 && !(b + size * db - moments(a + size * da, b + size * db).log_z >= b - m.log_z))
      size /= 2;
    a += size * da;
    b += size * db;
  }
  if (!(b < 0)) return {nan, nan};
  return {mean - sd * a / (2 * b), sd * std::sqrt(-1 / (2 * b))};
}

double fit_gamma_shape(double mean_x, double mean_ln_x) {
  const double s = std::log(mean_x) - mean_ln_x;                          // ln k − ψ(k) = s
  if (!(s > 1e-9)) return std::nan("");                                   // all equal: no finite shape
  double k = (3 - s + std::sqrt((s - 3) * (s - 3) + 24 * s)) / (12 * s);  // Minka 2002
  for (int i = 0; i < 50; ++i) {
    const double change = (std::log(k) - boost::math::digamma(k) - s) / (1 / k - boost::math::trigamma(k));
    k = k - change > 0 ? k - change : k / 2;
    if (std::abs(change) < 1e-12 * k) break;
  }
  return k;
}

ActivityFit fit_activity(const TimeStamps& times, std::int64_t first_day, std::int64_t days,
                         double utc_offset_h) {
  const std::int64_t start = first_day * kDayMs - static_cast<std::int64_t>(utc_offset_h * 3600000);
  std::vector<TimeStamps::Row> rows;
  rows.reserve(times.rows().size());
  for (const TimeStamps::Row& row : times.rows())
    if (row.time_ms >= start && row.time_ms < start + days * kDayMs)
      rows.push_back({row.user, row.time_ms - start});
  std::sort(rows.begin(), rows.end(), [](const TimeStamps::Row& a, const TimeStamps::Row& b) {
    return a.user != b.user ? a.user < b.user : a.time_ms < b.time_ms;
  });
  Reader reader(days);
  std::vector<std::int64_t> own;
  for (std::size_t i = 0; i < rows.size();) {
    own.clear();
    const std::uint64_t user = rows[i].user;
    for (; i < rows.size() && rows[i].user == user; ++i) own.push_back(rows[i].time_ms);
    reader.add(user, own);
  }
  ActivityFit fit = reader.fit();
  fit.sampled_share = times.sampled_share();
  return fit;
}

}  // namespace sluice
