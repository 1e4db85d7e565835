#include "sim/feed_world.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/check.h"
#include "sim/feed_observation.h"
#include "sim/feed_world_impl.h"

namespace sluice {
namespace {

constexpr std::size_t kDayBlock = 1 << 16;  // users whose day is begun before their sessions are scheduled
constexpr int kDrainDays = 7;  // how long a user may take to complete a step open at the horizon

EnvSpec feed_spec(const UserModel& users) {
  EnvSpec spec;
  spec.schema = feed_observation_schema();
  spec.num_actions = 2;
  spec.cost_names = feed_cost_names();
  spec.reward_affine = {.watch = 1};
  spec.cost_affine.resize(kNumFeedCosts);
  spec.cost_affine[kCostUsage] = {.watch = -1, .displaced = 1};
  spec.cost_affine[kCostTime] = {.watch = -1};
  spec.num_users = users.count();
  spec.latent_names = users.latent_names();
  return spec;
}

}  // namespace

FeedWorld::Impl::Impl(std::unique_ptr<UserModel> user_model, std::unique_ptr<SupplyProcess> supply_process,
                      Seed world_seed, const FeedOptions& feed_options)
    : users(std::move(user_model)), supply(std::move(supply_process)), seed(world_seed),
      options(feed_options), spec(feed_spec(*users)),
      pool(std::make_unique<WorkerPool>(feed_options.num_threads)),
      records(static_cast<std::size_t>(users->count())), pasts(records.size()),
      group_key(static_cast<std::size_t>(users->count())),
      calendar(feed_options.window_s, static_cast<std::size_t>(2 * kDay / feed_options.window_s)) {
  ENSURE(std::fmod(kDay, options.window_s) == 0, "the window must divide a day");
  supply->set_num_users(users->count());
  for (int user = 0; user < users->count(); ++user)
    record(user).followed =
        supply->follow(users->interests(user), seed.stream(Purpose::kUser, users->id(user), 1));
}

FeedWorld::Impl::Impl(const Impl& o)
    : users(o.users->clone()), supply(o.supply->clone()), seed(o.seed), options(o.options),
      spec(o.spec), pool(std::make_unique<WorkerPool>(o.options.num_threads)),
      records(o.records), pasts(o.pasts), open_observation(o.open_observation), group_key(o.group_key),
      calendar(o.calendar), tables(o.tables), window_start(o.window_start), horizon(o.horizon),
      today(o.today), phase_first_day(o.phase_first_day), phase(o.phase), on_air_sum(o.on_air_sum),
      on_air_windows(o.on_air_windows), num_decisions(o.num_decisions), num_open(o.num_open),
      num_dropped(o.num_dropped), closed_totals(o.closed_totals),
      closed_user_days(o.closed_user_days), due(o.due), batch(o.batch), candidates(o.candidates),
      outlooks(o.outlooks), next_time(o.next_time), transition_row(o.transition_row),
      completed(o.completed), any_churned(o.any_churned), window_open(o.window_open), answered(o.answered),
      finished(o.finished) {}

// --- the clock and the days ---

void FeedWorld::Impl::open_window() {
  if (std::fmod(window_start, kDay) == 0) open_day();
  if (!draining() || collects()) supply->advance(window_start);
  if (!draining()) {
    on_air_sum += supply->num_on_air();
    ++on_air_windows;
  }
  window_open = true;
}

void FeedWorld::Impl::close_window() {
  const bool was_draining = draining();
  window_start += options.window_s;
  calendar.advance_to(window_start);
  window_open = false;
  if (!was_draining && std::fmod(window_start, kDay) == 0) close_day();
  if (!was_draining && draining())
    num_open = std::count_if(records.begin(), records.end(),
                             [](const UserRecord& r) { return r.step.open; });
}

// What a day begins with, for one user.  Returns the time of the first session, +inf if there is none to
// schedule.
Seconds FeedWorld::Impl::start_day_of(int user) {
  constexpr Seconds kNone = std::numeric_limits<Seconds>::infinity();
  UserRecord& r = record(user);
  if (r.churned || (draining() && !r.step.open)) return kNone;
  r.history.begin_day(today, r.active_today, pasts[static_cast<std::size_t>(user)].watch_days);
  group_key[static_cast<std::size_t>(user)] = r.history.live_watch_21d_s();
  r.active_yesterday = r.active_today;
  r.active_today = false;
  const auto start = users->begin_day(user, today);
  if (start == UserModel::DayStart::kChurned) {
    r.churned = true;
    return kNone;
  }
  if (start == UserModel::DayStart::kIdle || r.pending) return kNone;
  std::uint32_t session = 0;
  const Seconds rested =
      r.history.session_end_s > 0 ? r.history.session_end_s + kSessionBreak : window_start;
  const Seconds next = users->next_session(user, today, std::max(window_start, rested), &session);
  if (!std::isfinite(next)) return kNone;
  r.day = static_cast<std::uint32_t>(today);
  r.session = static_cast<std::uint16_t>(session);
  r.page = 0;
  r.pending = true;
  return next;
}

void FeedWorld::Impl::open_day() {
  today = static_cast<int>(window_start / kDay);
  for (std::size_t first = 0; first < records.size(); first += kDayBlock) {
    const std::size_t n = std::min(kDayBlock, records.size() - first);
    next_time.resize(std::max(n, next_time.size()));
    pool->for_chunks(n, [this, first](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) next_time[i] = start_day_of(static_cast<int>(first + i));
    });
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t user = first + i;
      any_churned = any_churned || records[user].churned;
      if (records[user].churned && records[user].step.open) terminate_step(static_cast<int>(user));
      if (std::isfinite(next_time[i])) calendar.schedule(next_time[i], static_cast<std::uint32_t>(user), {});
    }
  }
  if (!draining()) tables.open_day(today);
}

