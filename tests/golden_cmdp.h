#pragma once
// The known values of golden_cmdp() (sim/example_cmdps.h), from tests/golden_cmdp.py and linear programming:
// return 31.794910 at the floor, multiplier .2563949424900054; the optimum injects in states 10 (always) and 5
// (probability .0662) only.

#include "sim/example_cmdps.h"

namespace sluice {

struct GoldenCmdp {
  static constexpr double kNeverShortVideo = 609.4808126410841;
  static constexpr double kAlwaysReturn = 43.67158682439795;
  static constexpr double kAlwaysShortVideo = 186.42860366347773;
  static constexpr double kFloor = 0.93 * kNeverShortVideo;  // b = 566.817156
  static constexpr double kOptimum = 31.794910;
  static constexpr double kMultiplier = 0.2563949424900054;
};

}  // namespace sluice
