#include "experiments/policy_loop.h"

#include "experiments/interrupt.h"

namespace sluice {

std::int64_t run_policy(Environment& environment, Agent& agent, const DecisionCounter& count) {
  std::vector<Decision> decisions;
  std::int64_t num_decisions = 0;
  int day = -1;
  for (;;) {
    stop_if_interrupted();
    const RequestBatch& requests = environment.recv();
    if (requests.size() == 0) return num_decisions;
    for (; day < environment.day(); ++day) agent.begin_day(day + 1, environment.group_keys());
    decisions.resize(requests.size());
    agent.act(requests, Mode::kEvaluate, decisions);
    environment.send(decisions);
    num_decisions += static_cast<std::int64_t>(requests.size());
    if (count) count(num_decisions);
  }
}

}  // namespace sluice
