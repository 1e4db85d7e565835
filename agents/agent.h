#pragma once
// The contract of an agent.  See sim/environment.h for the loop.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sim/environment.h"

namespace sluice {

enum class Mode { kExplore, kEvaluate };  // kEvaluate: the frozen policy, no exploration

/// What one logged update reports; NaN where an agent has no such thing.
struct UpdateLog {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  double td_loss = kNone, reward_loss = kNone, actor_loss = kNone;
  double td_error_rms = kNone;  // of Q(s,a) (on-policy: of V(s)) to its target, in units of the reward
  double q_mean = kNone, q_std = kNone, q_abs_max = kNone;
  double injection_rate = kNone, entropy = kNone, gradient_norm = kNone;
  std::vector<double> group_q_mean, group_q_std;  // one per MG-SD group; may be empty
};

/// One number of Agent::diagnose.
struct Diagnostic {
  std::string name, unit, description;
  double value = 0;
};

/// A saved agent: named arrays and texts.  A result file stores it under /agent.
struct AgentState {
  struct Array {
    std::vector<std::int64_t> shape;
    std::vector<double> values;  // float32 parameters are exact in double
  };
  std::map<std::string, Array> arrays;
  std::map<std::string, std::string> texts;
};

class Agent {
 public:
  virtual ~Agent() = default;

  /// Decides for every request of the batch; decisions.size() == requests.size().  Randomness comes
  /// from (seed, purpose, request key) only: never from the order of requests.
  virtual void act(const RequestBatch& requests, Mode mode, std::span<Decision> decisions) = 0;

  /// P(action | observation) of the frozen policy for rows × width observations of users in `groups`
  /// (MG-SD group per row; may be empty = group 0).  probability: rows × num_actions.
  virtual void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups,
                             std::span<float> probability) = 0;

  /// A simulated day starts.  group_keys: see Environment::group_keys.
  virtual void begin_day(int day, std::span<const float> group_keys) = 0;

  virtual bool learns() const = 0;
  virtual bool needs_observations() const = 0;  // reference rules like `never` do without
  virtual bool needs_latent() const { return false; }  // oracles know what no platform does
  virtual void observe(const TransitionBatch& transitions) = 0;
  /// One gradient step; nothing before the replay buffer holds warmup_transitions (on-policy: before the first rollout).
  virtual std::optional<UpdateLog> update() = 0;
  /// What is known of the health of the critic, on about `rows` transitions of the replay buffer: the same names
  /// every time.  Changes nothing.  Costs as much as some hundred updates.  Empty: the agent has no critic.
  virtual std::vector<Diagnostic> diagnose(int rows) { (void)rows; return {}; }
  /// Q(s, a) in units of the reward at the current multipliers; arguments as of probabilities().  False: has none.
  virtual bool action_values(std::span<const float> observations, std::span<const std::uint8_t> groups,
                             std::span<float> values) {
    (void)observations, (void)groups, (void)values;
    return false;
  }
  /// Mean cost values since the last call (Environment::take_cost_values): a step of the multipliers.
  virtual void update_multipliers(std::span<const double> cost_values) = 0;
  /// λ per cost, in the order of EnvSpec::cost_names; zeros for agents without.
  virtual std::vector<double> multipliers() const = 0;

  /// Saves or loads everything that acting and learning depend on and (config, seed) do not fix: the
  /// agent then goes on bit-identically.  More than save(), which keeps what a frozen policy needs.
  virtual void transfer(StateArchive& archive) = 0;

  virtual void save(AgentState& state) const = 0;
  virtual void load(const AgentState& state) = 0;
};

}  // namespace sluice
