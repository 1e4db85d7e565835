#include "users/behavioural_users.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "sim/distributions.h"
#include "sim/huge_pages.h"
#include "sim/limited_log_normal.h"
#include "sim/user_history.h"
#include "users/behavioural_constants.h"
#include "users/behavioural_latent.h"
#include "users/traits.h"

namespace sluice {
namespace {

// Half an hour of short videos and pauses without a request is, by definition, the session's end.
constexpr float kLongestPage = static_cast<float>(kSessionBreak);

// Videos end: w/√(1 + (rate·w)²).
float ended(float watch, float rate) {
  const float share = watch * rate;
  return watch / std::sqrt(1 + share * share);
}

class BehaviouralUsers final : public UserModel {
 public:
  BehaviouralUsers(const BehaviouralUsersConfig& config, Seed seed)
      : config_(config), constants_(std::make_shared<const BehaviouralConstants>(config)), seed_(seed),
        users_(static_cast<std::size_t>(config.count)) {
    for (std::uint32_t i = 0; i < users_.size(); ++i)
      users_[i].traits = draw_traits(config, constants_->early, seed,
                                     static_cast<std::uint32_t>(config.first) + i);
  }

  std::unique_ptr<UserModel> clone() const override {
    return std::make_unique<BehaviouralUsers>(*this);
  }
  std::unique_ptr<UserModel> select(std::span<const int> users, std::span<const std::uint32_t> ids) const override {
    auto selected = std::unique_ptr<BehaviouralUsers>(new BehaviouralUsers(config_, constants_, seed_));
    for (const int user : users) selected->users_.push_back(users_[static_cast<std::size_t>(user)]);
    selected->ids_.assign(ids.begin(), ids.end());
    return selected;
  }
  int count() const override { return static_cast<int>(users_.size()); }
  std::uint32_t id(int user) const override {
    return ids_.empty() ? static_cast<std::uint32_t>(config_.first + user) : ids_[static_cast<std::size_t>(user)];
  }
  UserProfile profile(int user) const override {
    const BehaviouralTraits& t = traits(user);
    return {t.device, t.favourites.top_topic, static_cast<float>(t.registered_days)};
  }
  TopicVector interests(int user) const override { return traits(user).favourites.interests(); }
  std::size_t bytes_per_user() const override {
    return sizeof(BehaviouralUser) + (ids_.empty() ? 0 : sizeof(std::uint32_t));
  }
  void prefetch(int user) const override {
    const char* bytes = reinterpret_cast<const char*>(&users_[static_cast<std::size_t>(user)]);
    for (std::size_t line = 0; line < sizeof(BehaviouralUser); line += 64) __builtin_prefetch(bytes + line, 1);
  }
  void transfer(StateArchive& archive) override { archive.fixed("users", users_); }
  const std::vector<std::string>& latent_names() const override { return behavioural_latent_names(); }
  void write_latent(int user, Seconds now, const Candidate& candidate, const PageOutlook& outlook,
                    std::span<float> row) const override;
  const std::vector<std::string>& carried_names() const override {
    static const std::vector<std::string> names = {"habit", "satisfaction"};
    return names;
  }
  float carried(int user, std::size_t which, Seconds now) const override;
  void add_carried(int user, std::size_t which, Seconds now, float amount) override {
    (which == 0 ? state(user).habit : state(user).satisfaction) += amount / carried_share(user, which, now);
  }

  DayStart begin_day(int user, int day) override;
  Seconds next_session(int user, int day, Seconds earliest, std::uint32_t* session) override;
  PageOutlook prepare(int user, const RequestKey& key, Seconds now,
                      const Candidate& candidate) override;
  PageOutcome respond(int user, const RequestKey& key, Seconds now, const Candidate& candidate,
                      const PageOutlook& outlook, int action) override;

