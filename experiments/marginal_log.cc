#include "experiments/marginal_log.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/distributions.h"

namespace sluice {
namespace {

constexpr std::size_t kDays = kMarginalDays;
constexpr int kFirstLiveDay = kMarginalDays - kGroupDays;  // the last 21 days
constexpr Seconds kLook = 300;  // s between two listings of the streams; a duration is exact unless cut
constexpr int kShortBins = 65536;  // UserHistory keeps watch times in tenths of a second

// 40 bins per factor e from e^-2.5 s to 30 min.
constexpr double kGapLow = -2.5, kGapStep = 0.025;
std::vector<double> gap_edges() {
  std::vector<double> edges;
  for (double x = kGapLow; x < std::log(kSessionBreak) - 1e-9; x += kGapStep) edges.push_back(std::exp(x));
  edges.push_back(kSessionBreak);
  return edges;
}

}  // namespace

MarginalLog::MarginalLog(const FeedWorld& world, Seed seed)
    : world_(world), seed_(seed), start_(world.now()),
      users_(static_cast<std::size_t>(world.spec().num_users)),
      day_exposures_(users_.size() * kDays), active_(users_.size() * kDays), short_counts_(kShortBins),
      ln_watch_(kShortBins), gap_counts_(gap_edges().size()) {
  // A video of less than 0.05 s counts as half of that.
  for (int i = 0; i < kShortBins; ++i)
    ln_watch_[static_cast<std::size_t>(i)] = std::log(std::max(0.025f, 0.1f * static_cast<float>(i)));
}

void MarginalLog::see(const TransitionBatch& t) {
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (!t.entered[i]) continue;
    User& user = users_[static_cast<std::size_t>(t.user[i])];
    const double watch = static_cast<double>(t.watch_time_s[i]);
    live_watch_.push_back(watch);
    entries_[static_cast<std::size_t>(std::fmod(user.last_s, kDay) / 3600)] += 1;
    if (user.last_s >= kFirstLiveDay * kDay) user.live_watch_s += watch;
  }
}

void MarginalLog::see(const RequestBatch& r) {
  if (world_.now() - start_ >= looked_ + kLook || looked_ < 0) see_streams();
  for (std::size_t i = 0; i < r.size(); ++i) {
    const auto id = static_cast<std::size_t>(r.user[i]);
    User& user = users_[id];
    const Seconds t = r.time[i] - start_;
    FeedTotals totals = world_.days_so_far(r.user[i]);
    const FeedTotals& today = world_.today(r.user[i]);
    for (std::size_t k = 0; k < totals.size(); ++k) totals[k] += today[k];
    if (user.last_s >= 0) see_page(r.user[i], totals);
    const double gap = t - user.last_s;
    if (r.key[i].page > 0 && user.last_s >= 0 && gap > 0 && gap <= kSessionBreak) {
      const double ln = std::log(gap);
      gap_sum_ += gap, gap_ln_ += ln, gap_ln2_ += ln * ln, num_gaps_ += 1;
      const auto bin = static_cast<std::size_t>(std::max(0.0, std::ceil((ln - kGapLow) / kGapStep)));
      gap_counts_[std::min(bin, gap_counts_.size() - 1)] += 1;
    }
    active_[id * kDays + static_cast<std::size_t>(t / kDay)] = 1;
    user.last_s = t;
    user.exposures = totals[kExposures], user.injections = totals[kInjections], user.entries = totals[kEntries];
  }
}

// The page of the user's last request: its short videos are the newest of the history.
void MarginalLog::see_page(int id, const FeedTotals& totals) {
  User& user = users_[static_cast<std::size_t>(id)];
  const double exposures = static_cast<double>(totals[kExposures] - user.exposures);
  const double lives = static_cast<double>(totals[kInjections] - user.injections);
  hours_[static_cast<std::size_t>(std::fmod(user.last_s, kDay) / 3600)] += exposures;
  const auto day = static_cast<std::size_t>(user.last_s / kDay);
  day_exposures_[static_cast<std::size_t>(id) * kDays + day] += static_cast<std::uint16_t>(exposures);
  const UserHistory& history = world_.history(id);
  const auto shorts = static_cast<std::size_t>(std::clamp(exposures - lives, 0.0, 1.0 * kHistoryLength));
  for (std::size_t k = 0; k < shorts; ++k) {
    const std::uint16_t watch = history.short_watch_ds[k];
    short_counts_[watch] += 1;
    const double ln = static_cast<double>(ln_watch_[watch]);
    user.videos += 1, user.ln_sum += ln, user.ln_squares += ln * ln;
  }
  if (static_cast<int>(day) < kFirstLiveDay) return;
  user.all_exposures += exposures;
  user.live_exposures += lives;
  user.live_entries += static_cast<double>(totals[kEntries] - user.entries);
}

