#pragma once
// Constrained MDPs to try agents on, whose optimum linear programming gives (tabular_optimum.h).

#include <cstdint>
#include <tuple>

#include "sim/config.h"
#include "sim/tabular_cmdp.h"

namespace sluice {

/// A small CMDP of the feed: three kinds of user g, five levels of fatigue f, state 5g + f; action 1
/// injects a live stream.
///
///   stay probability  .93 − .035 f − .05 a (1.2 − .4 g);  the rest is leaving for good
///   fatigue           a = 1: f + 1 (at most 4);  a = 0: f − 1 (at least 0) with probability .6
///   reward            a·(5, 15, 40)_g·.75^f                       live watch
///   short video       (60, 50, 45)_g·(1 − .08 f − .10 a)          floor: 93 % of that of `never`
/// The floor J ≥ b is entered as cost −short video with limit −b.
TabularCmdp golden_cmdp();

/// A random CMDP.  Rewards are a heavy-tailed watch time for actions > 0, costs uniform in [−1, 1] and .5
/// higher for actions > 0; next states of a flat Dirichlet distribution.  Each limit lies between the cost of
/// the unconstrained optimum and that of the policy with the least sum of costs, so all can be kept at once.
struct RandomCmdpConfig {
  std::uint64_t seed = 1;
  int num_states = 20;
  int num_actions = 2;
  int num_costs = 1;
  double discount = 0.95;
  int successors = 4;
  double termination = 0.1;
  double tightness = 0.5;

  static constexpr auto fields() {
    using C = RandomCmdpConfig;
    return std::tuple{
        field("seed", &C::seed, {.doc = "another number, another CMDP; not the seed of the run"}),
        field("num_states", &C::num_states, {.range = {1, 10000}, .doc = "S"}),
        field("num_actions", &C::num_actions, {.range = {2, 16}, .doc = "A; action 0 earns nothing"}),
        field("num_costs", &C::num_costs, {.range = {0, 16}, .doc = "constraints"}),
        field("discount", &C::discount, {.range = {0, 1, kOpen}, .doc = "γ"}),
        field("successors", &C::successors, {.range = {1, 100}, .doc = "next states that a state and action draw; some may coincide"}),
        field("termination", &C::termination, {.range = {0, 1, kOpenAbove}, .doc = "probability of ending, per step"}),
        field("tightness", &C::tightness, {.range = {0, 1}, .doc = "of the limits: 0 the unconstrained optimum's cost, 1 the least possible"})};
  }
};
TabularCmdp random_cmdp(const RandomCmdpConfig& config);

}  // namespace sluice
