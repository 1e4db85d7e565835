#include "sim/single_user.h"

#include "sim/check.h"

namespace sluice {

SingleUser::SingleUser(std::function<std::unique_ptr<Environment>(Seed)> make)
    : make_(std::move(make)) {}

std::vector<float> SingleUser::reset(Seed seed) {
  environment_ = make_(seed);
  ENSURE(environment_->spec().num_users == 1, "the single-user view needs a world of one user");
  const RequestBatch& requests = environment_->recv();
  running_ = requests.size() == 1;
  if (!running_) throw data_error("the user makes no request within the horizon: nothing to decide");
  return requests.observation;
}

SingleUser::Step SingleUser::step(int action) {
  ENSURE(running_, "step() before reset() or after the episode's end");
  const Decision decision{.action = static_cast<std::uint8_t>(action)};
  environment_->send({&decision, 1});
  const RequestBatch& requests = environment_->recv();
  const TransitionBatch& t = environment_->transitions();
  Step step;
  running_ = requests.size() > 0;
  if (t.size() == 0) {
    ENSURE(!running_, "a user asked again without completing the step before");
    step.truncated = step.info.dropped = true;
    return step;
  }
  step.observation = t.next_observation;
  step.reward = static_cast<double>(t.reward[0]);
  step.costs.assign(t.costs.begin(), t.costs.end());
  step.terminated = t.terminated[0] != 0;
  step.truncated = t.truncated[0] != 0;
  step.info = {.watch_time_s = t.watch_time_s[0], .displaced_s = t.displaced_s[0],
               .elapsed_s = t.elapsed_s[0], .entered = t.entered[0] != 0,
               .session_ended = t.session_ended[0] != 0};
  running_ = running_ && !step.terminated;
  return step;
}

}  // namespace sluice
