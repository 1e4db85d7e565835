#pragma once
// Private parts of FeedWorld: the state, split between feed_world.cc (clock, days, tables) and
// feed_batch.cc (one batch of requests: look, answer, respond).

#include "sim/feed_world.h"
#include "sim/huge_pages.h"

namespace sluice {

/// The step a user is in: decided, not yet followed by the next request.
struct OpenStep {
  Seconds time = 0;
  float watch_time_s = 0, displaced_s = 0, propensity = 1, page_s = 0;
  bool injected = false, skipped = false, entered = false, session_ended = false, open = false;
  std::uint8_t action = 0, group = 0;
  float cost_usage() const { return injected ? displaced_s - watch_time_s : 0; }
};

/// What the platform keeps about a user and every request touches: four cache lines.
struct alignas(64) UserRecord {
  // First what a batch asks of everybody who is due.
  std::uint32_t day = 0;   // with session and page: the key of the pending or last request
  std::uint16_t session = 0, page = 0;
  bool pending = false;                 // a request of this user is in the calendar
  bool churned = false;
  bool active_today = false, active_yesterday = false;
  std::uint16_t active_days = 0;        // of this phase
  std::uint8_t reporting_group = 0;
  OpenStep step;
  Followed followed{};
  UserHistory history;
  FeedTotals today{};
};
static_assert(sizeof(UserRecord) == 256);

/// What only days touch.
struct UserPast {
  FeedTotals episode{};
  WatchDays watch_days;
};

struct FeedWorld::Impl {
  Impl(std::unique_ptr<UserModel> users, std::unique_ptr<SupplyProcess> supply, Seed seed,
       const FeedOptions& options);
  Impl(const Impl& other);
  Impl(const Impl& other, const Branch& branch, Transitions transitions);

  RequestKey key(int user) const {
    const UserRecord& r = records[static_cast<std::size_t>(user)];
    return {users->id(user), r.day, r.session, r.page};
  }
  void prefetch(int user) const;
  UserRecord& record(int user) { return records[static_cast<std::size_t>(user)]; }
  FeedTotals& episode(int user) { return pasts[static_cast<std::size_t>(user)].episode; }
  // The clock and the days (feed_world.cc).
  void open_window();
  void close_window();
  void open_day();
  void close_day();
  Seconds start_day_of(int user);
  void finish_phase();
  bool draining() const { return window_start >= horizon; }

  // One batch (feed_batch.cc).
  bool take_batch();                              // false: no request is left in this window
  void look(std::size_t begin, std::size_t end);  // chunks run in parallel
  void respond(std::size_t begin, std::size_t end, std::span<const Decision> decisions);
  /// Closes the user's open step, if any; fills row `row` of `completed` unless negative.
  void complete_step(std::int64_t row, int user, Seconds next_time, const float* next_observation);
  void terminate_step(int user);
  bool collects() const { return phase.transitions == Transitions::kCollect; }
  bool builds() const { return phase.observations != Observations::kSkip; }
  bool builds_latent() const { return phase.observations == Observations::kBuildWithLatent; }

  std::unique_ptr<UserModel> users;
  std::unique_ptr<SupplyProcess> supply;
  Seed seed;
  FeedOptions options;
  EnvSpec spec;
  std::unique_ptr<WorkerPool> pool;

  std::vector<UserRecord, HugePages<UserRecord>> records;  // [user]
  std::vector<UserPast> pasts;                             // [user]
  std::vector<float> open_observation;   // [user × width], only while transitions are collected
  std::vector<float> group_key;          // [user]
  EventCalendar<NoPayload> calendar;
  FeedTables tables{kNumReportingGroups};

  // The clock.
  Seconds window_start = 0, horizon = 0;
  int today = -1;             // last day opened
  int phase_first_day = 0;
  FeedPhase phase;
  double on_air_sum = 0;
  int on_air_windows = 0;
  std::int64_t num_decisions = 0, num_open = 0, num_dropped = 0;
  std::array<double, kNumFeedTotals> closed_totals{};  // since take_cost_values
  std::int64_t closed_user_days = 0;

  // One batch.
  std::vector<EventCalendar<NoPayload>::Event> due;
  RequestBatch batch;
  std::vector<Candidate> candidates;
  std::vector<PageOutlook> outlooks;
  std::vector<Seconds> next_time;
  std::vector<std::int64_t> transition_row;  // [n] row in `completed`, −1: none
  TransitionBatch completed;
  bool any_churned = false;
  bool window_open = false, answered = true, finished = true;
};

}  // namespace sluice
