#pragma once
// The contract between an environment and an agent.
//
//   while (const RequestBatch& requests = env.recv(); requests.size() > 0) {
//     agent.observe(env.transitions());          // what has been completed since the last recv
//     agent.act(requests, mode, decisions);
//     env.send(decisions);
//   }
//
// What agents act on (RequestBatch) is separate from what they learn from (TransitionBatch).  A
// transition runs from a user's request to the same user's next request, across session and day
// borders, and always holds the TRUE successor observation; auto-reset never hides it.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/observation.h"
#include "sim/rng.h"
#include "sim/state_archive.h"

namespace sluice {

using Seconds = double;  // simulated time or a duration; 0 is midnight of day 0
inline constexpr Seconds kDay = 86400.0;

/// Where a number of the transition is affine in the live watch time y of an injected stream:
///   value = watch·y + displaced·v̄ + (what is not affine)        for action 1; nothing for action 0.
/// SL-MGAC's reward prediction network covers this part, its residual network the rest.
struct AffineInWatch {
  double watch = 0;      // coefficient of outcome watch_time_s
  double displaced = 0;  // coefficient of outcome displaced_s
};

/// A cost's limit: value ≤ limit, in the unit of Environment::take_cost_values.
struct CostLimit {
  int cost = 0;  // index into EnvSpec::cost_names
  double limit = 0;
  std::string reference;  // how the limit came about, for tables
};

struct EnvSpec {
  ObservationSchema schema;
  int num_actions = 2;                    // action 1 injects
  std::vector<std::string> cost_names;
  std::vector<AffineInWatch> cost_affine;  // one per cost
  AffineInWatch reward_affine;
  std::vector<CostLimit> limits;
  int num_users = 0;      // users (or parallel slots) are numbered 0 … num_users − 1
  double discount = 0;    // > 0: the environment dictates γ per step (tabular); 0: the agent chooses
  std::vector<std::string> latent_names;  // columns of RequestBatch::latent
  bool has_watch_outcome = true;  // false (tabular): the reward itself is the label of reward prediction
};

/// Keys of a request's random streams: the same user, day, session and page in every arm.
struct RequestKey {
  std::uint32_t user = 0;  // global user number (≠ index when a world holds some of the users only)
  std::uint32_t day = 0;
  std::uint32_t session = 0;
  std::uint32_t page = 0;
};
inline Rng stream(Seed seed, Purpose purpose, const RequestKey& key) {
  return seed.stream(purpose, key.user, key.day, key.session, key.page);
}

/// Users waiting for a decision, ordered by (time, user); at most one request per user.
struct RequestBatch {
  std::vector<std::int32_t> user;     // [n] index in 0 … num_users − 1
  std::vector<RequestKey> key;        // [n]
  std::vector<Seconds> time;          // [n]
  std::vector<float> observation;     // [n × width], row-major; empty if observations are switched off
  std::vector<float> latent;          // [n × latent names]: what no platform knows; only where oracles ask
  std::size_t size() const { return user.size(); }
};

/// An agent's answer to one request.  `propensity` is the probability of `action` under the whole
/// behaviour policy, exploration included.
struct Decision {
  std::uint8_t action = 0;
  std::uint8_t group = 0;  // MG-SD group at the time of the decision
  float propensity = 1;
};

/// Completed steps, as columns.  m rows.
struct TransitionBatch {
  int width = 0;      // of an observation
  int num_costs = 0;
  std::vector<std::int32_t> user;             // [m]
  std::vector<Seconds> time;                  // [m] of the request (feed only)
  std::vector<float> observation;             // [m × width]
  std::vector<float> next_observation;        // [m × width]; zeros when terminated
  std::vector<std::uint8_t> action;           // [m]
  std::vector<std::uint8_t> group;            // [m]
  std::vector<float> propensity;              // [m]
  std::vector<float> reward;                  // [m] raw, in seconds of live watch (feed)
  std::vector<float> costs;                   // [m × num_costs] raw
  std::vector<float> watch_time_s;            // [m] outcome: live watch time y
  std::vector<float> displaced_s;             // [m] outcome: v̄ of the slot a stream takes or would take
  std::vector<std::uint8_t> entered;          // [m] outcome: the stream was entered
  std::vector<float> elapsed_s;               // [m] from this request to the next
  std::vector<std::uint8_t> session_ended;    // [m] the session ended on this page
  std::vector<std::uint8_t> terminated;       // [m] the process ended: no bootstrap
  std::vector<std::uint8_t> truncated;        // [m] the horizon cut it: bootstrap
  std::size_t size() const { return action.size(); }
  void clear();
};

/// Steps open at the horizon are completed by running their users on, outside all tables, to the next
/// request (at most 7 days).  Or the world just stops: a burn-in, which goes on in the next phase.
enum class AtHorizon { kCompleteSteps, kStop };

/// Copies of users who wait for a decision, in a world of their own.
struct Branch {
  std::vector<std::size_t> rows;    // [n] row of the waiting batch that copy i continues
  std::vector<std::uint32_t> luck;  // [n] takes the place of the user's number in the keys of all randomness
                                    //     to come: copies with equal luck share it, as pairs to be compared
  Seed shared;                      // of what the copies have in common: the supply to come
  double days = 30;                 // horizon from the window's start
  AtHorizon at_horizon = AtHorizon::kCompleteSteps;
};

class Environment {
 public:
  virtual ~Environment() = default;
  virtual const EnvSpec& spec() const = 0;

  /// Advances to the next users waiting for a decision.  An empty batch: the horizon is reached.
  virtual const RequestBatch& recv() = 0;
  /// Steps completed by the last recv().  Valid until the next recv().
  virtual const TransitionBatch& transitions() const = 0;
  /// Answers the last recv(), one decision per request, in its order.
  virtual void send(std::span<const Decision> decisions) = 0;

  /// The simulated day of the last recv() (tabular: a count of fixed-size rounds).  The loop calls
  /// Agent::begin_day when it grows.
  virtual int day() const = 0;
  /// Group key of every user at the start of this day: live watch of the past 21 days (s).  Tabular: 0.
  virtual std::span<const float> group_keys() const = 0;
  /// Mean value of each cost since the last call, in the unit of its limit: undiscounted per user-day
  /// (feed), discounted per episode (tabular).  NaN where nothing was completed.
  virtual std::vector<double> take_cost_values() = 0;

  /// The batch of the last recv().
  virtual const RequestBatch& waiting() const = 0;
  /// Between recv() and send(): another world, with users 0 … n − 1, whose batch of n requests waits for
  /// send() like this one's.  The requests are as they are here: only what follows them is luck.
  virtual std::unique_ptr<Environment> branch(const Branch& branch) const = 0;

  /// Saves or loads the moving state, between send() and recv().  Loading needs an environment made from
  /// the same config and seed; it then continues bit-identically.  Limits and threads are not part of it.
  virtual void transfer(StateArchive& archive) = 0;
};

}  // namespace sluice