void MarginalLog::see_streams() {
  looked_ = world_.now() - start_;
  world_.supply().list_on_air(list_);
  const auto hour = static_cast<std::size_t>(std::fmod(looked_, kDay) / 3600);
  on_air_[hour] += static_cast<double>(list_.size());
  on_air_looks_[hour] += 1;
  std::unordered_map<std::uint32_t, Stream> now;
  for (const OnAir& stream : list_) now[stream.streamer] = {stream.start, stream.end};
  for (const OnAir& stream : list_) {
    const auto before = on_air_now_.find(stream.streamer);
    if (before != on_air_now_.end() && before->second.start == stream.start) on_air_now_.erase(before);
  }
  // What is left has ended: as planned, or cut at some time since the last look.
  std::vector<double> ended;
  for (const auto& [streamer, stream] : on_air_now_)
    if (stream.start >= start_) ended.push_back((std::min(stream.end, world_.now()) - stream.start) / 60);
  std::sort(ended.begin(), ended.end());  // a hash map has no order of its own
  stream_minutes_.insert(stream_minutes_.end(), ended.begin(), ended.end());
  on_air_now_ = std::move(now);
}

void MarginalLog::measure_icc(Marginals& m) const {
  constexpr double kLeast = 20;
  double k = 0, total = 0, n_total = 0, within = 0, n_squares = 0;
  for (const User& u : users_) {
    if (u.videos < kLeast) continue;
    k += 1, total += u.ln_sum, n_total += u.videos, n_squares += u.videos * u.videos;
    within += u.ln_squares - u.ln_sum * u.ln_sum / u.videos;
  }
  const double mean = total / n_total;
  double between = 0;
  for (const User& u : users_)
    if (u.videos >= kLeast) between += u.videos * (u.ln_sum / u.videos - mean) * (u.ln_sum / u.videos - mean);
  const double ms_within = within / (n_total - k), ms_between = between / (k - 1);
  const double n0 = (n_total - n_squares / n_total) / (k - 1);
  const double variance = std::max(0.0, (ms_between - ms_within) / n0);
  m.user_icc = variance / (variance + ms_within);
}

void MarginalLog::measure_returns(Marginals& m) const {
  const auto rate = [&](std::size_t days) {
    double pairs = 0, returned = 0;
    for (std::size_t i = 0; i < active_.size(); ++i) {
      if (!active_[i] || i % kDays + days >= kDays) continue;
      pairs += 1;
      returned += active_[i + days];
    }
    return returned / pairs;
  };
  m.d1 = rate(1);
  m.d7 = rate(7);
}

void MarginalLog::measure_thinned(Marginals& m) const {
  const double keep = std::min(1.0, kThinnedRows / (kThinnedDays * m.exposures_per_user_day));
  std::array<double, kRowBins.size()> pairs{}, returned{};
  for (std::size_t id = 0; id < users_.size(); ++id) {
    for (std::size_t first = 0; first + kThinnedDays <= kDays; first += kThinnedDays) {
      std::array<int, kThinnedDays> rows{};
      int total = 0;
      for (std::size_t day = 0; day < kThinnedDays; ++day) {
        Rng rng = seed_.stream(Purpose::kThinning, id, first + day);
        const int n = day_exposures_[id * kDays + first + day];
        // Gaps between kept rows are geometric: few draws for few rows.
        for (double at = std::floor(std::log(uniform_double(rng)) / std::log1p(-keep)); at < n;
             at += 1 + std::floor(std::log(uniform_double(rng)) / std::log1p(-keep)))
          ++rows[day];
        total += rows[day];
      }
      const auto bin = std::find_if(kRowBins.begin(), kRowBins.end(), [&](const auto& b) { return total >= b[0] && total <= b[1]; });
      if (bin == kRowBins.end()) continue;
      const auto b = static_cast<std::size_t>(bin - kRowBins.begin());
      for (std::size_t day = 0; day + 1 < kThinnedDays; ++day) {
        if (rows[day] == 0) continue;
        pairs[b] += 1;
        returned[b] += rows[day + 1] > 0 ? 1 : 0;
      }
    }
  }
  for (std::size_t b = 0; b < kRowBins.size(); ++b) m.thinned_d1[b] = returned[b] / pairs[b];
  m.thinned_pairs = pairs;
}

