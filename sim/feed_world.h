#pragma once
// The feed platform: one world in which all users meet the same live streams at the same simulated
// time.  It composes a user model and a supply process, keeps the clock and the calendar, logs what a
// platform can observe, charges rewards and costs, and hands requests to an agent in batches.
//
// Time advances in windows.  Within a window recv() is repeated until no request is left, with at most
// one request per user per batch; requests keep their exact times.  Stream starts, regimes and viewer
// counts wait for the window's end; a stream past its known end is never offered.  So the users of a
// batch do not interact, and run on several threads in fixed chunks.
//
// Per request, with action a, live watch y and v̄ = the user's trailing mean short watch per slot (s):
//   reward         = y
//   cost_usage     = a (v̄ − y)                 usage displaced by the stream's slot
//   cost_time      = −(seconds in session on this page)     its sum is −app usage
//   cost_retention = 1 if the user's next active day is later than tomorrow
//   cost_skip      = 1 if the live stream was left within 3 s
//
// A life: begin_phase (burn-in) → run → begin_reporting → fork per arm → begin_phase → run → tables.

#include <functional>
#include <memory>
#include <vector>

#include "sim/environment.h"
#include "sim/event_calendar.h"
#include "sim/feed_tables.h"
#include "sim/parallel.h"
#include "sim/supply_process.h"
#include "sim/user_history.h"
#include "sim/user_model.h"

namespace sluice {

inline constexpr int kNumReportingGroups = 5;  // 0 = no live watch; four quartiles of the rest

/// Constants of a world.
struct FeedOptions {
  Seconds window_s = 60;  // must divide a day
  int num_threads = 1;
};

enum class Observations { kBuild, kSkip, kBuildWithLatent };
enum class Transitions { kCollect, kSkip };
struct FeedPhase {
  int days = 1;
  Observations observations = Observations::kBuild;
  Transitions transitions = Transitions::kSkip;
  AtHorizon at_horizon = AtHorizon::kCompleteSteps;
};

/// Memory of a world, by what it is for.  What a batch needs comes on top, and goes with the batch's size.
struct StateBytes {
  std::size_t records = 0;            // what requests touch of a user, and what days do
  std::size_t users = 0;              // the user model's
  std::size_t group_keys = 0;
  std::size_t calendar = 0;
  std::size_t open_observations = 0;  // of steps not completed yet; only while transitions are collected
};

class FeedWorld final : public Environment {
 public:
  FeedWorld(std::unique_ptr<UserModel> users, std::unique_ptr<SupplyProcess> supply, Seed seed,
            const FeedOptions& options);
  ~FeedWorld() override;

  /// A copy that continues bit-identically.
  std::unique_ptr<FeedWorld> fork() const;
  void transfer(StateArchive& archive) override;
  /// Transitions are collected.  Throws data_error when the supply listens to viewers: a copy's views
  /// would not be what the platform's are.
  std::unique_ptr<Environment> branch(const Branch& branch) const override;
  std::unique_ptr<FeedWorld> branch_feed(const Branch& branch, Transitions transitions = Transitions::kCollect) const;
  const RequestBatch& waiting() const override;

  /// Starts `phase.days` of simulated time: new episodes, empty tables.  Steps that are still open
  /// from the phase before are forgotten.
  void begin_phase(const FeedPhase& phase);
  /// Fixes the reporting groups by the live watch of the past 21 days.
  void fix_reporting_groups();
  void set_limits(std::vector<CostLimit> limits);
  void set_num_threads(int num_threads);

  const EnvSpec& spec() const override;
  const RequestBatch& recv() override;
  const TransitionBatch& transitions() const override;
  void send(std::span<const Decision> decisions) override;
  int day() const override;
  std::span<const float> group_keys() const override;
  std::vector<double> take_cost_values() override;

  Seconds now() const;
  int num_on_air() const;
  std::int64_t num_decisions() const;      // of this phase
  std::int64_t num_open_dropped() const;   // steps open at the horizon whose user did not come back
  /// Mean over users and days of this phase of each cost; open steps completed.  After the phase.
  std::vector<double> cost_means() const;
  std::vector<double> total_means() const;  // the same of every FeedTotal

  Table daily() const;
  Table daily_group() const;
  Table episodes() const;
  StateBytes state_bytes() const;

  // What tests and the trace look at.
  const UserHistory& history(int user) const;
  /// Totals of the user's day so far, and of the days of this phase that are over.
  const FeedTotals& today(int user) const;
  const FeedTotals& days_so_far(int user) const;
  /// Gives every user this much more of the slow state UserModel::carried_names()[which].
  void add_carried(std::size_t which, float amount);
  const UserModel& users() const;
  const SupplyProcess& supply() const;
  int reporting_group(int user) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  explicit FeedWorld(std::unique_ptr<Impl> impl);
};

}  // namespace sluice
