#pragma once
// A small constrained MDP of the feed with a known optimum: three kinds of user g, five levels of
// fatigue f, state 5g + f; action 1 injects a live stream.
//
//   stay probability  .93 − .035 f − .05 a (1.2 − .4 g);  the rest is leaving for good
//   fatigue           a = 1: f + 1 (at most 4);  a = 0: f − 1 (at least 0) with probability .6
//   reward            a·(5, 15, 40)_g·.75^f                       live watch
//   short video       (60, 50, 45)_g·(1 − .08 f − .10 a)          floor: 93 % of that of `never`
// The floor J ≥ b is entered as cost −short video with limit −b.
//
// Linear programming gives the optimum: return 31.794910 at the floor, multiplier .2563949424900054; it
// injects in states 10 (always) and 5 (probability .0662) only.

#include <algorithm>
#include <cmath>

#include "sim/tabular_cmdp.h"

namespace sluice {

struct GoldenCmdp {
  static constexpr double kNeverShortVideo = 609.4808126410841;
  static constexpr double kAlwaysReturn = 43.67158682439795;
  static constexpr double kAlwaysShortVideo = 186.42860366347773;
  static constexpr double kFloor = 0.93 * kNeverShortVideo;  // b = 566.817156
  static constexpr double kOptimum = 31.794910;
  static constexpr double kMultiplier = 0.2563949424900054;
};

inline TabularCmdp golden_cmdp() {
  constexpr int kStates = 15, kActions = 2;
  const double watch[3] = {5, 15, 40};
  const double short_video[3] = {60, 50, 45};
  TabularCmdp cmdp;
  cmdp.num_states = kStates;
  cmdp.num_actions = kActions;
  cmdp.discount = 0.98;
  cmdp.transition.assign(kActions, Eigen::MatrixXd::Zero(kStates, kStates));
  cmdp.reward = Eigen::MatrixXd::Zero(kStates, kActions);
  cmdp.cost = {Eigen::MatrixXd::Zero(kStates, kActions)};
  cmdp.initial = Eigen::VectorXd::Zero(kStates);
  cmdp.initial(0) = 0.5;
  cmdp.initial(5) = 0.3;
  cmdp.initial(10) = 0.2;
  cmdp.limits = {-GoldenCmdp::kFloor};
  cmdp.cost_names = {"cost_short_video"};
  for (int g = 0; g < 3; ++g)
    for (int f = 0; f < 5; ++f)
      for (int a = 0; a < kActions; ++a) {
        const int s = 5 * g + f;
        const double stay = 0.93 - 0.035 * f - 0.05 * a * (1.2 - 0.4 * g);
        Eigen::MatrixXd& p = cmdp.transition[static_cast<std::size_t>(a)];
        if (a == 1) {
          p(s, 5 * g + std::min(f + 1, 4)) += stay;
        } else {
          p(s, 5 * g + std::max(f - 1, 0)) += 0.6 * stay;
          p(s, s) += 0.4 * stay;
        }
        cmdp.reward(s, a) = a * watch[g] * std::pow(0.75, f);
        cmdp.cost[0](s, a) = -short_video[g] * (1 - 0.08 * f - 0.10 * a);
      }
  return cmdp;
}

}  // namespace sluice
