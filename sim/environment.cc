#include "sim/environment.h"

namespace sluice {

void TransitionBatch::clear() {
  user.clear();
  time.clear();
  observation.clear();
  next_observation.clear();
  action.clear();
  group.clear();
  propensity.clear();
  reward.clear();
  costs.clear();
  watch_time_s.clear();
  displaced_s.clear();
  entered.clear();
  elapsed_s.clear();
  session_ended.clear();
  terminated.clear();
  truncated.clear();
}

}  // namespace sluice
