// One batch of a feed world: find who is due, show each the best stream, close the step before, take
// the decisions, and let the users respond.

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/check.h"
#include "sim/feed_observation.h"
#include "sim/feed_world_impl.h"

namespace sluice {
namespace {

void resize_rows(TransitionBatch& t, std::size_t rows) {
  const auto width = static_cast<std::size_t>(t.width), costs = static_cast<std::size_t>(t.num_costs);
  t.user.resize(rows);
  t.time.resize(rows);
  t.observation.resize(rows * width);
  t.next_observation.resize(rows * width);
  t.action.resize(rows);
  t.group.resize(rows);
  t.propensity.resize(rows);
  t.reward.resize(rows);
  t.costs.resize(rows * costs);
  t.watch_time_s.resize(rows);
  t.displaced_s.resize(rows);
  t.entered.resize(rows);
  t.elapsed_s.resize(rows);
  t.session_ended.resize(rows);
  t.terminated.resize(rows);
  t.truncated.resize(rows);
}

constexpr std::size_t kPrefetch = 4;  // users ahead: memory answers in about the time of four requests

}  // namespace

void FeedWorld::Impl::prefetch(int user) const {
  const char* bytes = reinterpret_cast<const char*>(&records[static_cast<std::size_t>(user)]);
  for (std::size_t line = 0; line < sizeof(UserRecord); line += 64) __builtin_prefetch(bytes + line, 1);
  users->prefetch(user);
}

bool FeedWorld::Impl::take_batch() {
  calendar.take_due(window_start + options.window_s, due);
  if (due.empty()) return false;
  const auto prefetch_due = [this](std::size_t i) {
    if (i + 3 * kPrefetch < due.size()) __builtin_prefetch(&records[due[i + 3 * kPrefetch].owner], 1);
  };
  if (draining() || any_churned) {
    // Not users who left for good, nor after the horizon those whose episode is complete.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < due.size(); ++i) {
      prefetch_due(i);
      UserRecord& r = record(static_cast<int>(due[i].owner));
      r.pending = false;
      if (!r.churned && (!draining() || r.step.open)) due[kept++] = due[i];
    }
    due.resize(kept);
  }
  const std::size_t n = due.size();
  const auto width = static_cast<std::size_t>(spec.schema.width);
  batch.user.resize(n);
  batch.key.resize(n);
  batch.time.resize(n);
  batch.observation.resize(builds() ? n * width : 0);
  batch.latent.resize(builds_latent() ? n * spec.latent_names.size() : 0);
  candidates.resize(n);
  outlooks.resize(n);
  next_time.resize(std::max(n, next_time.size()));
  transition_row.assign(n, -1);
  for (std::size_t i = 0; i < n; ++i) {
    batch.user[i] = static_cast<std::int32_t>(due[i].owner);
    batch.time[i] = due[i].time;
  }
  if (draining()) num_open -= static_cast<std::int64_t>(n);  // each of them had one
  if (collects()) {
    std::size_t rows = completed.size();
    for (std::size_t i = 0; i < n; ++i) {
      prefetch_due(i);
      if (record(batch.user[i]).step.open) transition_row[i] = static_cast<std::int64_t>(rows++);
    }
    resize_rows(completed, rows);
  }
  pool->for_chunks(n, [this](std::size_t begin, std::size_t end) { look(begin, end); });
  if (draining()) batch.user.clear();  // nobody is asked any more
  return true;
}

void FeedWorld::Impl::look(std::size_t begin, std::size_t end) {
  const auto width = static_cast<std::size_t>(spec.schema.width);
  for (std::size_t i = begin; i < end; ++i) {
    if (i + kPrefetch < end) prefetch(batch.user[i + kPrefetch]);
    const int user = batch.user[i];
    UserRecord& r = record(user);
    r.pending = false;
    const RequestKey& key = batch.key[i] = this->key(user);
    const Seconds now = batch.time[i];
    const float* row = nullptr;
    if (!draining() || collects()) {
      Rng rng = stream(seed, Purpose::kCandidate, key);
      rng.jump_to_lane(1);  // lane 0 is the user's
      candidates[i] = supply->retrieve(users->interests(user), r.followed, rng, now);
      outlooks[i] = users->prepare(user, key, now, candidates[i]);
      if (key.page == 0) {
        r.history.log_session(now);  // after the horizon too: the successor observation shows it
        if (!draining()) r.today[kSessions] += 1;
      }
      if (builds()) {
        float* observation = batch.observation.data() + i * width;
        write_feed_observation({users->profile(user), r.history, candidates[i],
                                outlooks[i], key.page, now},
                               {observation, width});
        row = observation;
      }
      if (const std::size_t latents = spec.latent_names.size(); builds_latent())
        users->write_latent(user, now, candidates[i], outlooks[i], {batch.latent.data() + i * latents, latents});
    }
    if (r.step.open) complete_step(transition_row[i], user, now, row);
  }
}

