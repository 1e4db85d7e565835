#include "users/logit_users.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/distributions.h"
#include "sim/limited_log_normal.h"
#include "sim/user_history.h"
#include "users/traits.h"

namespace sluice {
namespace {

float as_float(double x) { return static_cast<float>(x); }
// Half an hour of short videos without a request is, by definition, the session's end.
constexpr float kLongestPage = static_cast<float>(kSessionBreak);

struct LogitUser {
  // Fixed.
  Favourites favourites;
  float sessions_per_day = 0, short_mu = 0, enter_bias = 0, return_bias = 0;
  float registered_days = 0;
  // Moving: how much of today's session starts lies behind, and what today was like so far.
  float day_quantile = 1;
  float pages = 0, unentered = 0, time_s = 0, live_s = 0;
  std::uint16_t next_session = 0;
  std::uint16_t device = 0;

  float share_live() const { return time_s > 0 ? live_s / time_s : 0; }
  float share_unentered() const { return pages > 0 ? unentered / pages : 0; }
};

LogitUser draw_user(const LogitUsersConfig& c, Seed seed, std::uint32_t id) {
  Rng rng = seed.stream(Purpose::kUser, id);
  LogitUser u;
  u.favourites = draw_favourites(rng);
  const float sigma = as_float(c.sessions_sigma);
  u.sessions_per_day = as_float(c.sessions_per_day) * log_normal(rng, -sigma * sigma / 2, sigma);
  u.short_mu = as_float(c.short_mu) + as_float(c.short_user_sigma) * normal(rng);
  u.enter_bias = as_float(c.enter_bias) + as_float(c.enter_sigma) * normal(rng);
  u.return_bias = as_float(c.return_bias) + as_float(c.return_sigma) * normal(rng);
  // Registered for 1,188 days in the median (KuaiRand user features).
  u.registered_days = std::clamp(log_normal(rng, 7.08f, 0.8f), 1.0f, 4000.0f);
  u.device = static_cast<std::uint16_t>(3 * uniform(rng));
  return u;
}

const std::vector<std::string> kLatentNames = {"mean_watch_s",  "enter_prob", "short_mu",   "share_live",
                                               "share_unentered", "return_logit", "sessions_left"};

class LogitUsers final : public UserModel {
 public:
  LogitUsers(const LogitUsersConfig& config, Seed seed) : config_(config), seed_(seed), live_(config.watch_sigma) {
    double total = 0, sum = 0;
    for (const double percent : config.hour_percent) total += percent;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      hour_cdf_[hour] = sum / total;
      sum += config.hour_percent[hour];
    }
    hour_cdf_[24] = 1;
    for (int i = 0; i < config.count; ++i)
      users_.push_back(draw_user(config, seed, static_cast<std::uint32_t>(config.first + i)));
  }

  std::unique_ptr<UserModel> clone() const override { return std::make_unique<LogitUsers>(*this); }
  std::unique_ptr<UserModel> select(std::span<const int> users, std::span<const std::uint32_t> ids) const override {
    auto selected = std::make_unique<LogitUsers>(*this);
    selected->users_.clear();
    for (const int user : users) selected->users_.push_back(users_[static_cast<std::size_t>(user)]);
    selected->ids_.assign(ids.begin(), ids.end());
    return selected;
  }
  int count() const override { return static_cast<int>(users_.size()); }
  std::uint32_t id(int user) const override {
    return ids_.empty() ? static_cast<std::uint32_t>(config_.first + user) : ids_[static_cast<std::size_t>(user)];
  }
  UserProfile profile(int user) const override {
    const LogitUser& u = at(user);
    return {static_cast<std::uint8_t>(u.device), u.favourites.top_topic, u.registered_days};
  }
  TopicVector interests(int user) const override { return at(user).favourites.interests(); }
  std::size_t bytes_per_user() const override { return sizeof(LogitUser); }
  const std::vector<std::string>& latent_names() const override { return kLatentNames; }
  void write_latent(int user, Seconds /*now*/, const Candidate& /*candidate*/, const PageOutlook& outlook,
                    std::span<float> row) const override {
    const LogitUser& u = at(user);
    const std::array latent = {outlook.mean_watch_s, outlook.enter_prob, u.short_mu, u.share_live(), u.share_unentered(),
                               return_logit(u), u.sessions_per_day * (1 - u.day_quantile)};
    std::ranges::copy(latent, row.begin());
  }
  // Memory ends with the day.
  const std::vector<std::string>& carried_names() const override {
    static const std::vector<std::string> none;
    return none;
  }
  float carried(int, std::size_t, Seconds) const override { return 0; }
  void add_carried(int, std::size_t, Seconds, float) override {}
  void transfer(StateArchive& archive) override { archive.fixed("users", users_); }

  DayStart begin_day(int user, int day) override;
  Seconds next_session(int user, int day, Seconds earliest, std::uint32_t* session) override;
  PageOutlook prepare(int user, const RequestKey& key, Seconds now, const Candidate& candidate) override;
  PageOutcome respond(int user, const RequestKey& key, Seconds now, const Candidate& candidate,
                      const PageOutlook& outlook, int action) override;

 private:
  const LogitUser& at(int user) const { return users_[static_cast<std::size_t>(user)]; }
  float return_logit(const LogitUser& u) const {
    return u.return_bias + as_float(config_.return_live) * u.share_live() -
           as_float(config_.return_unentered) * u.share_unentered();
  }

