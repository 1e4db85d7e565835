#pragma once
// The contract of a population of users: when they come, what they do with a page, when they leave and
// whether they return.  Everything latent lives behind it; what a platform can observe is logged by the
// platform (sim/user_history.h).  Calls for different users may run on different threads.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/supply_process.h"

namespace sluice {

/// What a platform knows of a user from the start.
struct UserProfile {
  std::uint8_t device = 0;        // 0 … 2
  std::uint8_t top_topic = 1;     // 1 … kNumTopics, from registration interests
  float registered_days = 0;      // at day 0
};

/// The user's state of mind for this page: made by prepare(), used up by respond().
struct PageOutlook {
  float enter_prob = 0;       // P(enter | the candidate is shown)
  float mean_watch_s = 0;     // E[y | shown], true
  float predicted_watch_s = 0;   // the platform's noisy prediction of it
  float predicted_enter_prob = 0;
  float late_share = 0;       // P(the long component | entered)
  float late_mu = 0;          // its log-mean (ln s)
};

inline constexpr int kMaxSlots = 6;

/// What happened on a page.  Times in s.
struct PageOutcome {
  float page_s = 0;        // time in session on this page: shorts, live watch, pass, pause
  float short_s = 0;       // short-video watch time
  float watch_time_s = 0;  // live watch time y
  std::uint8_t num_shorts = 0;
  bool shown = false;      // the injected stream came up before the user left
  bool entered = false;
  bool skipped = false;    // entered and left within 3 s
  bool session_ended = false;
  std::array<float, kMaxSlots> short_watch_s{};
  std::array<std::uint8_t, kMaxSlots> short_topic{};
};

class UserModel {
 public:
  virtual ~UserModel() = default;
  virtual std::unique_ptr<UserModel> clone() const = 0;
  /// Copies of some users as they are now; ids[i] becomes the global number of copy i.
  virtual std::unique_ptr<UserModel> select(std::span<const int> users, std::span<const std::uint32_t> ids) const = 0;
  virtual int count() const = 0;
  virtual std::uint32_t id(int user) const = 0;  // global number: the key of the user's randomness
  virtual UserProfile profile(int user) const = 0;
  virtual TopicVector interests(int user) const = 0;
  /// Bytes of state that each user costs.
  virtual std::size_t bytes_per_user() const = 0;
  /// Asks the memory system for what a request of this user will touch.
  virtual void prefetch(int /*user*/) const {}
  /// What the model hides from the platform: names, and the row of a request that prepare() looked at.
  virtual const std::vector<std::string>& latent_names() const = 0;
  virtual void write_latent(int user, Seconds now, const Candidate& candidate, const PageOutlook& outlook,
                            std::span<float> row) const = 0;
  /// Slow state that a day's pages leave to the days to come, in `carried_names` order; for planners.
  virtual const std::vector<std::string>& carried_names() const = 0;
  virtual float carried(int user, std::size_t which, Seconds now) const = 0;
  virtual void add_carried(int user, std::size_t which, Seconds now, float amount) = 0;
  /// Saves or loads the moving state.
  virtual void transfer(StateArchive& archive) = 0;

  enum class DayStart { kIdle, kActive, kChurned };
  /// Midnight of `day`: is the user active today, with how many sessions?
  virtual DayStart begin_day(int user, int day) = 0;
  /// Start of the next of today's sessions, not before `earliest`; +inf if there is none left.
  /// `session` receives its number within the day.
  virtual Seconds next_session(int user, int day, Seconds earliest, std::uint32_t* session) = 0;
  /// Brings the user's state to `now` and looks at the candidate.  Page 0 opens the session.
  virtual PageOutlook prepare(int user, const RequestKey& key, Seconds now,
                              const Candidate& candidate) = 0;
  virtual PageOutcome respond(int user, const RequestKey& key, Seconds now,
                              const Candidate& candidate, const PageOutlook& outlook,
                              int action) = 0;
};

}  // namespace sluice
