#pragma once
// Published figures of KuaiRand that a fit to another log is set beside, and that are kept where that
// log does not tell.  Watch times: KuaiRand-Pure, standard log, 25 Apr to 8 May 2022, main feed, played
// (n = 171,941).  Activity: KuaiRand-27K (322,278,385 exposures, 27,285 users, 31 days).  Gao et al.
// 2022, CC BY-SA 4.0.

#include <array>
#include <utility>

namespace sluice::kuairand {

inline constexpr double kSkipShare = 0.2768, kSkipMu = 7.471, kSkipSigma = 0.463;  // ln ms
inline constexpr double kWatchMu = 9.532, kWatchSigma = 1.431, kMixtureKs = 0.0161;
inline constexpr double kShortShare = 0.3404;  // P(≤ 3 s)
inline constexpr double kNotPlayed = 0.0062;
inline constexpr double kUserSd = 0.6511, kUserIcc = 0.1785, kVideoSd = 0.4647,
                        kResidualSd = 1.397;  // of ln watch
inline constexpr std::array<std::pair<double, double>, 9> kWatchQuantilesMs = {{{.01, 552},
                                                                                {.05, 1003},
                                                                                {.10, 1250},
                                                                                {.25, 2091},
                                                                                {.50, 6364},
                                                                                {.75, 25931},
                                                                                {.90, 69831},
                                                                                {.95, 110177},
                                                                                {.99, 222038}}};

inline constexpr std::array<double, 24> kHourPercent = {3.297, 2.005, 1.282, .903,  .812,  1.146, 2.133, 3.093,
                                                        3.582, 4.017, 4.477, 4.791, 5.284, 5.316, 4.795, 4.893,
                                                        5.149, 5.438, 5.847, 6.166, 6.614, 6.863, 6.783, 5.313};
inline constexpr std::array<double, 7> kWeekdayIndex = {.9523, .9439, .9518, .9606, 1.014, 1.1152, 1.0574};

inline constexpr double kExposuresPerDay = 381.02, kExposuresShape = 1.38, kExposuresScale = 276.19,
                        kExposuresKs = 0.0319;
inline constexpr double kSessionsPerDay = 4.844, kSessionsShape = 6.29;
inline constexpr double kRequestsPerSession = 13.55, kItemsPerRequest = 5.804;
inline constexpr double kGapMu = 4.2775, kGapSigma = 1.4692, kGapMeanS = 164.7, kGapKs = 0.0116;  // ln s
inline constexpr double kSameResponseShare = 0.828;
inline constexpr double kActiveShare = 0.80, kD1 = 0.90,
                        kD7 = 0.80;  // .80 to .88; from KuaiRand-Pure's thinned log

}  // namespace sluice::kuairand