void FeedWorld::Impl::close_day() {
  for (std::size_t user = 0; user < records.size(); ++user) {
    UserRecord& r = records[user];
    FeedTotals& episode = pasts[user].episode;
    tables.add({r.today, r.reporting_group, r.active_today, r.active_yesterday});
    for (std::size_t i = 0; i < kNumFeedTotals; ++i) {
      episode[i] += r.today[i];
      closed_totals[i] += static_cast<double>(r.today[i]);
    }
    r.today.fill(0);
    r.active_days = static_cast<std::uint16_t>(r.active_days + (r.active_today ? 1 : 0));
  }
  closed_user_days += static_cast<std::int64_t>(records.size());
  tables.close_day(on_air_windows > 0 ? on_air_sum / on_air_windows : 0);
  on_air_sum = 0;
  on_air_windows = 0;
}

void FeedWorld::Impl::finish_phase() {
  finished = true;
  if (phase.at_horizon == AtHorizon::kStop) return;
  for (std::size_t user = 0; user < records.size(); ++user) {
    UserRecord& r = records[user];
    if (!r.step.open) continue;
    // Away for a week: the step has no successor, but the next active day is surely not tomorrow.
    r.step.open = false;
    pasts[user].episode[kReturnCost] += 1;
    ++num_dropped;
  }
  num_open = 0;
}

// --- the outside ---

FeedWorld::FeedWorld(std::unique_ptr<UserModel> users, std::unique_ptr<SupplyProcess> supply,
                     Seed seed, const FeedOptions& options)
    : impl_(std::make_unique<Impl>(std::move(users), std::move(supply), seed, options)) {}