  LogitUsersConfig config_;
  Seed seed_;
  LimitedLogNormal live_;
  std::array<double, 25> hour_cdf_{};
  std::vector<LogitUser> users_;
  std::vector<std::uint32_t> ids_;  // of selected users; empty: first, first + 1, …
};

UserModel::DayStart LogitUsers::begin_day(int user, int day) {
  LogitUser& u = users_[static_cast<std::size_t>(user)];
  Rng rng = seed_.stream(Purpose::kUserDay, id(user), static_cast<std::uint64_t>(day));
  const bool churns = uniform_double(rng) < config_.churn_per_day;
  const bool active = bernoulli(rng, sigmoid(return_logit(u)));
  u.pages = u.unentered = u.time_s = u.live_s = 0;
  u.next_session = 0;
  u.day_quantile = active && !churns ? 0.0f : 1.0f;
  if (churns) return DayStart::kChurned;
  return active ? DayStart::kActive : DayStart::kIdle;
}

Seconds LogitUsers::next_session(int user, int day, Seconds earliest, std::uint32_t* session) {
  constexpr Seconds kNone = std::numeric_limits<Seconds>::infinity();
  LogitUser& u = users_[static_cast<std::size_t>(user)];
  if (u.day_quantile >= 1) return kNone;
  *session = u.next_session++;
  Rng rng = seed_.stream(Purpose::kSession, id(user), static_cast<std::uint64_t>(day), *session);
  // A Poisson process in the time that runs by the hour profile: exponential steps.
  u.day_quantile = std::min(1.0f, u.day_quantile + exponential(rng, 1.0f) / std::max(1e-6f, u.sessions_per_day));
  const auto q = static_cast<double>(u.day_quantile);
  if (q >= 1) return kNone;
  std::size_t hour = 0;
  while (hour_cdf_[hour + 1] <= q) ++hour;
  const double within = (q - hour_cdf_[hour]) / (hour_cdf_[hour + 1] - hour_cdf_[hour]);
  const Seconds start = std::max(earliest, day * kDay + 3600.0 * (static_cast<double>(hour) + within));
  if (start < (day + 1) * kDay) return start;
  u.day_quantile = 1;  // pushed out of the day by a long session
  return kNone;
}

PageOutlook LogitUsers::prepare(int user, const RequestKey& key, Seconds now, const Candidate& candidate) {
  PageOutlook outlook;
  if (!candidate.exists()) return outlook;
  Rng rng = stream(seed_, Purpose::kCandidate, key);
  const float logit = at(user).enter_bias + as_float(config_.enter_appeal) * candidate.appeal;
  const float log_left = as_float(std::log(std::max(1e-3, candidate.end - now)));
  outlook.enter_prob = sigmoid(logit);
  outlook.late_share = 1;  // there is one kind of watch only
  outlook.late_mu = as_float(config_.watch_mu) + as_float(config_.watch_appeal) * candidate.appeal;
  outlook.mean_watch_s = outlook.enter_prob * std::exp(log_left) * live_.share_of_cap(outlook.late_mu, log_left);
  const auto error = as_float(config_.predictor_sigma);
  outlook.predicted_watch_s = outlook.mean_watch_s * std::exp(error * normal(rng) - error * error / 2);
  outlook.predicted_enter_prob = sigmoid(logit + error * normal(rng));
  return outlook;
}

PageOutcome LogitUsers::respond(int user, const RequestKey& key, Seconds now, const Candidate& candidate,
                                const PageOutlook& outlook, int action) {
  LogitUser& u = users_[static_cast<std::size_t>(user)];
  PageOutcome page;
  page.shown = action == 1 && candidate.exists();
  page.page_s = as_float(config_.pause_s);
  if (page.shown) {
    Rng rng = stream(seed_, Purpose::kLive, key);
    page.entered = bernoulli(rng, outlook.enter_prob);
    const float wanted = log_normal(rng, outlook.late_mu, as_float(config_.watch_sigma));
    if (page.entered) page.watch_time_s = std::min(wanted, as_float(candidate.end - now));
    page.skipped = page.entered && page.watch_time_s <= 3;
    page.page_s += page.entered ? page.watch_time_s : as_float(config_.pass_s);
  }
  const TopicVector interests = u.favourites.interests();
  Rng shorts = stream(seed_, Purpose::kShort, key);
  bool left = false;
  for (int slot = page.shown ? 1 : 0; slot < config_.slots_per_page && !left; ++slot) {
    shorts.jump_to_lane(static_cast<std::uint32_t>(slot));  // a slot's luck is its own
    float rest = uniform(shorts);
    std::size_t topic = 0;  // as often as the user likes it: the squares sum to 1
    while (topic + 1 < kNumTopics && (rest -= interests[topic] * interests[topic]) > 0) ++topic;
    const float wanted = log_normal(shorts, u.short_mu, as_float(config_.short_sigma));
    const float watch = std::min(wanted, kLongestPage - as_float(config_.pause_s) - page.short_s);
    page.short_watch_s[page.num_shorts] = watch;
    page.short_topic[page.num_shorts++] = static_cast<std::uint8_t>(topic + 1);
    page.short_s += watch;
    left = watch < wanted;
  }
  page.page_s += page.short_s;
  const bool disappointed = page.shown && !page.entered;
  Rng rng = stream(seed_, Purpose::kPage, key);
  const bool leaves = bernoulli(rng, sigmoid(as_float(config_.leave_bias) +
                                             (disappointed ? as_float(config_.leave_unentered) : 0.0f)));
  page.session_ended = left || leaves;
  u.pages += 1;
  u.unentered += disappointed ? 1 : 0;
  u.time_s += page.page_s;
  u.live_s += page.watch_time_s;
  return page;
}

}  // namespace

std::unique_ptr<UserModel> make(const LogitUsersConfig& config, Seed seed) {
  return std::make_unique<LogitUsers>(config, seed);
}

}  // namespace sluice