 private:
  BehaviouralUsers(const BehaviouralUsersConfig& config, std::shared_ptr<const BehaviouralConstants> constants, Seed seed)
      : config_(config), constants_(std::move(constants)), seed_(seed) {}
  const BehaviouralTraits& traits(int user) const { return users_[static_cast<std::size_t>(user)].traits; }
  BehaviouralState& state(int user) { return users_[static_cast<std::size_t>(user)].state; }
  void bring_to(BehaviouralState& s, Seconds now, Rng& rng) const;
  float carried_share(int user, std::size_t which, Seconds now) const;
  float surplus(const BehaviouralState& s) const {  // satisfaction above expectation
    return s.satisfaction - as_float(config_.dynamics.expectation_share) * s.expectation;
  }
  struct LiveSlot {
    bool left = false;
    float spill = 1;  // factor on the watches of the rest of the page
  };
  LiveSlot play_live_slot(int user, const RequestKey& key, Seconds now, const Candidate& candidate,
                          const PageOutlook& outlook, PageOutcome& page);

  BehaviouralUsersConfig config_;
  std::shared_ptr<const BehaviouralConstants> constants_;  // immutable tables, shared by clones
  Seed seed_;
  std::vector<BehaviouralUser, HugePages<BehaviouralUser>> users_;
  std::vector<std::uint32_t> ids_;  // of selected users; empty: first, first + 1, …
};

// Exponential decay since the last update.  The mood is an Ornstein–Uhlenbeck process, exact for any
// step; `rng` gives its noise.
void BehaviouralUsers::bring_to(BehaviouralState& s, Seconds now, Rng& rng) const {
  const float noise = normal(rng);  // drawn at every call: what follows in `rng` keeps its luck
  const double then = s.updated_day * kDay + s.updated_s;
  const auto elapsed = as_float(now - then);
  if (elapsed <= 0) return;
  const DynamicsConfig& d = config_.dynamics;
  const float days = elapsed / as_float(kDay);
  const float keep = std::exp2(-elapsed / as_float(config_.live.mood_half_life_s));
  s.mood = keep * s.mood +
           std::sqrt(1 - keep * keep) * as_float(config_.live.mood_sigma) * noise;
  s.fatigue *= std::exp2(-elapsed / as_float(d.fatigue_half_life_s));
  s.habit *= std::exp2(-days / as_float(d.habit_half_life_days));
  s.satisfaction *= std::exp2(-days / as_float(d.satisfaction_half_life_days));
  s.updated_day = static_cast<std::int16_t>(now / kDay);
  s.updated_s = as_float(now - s.updated_day * kDay);
}

// What is left at `now` of a unit of habit (0) or satisfaction (1) as of the last update.
float BehaviouralUsers::carried_share(int user, std::size_t which, Seconds now) const {
  const BehaviouralState& s = users_[static_cast<std::size_t>(user)].state;
  const DynamicsConfig& d = config_.dynamics;
  const double days = (now - (s.updated_day * kDay + static_cast<double>(s.updated_s))) / kDay;
  const double half_life = which == 0 ? d.habit_half_life_days : d.satisfaction_half_life_days;
  return as_float(std::exp2(-std::max(0.0, days) / half_life));
}

float BehaviouralUsers::carried(int user, std::size_t which, Seconds now) const {
  const BehaviouralState& s = users_[static_cast<std::size_t>(user)].state;
  return (which == 0 ? s.habit : s.satisfaction) * carried_share(user, which, now);
}

void BehaviouralUsers::write_latent(int user, Seconds now, const Candidate& candidate, const PageOutlook& outlook,
                                    std::span<float> row) const {
  const BehaviouralTraits& t = traits(user);
  const BehaviouralState& s = users_[static_cast<std::size_t>(user)].state;
  const float budget_left = s.session_budget_s - s.session_used_s;
  float mean_watch = 0;
  if (candidate.exists()) {  // cut by what is left of the stream and of the budget, where the page would begin with it
    const float log_cap = std::log(std::clamp(budget_left, 5.0f, std::max(5.0f, as_float(candidate.end - now))));
    const float early = constants_->early.share_of_cap(as_float(config_.live.early_mu), log_cap);
    const float late = constants_->late.share_of_cap(outlook.late_mu, log_cap);
    mean_watch = outlook.enter_prob * std::exp(log_cap) * ((1 - outlook.late_share) * early + outlook.late_share * late);
  }
  const BehaviouralLatent latent = {.mean_watch_s = mean_watch,
                                    .enter_prob = outlook.enter_prob,
                                    .late_share = outlook.late_share,
                                    .fatigue = t.fatigue * s.fatigue,
                                    .interruption = t.interruption,
                                    .habit = s.habit,
                                    .surplus = surplus(s),
                                    .log_budget_left = std::log(std::max(5.0f, budget_left)),
                                    .watch_shift = t.watch_shift,
                                    .sessions_left = static_cast<float>(s.num_sessions - s.next_session),
                                    .affinity = t.affinity,
                                    .mood = s.mood};
  std::memcpy(row.data(), &latent, sizeof latent);
}

UserModel::DayStart BehaviouralUsers::begin_day(int user, int day) {
  const BehaviouralTraits& t = traits(user);
  BehaviouralState& s = state(user);
  Rng rng = seed_.stream(Purpose::kUserDay, id(user), static_cast<std::uint64_t>(day));
  if (config_.activity.churn_per_day > 0 &&
      uniform_double(rng) < config_.activity.churn_per_day)
    return DayStart::kChurned;
  Rng mood = seed_.stream(Purpose::kUserDay, id(user), static_cast<std::uint64_t>(day), 1);
  bring_to(s, day * kDay, mood);
  const DynamicsConfig& d = config_.dynamics;
  Rng drift = seed_.stream(Purpose::kInterests, id(user), static_cast<std::uint64_t>(day));
  if (bernoulli(drift, as_float(d.interest_drift)))
    replace_favourite(users_[static_cast<std::size_t>(user)].traits.favourites, drift);
  s.expectation += (1 - std::exp2(-1 / as_float(d.expectation_half_life_days))) *
                   (s.satisfaction - s.expectation);
  const float p_active = sigmoid(t.return_logit + as_float(d.satisfaction_return) * surplus(s) +
                                 (s.active ? as_float(config_.activity.return_inertia) : 0.0f));
  s.active = bernoulli(rng, p_active);
  s.num_sessions = 0;
  s.next_session = 0;
  s.day_quantile = 0;
  if (!s.active) return DayStart::kIdle;
  const double weekday = config_.activity.weekday_index[static_cast<std::size_t>(day % 7)];
  s.num_sessions = static_cast<std::uint8_t>(
      std::min(60, 1 + poisson(rng, (t.sessions_mean - 1) * weekday)));
  return DayStart::kActive;
}

Seconds BehaviouralUsers::next_session(int user, int day, Seconds earliest, std::uint32_t* session) {
  BehaviouralState& s = state(user);
  const auto& cdf = constants_->hour_cdf;
  if (s.next_session >= s.num_sessions) return std::numeric_limits<Seconds>::infinity();
  *session = s.next_session;
  Rng rng = seed_.stream(Purpose::kSession, id(user), static_cast<std::uint64_t>(day), *session);
  // The next order statistic of the n − i starts that are left, uniform on the profile's quantiles.
  const int left = s.num_sessions - s.next_session;
  s.day_quantile =
      as_float(1 - (1 - static_cast<double>(s.day_quantile)) *
                       std::pow(1 - uniform_double(rng), 1.0 / left));
  ++s.next_session;
  const double q = std::min(static_cast<double>(s.day_quantile), 0.9999999);
  std::size_t hour = 0;
  while (cdf[hour + 1] <= q) ++hour;
  const double within = (q - cdf[hour]) / (cdf[hour + 1] - cdf[hour]);
  const Seconds start = day * kDay + 3600.0 * (static_cast<double>(hour) + within);
  const Seconds actual = std::max(start, earliest);
  if (actual >= (day + 1) * kDay) {  // pushed out of the day by a long session
    s.next_session = s.num_sessions;
    return std::numeric_limits<Seconds>::infinity();
  }
  return actual;
}

PageOutlook BehaviouralUsers::prepare(int user, const RequestKey& key, Seconds now,
                                      const Candidate& candidate) {
  const BehaviouralTraits& t = traits(user);
  BehaviouralState& s = state(user);
  const LiveWatchConfig& live = config_.live;
  Rng rng = stream(seed_, Purpose::kCandidate, key);
  bring_to(s, now, rng);
  if (key.page == 0) {
    Rng session = seed_.stream(Purpose::kSession, key.user, key.day, key.session, 1);
    const auto sigma = as_float(config_.activity.budget_session_sigma);
    s.session_budget_s =
        std::max(20.0f, log_normal(session, t.log_budget - sigma * sigma / 2, sigma));
    s.session_used_s = 0;
  }
  PageOutlook outlook;
  if (!candidate.exists()) return outlook;
  const float x = candidate.appeal + s.mood;
  const float tired = t.fatigue * s.fatigue;
  const float enter_logit = constants_->enter_bias + t.affinity + constants_->enter_appeal * x +
                            as_float(config_.dynamics.habit_enter) * s.habit / (1 + s.habit) -
                            as_float(config_.dynamics.fatigue_enter) * tired;
  outlook.enter_prob = sigmoid(enter_logit);
  outlook.late_share = sigmoid(as_float(live.late_share_bias) + as_float(live.late_share_appeal) * x);
  outlook.late_mu = as_float(live.late_mu) + t.late_shift + as_float(live.late_appeal) * x -
                    as_float(config_.dynamics.fatigue_watch) * tired;
  const float late_mean =
      std::exp(t.log_cap) * constants_->late.share_of_cap(outlook.late_mu, t.log_cap);
  outlook.mean_watch_s =
      outlook.enter_prob *
      ((1 - outlook.late_share) * t.early_mean_s + outlook.late_share * late_mean);
  const auto error = as_float(live.predictor_sigma);
  outlook.predicted_watch_s =
      outlook.mean_watch_s * std::exp(error * normal(rng) - error * error / 2);
  outlook.predicted_enter_prob = sigmoid(enter_logit + error * normal(rng));
  return outlook;
}

BehaviouralUsers::LiveSlot BehaviouralUsers::play_live_slot(int user, const RequestKey& key,
                                                            Seconds now, const Candidate& candidate,
                                                            const PageOutlook& outlook,
                                                            PageOutcome& page) {
  const BehaviouralTraits& t = traits(user);
  BehaviouralState& s = state(user);
  const LiveWatchConfig& live = config_.live;
  const DynamicsConfig& d = config_.dynamics;
  Rng rng = stream(seed_, Purpose::kLive, key);
  page.shown = true;
  page.entered = bernoulli(rng, outlook.enter_prob);
  const bool is_late = bernoulli(rng, outlook.late_share);
  const float z = normal(rng);
  const float stays = uniform(rng);
  float seconds = as_float(live.pass_s);
  if (page.entered) {
    const float watch = is_late ? std::exp(outlook.late_mu + as_float(live.late_sigma) * z)
                                : std::exp(as_float(live.early_mu) + as_float(live.early_sigma) * z);
    const Seconds reached = now + page.short_s;
    const float stream_left = std::max(0.0f, as_float(candidate.end - reached));
    const float budget_left = std::max(5.0f, s.session_budget_s - s.session_used_s);
    seconds = std::min({watch, stream_left, budget_left});
    page.watch_time_s = seconds;
    page.skipped = seconds <= 3;
  }
  page.page_s += seconds;
  const float bad = page.entered ? (page.skipped ? 1.0f : 0.0f) : as_float(d.interruption_not_entered);
  const float annoyance =
      t.interruption * bad * (1 + as_float(d.interruption_fatigue) * t.fatigue * s.fatigue);
  const bool good = page.entered && !page.skipped;
  s.fatigue += constants_->fatigue_step * (good ? as_float(d.fatigue_good_entry) : 1.0f);
  s.habit += as_float(d.habit_gain) * std::min(1.0f, page.watch_time_s / 120);
  s.satisfaction -= as_float(d.satisfaction_bad) * annoyance;
  if (page.watch_time_s > 30)
    s.satisfaction += as_float(d.satisfaction_good) * std::min(1.0f, page.watch_time_s / 300);
  s.session_used_s += page.entered ? as_float(d.substitution) * page.watch_time_s : seconds;
  const float stay_prob = std::exp(-as_float(d.interruption_leave) * annoyance);
  return {.left = stays >= stay_prob || s.session_used_s >= s.session_budget_s,
          .spill = 1 - as_float(d.interruption_spill) * bad};
}

PageOutcome BehaviouralUsers::respond(int user, const RequestKey& key, Seconds now,
                                      const Candidate& candidate, const PageOutlook& outlook,
                                      int action) {
  const BehaviouralTraits& t = traits(user);
  BehaviouralState& s = state(user);
  const ShortVideoConfig& video = config_.short_video;
  Rng rng = stream(seed_, Purpose::kPage, key);
  PageOutcome page;
  const double slots = video.slots_per_page;
  const int num_slots = static_cast<int>(slots) + (uniform(rng) < slots - std::floor(slots) ? 1 : 0);
  const int live_slot = static_cast<int>(uniform(rng) * as_float(num_slots));
  const float pause =
      std::min(kLongestPage, as_float(video.pause_median_s) * std::exp(as_float(video.pause_sigma) * normal(rng)));
  const float absorbed = normal(rng);  // the page's mood, from skimming to absorbed
  const float mood =
      as_float(video.watch_mu) + t.watch_shift + as_float(video.page_sigma) * absorbed;
  const float skip_prob = sigmoid(constants_->skip_stretch * t.skip_logit - as_float(video.skip_mood) * absorbed);
  const float leaves = uniform(rng);
  page.page_s = pause;
  s.session_used_s += pause;
  bool left = s.session_used_s >= s.session_budget_s || pause >= kLongestPage;
  float spill = 1;
  Rng shorts = stream(seed_, Purpose::kShort, key);
  const TopicVector interests = t.favourites.interests();
  for (int slot = 0; slot < num_slots && !left; ++slot) {
    // A stream that has ended before its slot comes up is not shown: a video takes the slot.
    if (action == 1 && slot == live_slot && candidate.exists() && candidate.end > now + page.short_s) {
      const LiveSlot live = play_live_slot(user, key, now, candidate, outlook, page);
      left = live.left;
      spill = live.spill;
      continue;
    }
    shorts.jump_to_lane(static_cast<std::uint32_t>(slot));  // a slot's luck is its own
    // The platform serves a topic of interest four times in five.
    const float which = uniform(shorts);
    const bool skips = uniform(shorts) < skip_prob;
    const float z = normal(shorts);
    const bool served = which < 0.8f;
    std::size_t topic;
    if (served) {
      float rest = which / 0.8f;
      for (topic = 0; topic + 1 < kNumTopics; ++topic) {
        rest -= interests[topic] * interests[topic];  // squares sum to 1
        if (rest < 0) break;
      }
    } else {
      topic = static_cast<std::size_t>((which - 0.8f) * 5 * kNumTopics);
    }
    const float match = as_float(video.match_gain) * (interests[topic] - 0.6f);
    const float wanted =
        skips ? std::exp(as_float(video.skip_mu) + as_float(video.skip_sigma) * z)
              : spill * ended(std::exp(mood + match + constants_->item_sigma * z), as_float(video.end_rate));
    const float watch = std::min(wanted, kLongestPage - pause - page.short_s);
    page.short_watch_s[page.num_shorts] = watch;
    page.short_topic[page.num_shorts] = static_cast<std::uint8_t>(topic + 1);
    ++page.num_shorts;
    page.short_s += watch;
    page.page_s += watch;
    s.session_used_s += watch;
    left = s.session_used_s >= s.session_budget_s || watch < wanted;
  }
  if (!left) {
    const float hazard = as_float(config_.activity.page_hazard) *
                         std::exp(-as_float(config_.dynamics.satisfaction_stay) * surplus(s) -
                                  as_float(config_.activity.page_hazard_budget) * (t.log_budget - constants_->median_log_budget));
    left = leaves < hazard;
  }
  page.session_ended = left;
  return page;
}

}  // namespace

std::unique_ptr<UserModel> make(const BehaviouralUsersConfig& config, Seed seed) {
  return std::make_unique<BehaviouralUsers>(with_variance_applied(config), seed);
}

}  // namespace sluice
