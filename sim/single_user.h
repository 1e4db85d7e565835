#pragma once
// The single-user view: Gym's reset and step over the same code that runs a population.
//
//   SingleUser env([&](Seed seed) { return make_world_of_one(seed); });
//   std::vector<float> observation = env.reset(Seed{7});
//   SingleUser::Step step = env.step(1);     // until step.terminated or step.truncated

#include <functional>
#include <memory>
#include <vector>

#include "sim/environment.h"

namespace sluice {

class SingleUser {
 public:
  /// What Gym calls info: the outcomes of the step.
  struct Info {
    float watch_time_s = 0, displaced_s = 0, elapsed_s = 0;
    bool entered = false, session_ended = false;
    bool dropped = false;  // the horizon came and the user did not return within a week: no outcome
  };
  struct Step {
    std::vector<float> observation;  // the true successor, also when terminated (zeros) or truncated
    double reward = 0;
    std::vector<double> costs;
    bool terminated = false, truncated = false;
    Info info;
  };

  /// `make` builds a world with one user, ready for recv(), with transitions collected.
  explicit SingleUser(std::function<std::unique_ptr<Environment>(Seed)> make);

  /// Starts an episode; every draw comes from `seed`.
  std::vector<float> reset(Seed seed);
  /// Answers the pending request.  May not be called after an episode's end.
  Step step(int action);
  const EnvSpec& spec() const { return environment_->spec(); }
  Environment& environment() { return *environment_; }

 private:
  std::function<std::unique_ptr<Environment>(Seed)> make_;
  std::unique_ptr<Environment> environment_;
  bool running_ = false;
};

}  // namespace sluice