FeedWorld::FeedWorld(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FeedWorld::~FeedWorld() = default;

std::unique_ptr<FeedWorld> FeedWorld::fork() const {
  return std::unique_ptr<FeedWorld>(new FeedWorld(std::make_unique<Impl>(*impl_)));
}

void FeedWorld::begin_phase(const FeedPhase& phase) {
  Impl& w = *impl_;
  ENSURE(!w.draining() || w.phase.at_horizon == AtHorizon::kStop || w.horizon == 0,
         "a world that completed its steps past the horizon cannot go on");
  ENSURE(phase.transitions == Transitions::kSkip || phase.observations != Observations::kSkip,
         "transitions need observations");
  w.phase = phase;
  w.phase_first_day = static_cast<int>(w.window_start / kDay + 0.5);
  w.horizon = w.window_start + phase.days * kDay;
  w.tables.clear();
  for (UserRecord& r : w.records) {
    r.step.open = false;
    r.today.fill(0);
    r.active_days = 0;
  }
  for (UserPast& past : w.pasts) past.episode.fill(0);
  w.num_decisions = w.num_open = w.num_dropped = 0;
  w.closed_totals.fill(0);
  w.closed_user_days = 0;
  w.finished = false;
  w.completed.width = w.spec.schema.width;
  w.completed.num_costs = kNumFeedCosts;
  if (w.collects())
    w.open_observation.resize(w.records.size() * static_cast<std::size_t>(w.spec.schema.width));
}

void FeedWorld::fix_reporting_groups() {
  std::vector<float> positive, key;
  for (std::size_t user = 0; user < impl_->records.size(); ++user) {
    key.push_back(impl_->records[user].history.live_watch_21d_s_after(impl_->today, impl_->pasts[user].watch_days));
    if (key.back() > 0) positive.push_back(key.back());
  }
  std::sort(positive.begin(), positive.end());
  for (std::size_t user = 0; user < key.size(); ++user) {
    int group = 0;
    if (key[user] > 0) {
      const auto rank = std::lower_bound(positive.begin(), positive.end(), key[user]) - positive.begin();
      group = 1 + static_cast<int>(static_cast<std::size_t>(rank) * (kNumReportingGroups - 1) /
                                   positive.size());
    }
    impl_->records[user].reporting_group = static_cast<std::uint8_t>(group);
  }
}

void FeedWorld::set_limits(std::vector<CostLimit> limits) { impl_->spec.limits = std::move(limits); }

void FeedWorld::set_num_threads(int num_threads) {
  impl_->options.num_threads = num_threads;
  impl_->pool = std::make_unique<WorkerPool>(num_threads);
}

const RequestBatch& FeedWorld::recv() {
  Impl& w = *impl_;
  ENSURE(w.answered, "recv() before the last batch was answered");
  w.completed.clear();
  w.batch.user.clear();
  while (!w.finished) {
    if (!w.window_open) w.open_window();
    if (w.take_batch()) {
      if (w.batch.size() > 0) break;
      continue;
    }
    w.close_window();
    const bool stops = w.phase.at_horizon == AtHorizon::kStop || w.num_open == 0 ||
                       w.window_start >= w.horizon + kDrainDays * kDay;
    if (w.draining() && stops) w.finish_phase();
  }
  w.answered = w.batch.size() == 0;
  if (w.answered) {
    w.batch.key.clear();
    w.batch.time.clear();
    w.batch.observation.clear();
    w.batch.latent.clear();
  }
  return w.batch;
}

const EnvSpec& FeedWorld::spec() const { return impl_->spec; }
const TransitionBatch& FeedWorld::transitions() const { return impl_->completed; }
int FeedWorld::day() const { return impl_->today - impl_->phase_first_day; }
std::span<const float> FeedWorld::group_keys() const { return impl_->group_key; }
Seconds FeedWorld::now() const { return impl_->window_start; }
int FeedWorld::num_on_air() const { return impl_->supply->num_on_air(); }
std::int64_t FeedWorld::num_decisions() const { return impl_->num_decisions; }
std::int64_t FeedWorld::num_open_dropped() const { return impl_->num_dropped; }
const UserHistory& FeedWorld::history(int user) const { return impl_->record(user).history; }
const UserModel& FeedWorld::users() const { return *impl_->users; }
const FeedTotals& FeedWorld::today(int user) const { return impl_->record(user).today; }
const FeedTotals& FeedWorld::days_so_far(int user) const { return impl_->episode(user); }
void FeedWorld::add_carried(std::size_t which, float amount) {
  for (int user = 0; user < impl_->users->count(); ++user) impl_->users->add_carried(user, which, impl_->window_start, amount);
}
const SupplyProcess& FeedWorld::supply() const { return *impl_->supply; }
int FeedWorld::reporting_group(int user) const { return impl_->record(user).reporting_group; }
StateBytes FeedWorld::state_bytes() const {
  const std::size_t n = impl_->records.size();
  return {.records = n * (sizeof(UserRecord) + sizeof(UserPast)),
          .users = n * impl_->users->bytes_per_user(),
          .group_keys = n * sizeof(float),
          .calendar = impl_->calendar.bytes(),
          .open_observations = impl_->open_observation.capacity() * sizeof(float)};
}

std::vector<double> FeedWorld::take_cost_values() {
  Impl& w = *impl_;
  std::vector<double> values(kNumFeedCosts, std::numeric_limits<double>::quiet_NaN());
  if (w.closed_user_days == 0) return values;
  const auto costs = feed_costs(w.closed_totals);
  for (std::size_t i = 0; i < kNumFeedCosts; ++i)
    values[i] = costs[i] / static_cast<double>(w.closed_user_days);
  w.closed_totals.fill(0);
  w.closed_user_days = 0;
  return values;
}

std::vector<double> FeedWorld::total_means() const {
  std::vector<double> means(kNumFeedTotals);
  for (const UserPast& past : impl_->pasts)
    for (std::size_t i = 0; i < kNumFeedTotals; ++i) means[i] += static_cast<double>(past.episode[i]);
  for (double& mean : means)
    mean /= static_cast<double>(impl_->records.size()) * impl_->phase.days;
  return means;
}

std::vector<double> FeedWorld::cost_means() const {
  std::array<double, kNumFeedTotals> totals{};
  std::ranges::copy(total_means(), totals.begin());
  const auto costs = feed_costs(totals);
  return {costs.begin(), costs.end()};
}

Table FeedWorld::daily() const { return impl_->tables.daily(impl_->phase_first_day); }
Table FeedWorld::daily_group() const { return impl_->tables.daily_group(impl_->phase_first_day); }

Table FeedWorld::episodes() const {
  const std::size_t n = impl_->records.size();
  const auto integers = [&](auto value) {
    std::vector<std::int64_t> column;
    for (std::size_t user = 0; user < n; ++user)
      column.push_back(static_cast<std::int64_t>(value(impl_->records[user], impl_->pasts[user].episode)));
    return column;
  };
  const auto reals = [&](auto value) {
    std::vector<double> column;
    for (const UserPast& past : impl_->pasts) column.push_back(static_cast<double>(value(past.episode)));
    return column;
  };
  const auto total = [&](FeedTotal which) {
    return reals([which](const FeedTotals& episode) { return episode[which]; });
  };
  const auto count = [&](FeedTotal which) {
    return integers([which](const UserRecord&, const FeedTotals& episode) { return episode[which] + 0.5f; });
  };
  std::vector<std::int64_t> ids;
  for (int user = 0; user < impl_->users->count(); ++user) ids.push_back(impl_->users->id(user));
  Table table;
  auto& c = table.columns;
  c.push_back({"user_id", "id", "global number of the user", ids});
  c.push_back({"group", "1", "reporting group, fixed at the end of burn-in", integers([](const UserRecord& r, const FeedTotals&) { return r.reporting_group; })});
  c.push_back({"length", "1", "requests of the episode", count(kRequests)});
  c.push_back({"return", "s", "sum of rewards (live watch time), undiscounted", total(kLiveWatch)});
  c.push_back({"cost_usage", "s", "sum of displaced minus live watch time over injected slots", total(kUsageCost)});
  c.push_back({"cost_time", "s", "minus the time in session", reals([](const FeedTotals& episode) { return -episode[kAppUsage]; })});
  c.push_back({"cost_retention", "1", "times the next active day was later than tomorrow", total(kReturnCost)});
  c.push_back({"cost_skip", "1", "live streams left within 3 s", total(kSkips)});
  c.push_back({"live_watch_s", "s", "live-stream watch time", total(kLiveWatch)});
  c.push_back({"short_watch_s", "s", "short-video watch time", total(kShortWatch)});
  c.push_back({"app_usage_s", "s", "time in session, pauses and passes included", total(kAppUsage)});
  c.push_back({"active_days", "day", "days with a request", integers([](const UserRecord& r, const FeedTotals&) { return r.active_days; })});
  c.push_back({"sessions", "1", "sessions started", count(kSessions)});
  c.push_back({"exposures", "1", "slots shown, live and short", count(kExposures)});
  c.push_back({"injections", "1", "requests that got a live stream", count(kInjections)});
  c.push_back({"entries", "1", "live streams entered", count(kEntries)});
  c.push_back({"skips", "1", "live streams left within 3 s", count(kSkips)});
  c.push_back({"terminated", "1", "1: the user left for good (churn)", integers([](const UserRecord& r, const FeedTotals&) { return r.churned; })});
  c.push_back({"truncated", "1", "1: the horizon ended the episode", integers([](const UserRecord& r, const FeedTotals&) { return !r.churned; })});
  return table;
}

}  // namespace sluice