void MarginalLog::measure_live_users(Marginals& m) const {
  double users = 0, lives = 0, entries = 0, exposures = 0;
  for (const User& u : users_) {
    if (u.live_watch_s <= kLiveUserSeconds) continue;
    m.live_user_watch.push_back(u.live_watch_s);
    users += 1, lives += u.live_exposures, entries += u.live_entries, exposures += u.all_exposures;
  }
  std::sort(m.live_user_watch.begin(), m.live_user_watch.end());
  m.live_user_share = users / static_cast<double>(users_.size());
  m.live_user_exposures = lives / users / kGroupDays;
  m.live_user_entries = entries / users / kGroupDays;
  m.live_user_live_share = lives / exposures;
}

void MarginalLog::measure_totals(Marginals& m) const {
  const std::vector<double> total = world_.total_means();
  m.sessions_per_user_day = total[kSessions];
  m.requests_per_session = total[kRequests] / total[kSessions];
  m.items_per_request = total[kExposures] / total[kRequests];
  m.exposures_per_user_day = total[kExposures];
  m.app_usage_s = total[kAppUsage];
  m.live_share = total[kInjections] / total[kExposures];
  m.entry_rate = total[kEntries] / total[kInjections];
  m.watch_per_entry_s = total[kLiveWatch] / total[kEntries];
  const Table daily = world_.daily(), episodes = world_.episodes();
  for (const auto x : episodes.get<std::int64_t>("exposures")) m.user_exposures.push_back(static_cast<double>(x) / kMarginalDays);
  std::sort(m.user_exposures.begin(), m.user_exposures.end());
  const auto sum_of = [&](const char* name) {
    const auto& v = daily.get<std::int64_t>(name);
    return static_cast<double>(std::accumulate(v.begin(), v.end(), std::int64_t{0}));
  };
  m.live_dau_share = sum_of("live_dau") / sum_of("dau");
  m.active_prob = sum_of("dau") / sum_of("users");
}

Marginals MarginalLog::finish() {
  Marginals m;
  m.users = static_cast<int>(users_.size());
  measure_totals(m);
  measure_icc(m);
  measure_returns(m);
  measure_thinned(m);
  measure_live_users(m);
  m.hour_exposures = hours_;
  m.entries = entries_;
  m.gaps = {gap_edges(), gap_counts_};
  m.gap_mean_s = gap_sum_ / num_gaps_;
  m.gap_ln_mean = gap_ln_ / num_gaps_;
  m.gap_ln_sd = std::sqrt(gap_ln2_ / num_gaps_ - m.gap_ln_mean * m.gap_ln_mean);
  m.short_watch.counts = short_counts_;
  for (int i = 0; i < kShortBins; ++i) m.short_watch.edges.push_back(0.1 * i + 0.05);
  m.live_watch = std::move(live_watch_);
  std::sort(m.live_watch.begin(), m.live_watch.end());
  for (const auto& [streamer, stream] : on_air_now_)  // began in time, and will end as planned
    if (stream.start >= start_) stream_minutes_.push_back((stream.end - stream.start) / 60);
  m.stream_minutes = std::move(stream_minutes_);
  std::sort(m.stream_minutes.begin(), m.stream_minutes.end());
  for (std::size_t h = 0; h < 24; ++h) m.on_air[h] = on_air_[h] / std::max(1.0, on_air_looks_[h]);
  return m;
}

}  // namespace sluice