void FeedWorld::Impl::complete_step(std::int64_t row, int user, Seconds next, const float* next_observation) {
  UserRecord& r = record(user);
  OpenStep& step = r.step;
  const bool away = std::floor(next / kDay) > std::floor(step.time / kDay) + 1;
  if (away) (draining() ? episode(user) : r.today)[kReturnCost] += 1;
  step.open = false;
  if (row < 0) return;
  const auto i = static_cast<std::size_t>(row), width = static_cast<std::size_t>(spec.schema.width);
  TransitionBatch& t = completed;
  t.user[i] = user;
  t.time[i] = step.time;
  std::copy_n(open_observation.data() + static_cast<std::size_t>(user) * width, width,
              t.observation.data() + i * width);
  if (next_observation != nullptr)
    std::copy_n(next_observation, width, t.next_observation.data() + i * width);
  else
    std::fill_n(t.next_observation.data() + i * width, width, 0.0f);
  t.action[i] = step.action;
  t.group[i] = step.group;
  t.propensity[i] = step.propensity;
  t.reward[i] = step.watch_time_s;
  float* costs = t.costs.data() + i * kNumFeedCosts;
  costs[kCostUsage] = step.cost_usage();
  costs[kCostTime] = -step.page_s;
  costs[kCostRetention] = away ? 1 : 0;
  costs[kCostSkip] = step.skipped ? 1 : 0;
  t.watch_time_s[i] = step.watch_time_s;
  t.displaced_s[i] = step.displaced_s;
  t.entered[i] = step.entered;
  t.elapsed_s[i] = static_cast<float>(std::min(next - step.time, 1e9));
  t.session_ended[i] = step.session_ended;
  t.terminated[i] = next_observation == nullptr;
  t.truncated[i] = next_observation != nullptr && draining();
}

void FeedWorld::Impl::terminate_step(int user) {
  std::int64_t row = -1;
  if (collects()) {
    row = static_cast<std::int64_t>(completed.size());
    resize_rows(completed, completed.size() + 1);
  }
  if (draining()) --num_open;
  complete_step(row, user, std::numeric_limits<Seconds>::infinity(), nullptr);
}

void FeedWorld::send(std::span<const Decision> decisions) {
  Impl& w = *impl_;
  ENSURE(!w.answered && decisions.size() == w.batch.size(), "one decision per request");
  const std::size_t n = w.batch.size();
  w.pool->for_chunks(n, [&](std::size_t begin, std::size_t end) { w.respond(begin, end, decisions); });
  for (std::size_t i = 0; i < n; ++i)
    if (std::isfinite(w.next_time[i]))
      w.calendar.schedule(w.next_time[i], static_cast<std::uint32_t>(w.batch.user[i]), {});
  if (w.supply->counts_views())
    for (std::size_t i = 0; i < n; ++i) {
      const OpenStep& step = w.record(w.batch.user[i]).step;
      if (step.entered) w.supply->count_view(w.candidates[i].streamer, step.watch_time_s);
    }
  w.num_decisions += static_cast<std::int64_t>(n);
  w.answered = true;
}

void FeedWorld::Impl::respond(std::size_t begin, std::size_t end, std::span<const Decision> decisions) {
  const auto width = static_cast<std::size_t>(spec.schema.width);
  for (std::size_t i = begin; i < end; ++i) {
    if (i + kPrefetch < end) prefetch(batch.user[i + kPrefetch]);
    const int user = batch.user[i];
    UserRecord& r = record(user);
    const Seconds now = batch.time[i];
    const Decision& decision = decisions[i];
    ENSURE(decision.action <= 1, "action out of range");
    const bool injects = decision.action == 1 && candidates[i].exists();
    const float displaced = r.history.slot_watch_s;
    const PageOutcome page =
        users->respond(user, batch.key[i], now, candidates[i], outlooks[i], injects ? 1 : 0);
    r.history.log_page(page, candidates[i].topic, now);
    r.active_today = true;

    OpenStep& step = r.step;
    step = {.time = now, .watch_time_s = page.watch_time_s, .displaced_s = displaced,
            .propensity = decision.propensity, .page_s = page.page_s, .injected = injects,
            .skipped = page.skipped, .entered = page.entered, .session_ended = page.session_ended,
            .open = true, .action = decision.action, .group = decision.group};
    if (collects())
      std::copy_n(batch.observation.data() + i * width, width,
                  open_observation.data() + static_cast<std::size_t>(user) * width);
    FeedTotals& t = r.today;
    t[kLiveWatch] += page.watch_time_s;
    t[kShortWatch] += page.short_s;
    t[kAppUsage] += page.page_s;
    t[kRequests] += 1;
    t[kInjections] += injects ? 1 : 0;
    t[kEntries] += page.entered ? 1 : 0;
    t[kSkips] += page.skipped ? 1 : 0;
    t[kExposures] += static_cast<float>(page.num_shorts + (page.shown ? 1 : 0));
    t[kUsageCost] += step.cost_usage();

    const Seconds end_of_page = now + static_cast<double>(page.page_s);
    r.pending = true;
    if (!page.session_ended) {
      ++r.page;
      next_time[i] = end_of_page;
      continue;
    }
    r.history.log_session_end(end_of_page);
    std::uint32_t session = 0;
    next_time[i] = users->next_session(user, today, end_of_page + kSessionBreak, &session);
    r.pending = std::isfinite(next_time[i]);
    if (!r.pending) continue;
    r.day = static_cast<std::uint32_t>(today);
    r.session = static_cast<std::uint16_t>(session);
    r.page = 0;
  }
}

}  // namespace sluice
