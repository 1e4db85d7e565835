#pragma once
// The default user model.  Time in s; F, h, S decay continuously and are brought up to date lazily.
//
// Fixed traits: mean sessions A ~ Gamma, session budget B_u log-normal, short-video scale w_u, skip
//   share, live affinity a_u (zero-inflated), long-watch scale b_u, interruption sensitivity κ_u and
//   fatigue sensitivity φ_u (log-normal, mean 1), return propensity ρ_u, interests in R^16.
// Sessions: 1 + Poisson((A−1)·weekday) on an active day.  Given their number, the starts of a
//   non-homogeneous Poisson process are independent draws from the hour profile; they are drawn in
//   order, one at a time, and at least 30 min after the last session's end.
// Page: 5 or 6 slots, a page mood e^{σ_page z}, a log-normal pause.  Short watch: quick skip or watch,
//   the latter bounded by the videos' ends (w/√(1 + (rate·w)²)).
//   A live stream takes one slot at random:
//     x       = appeal of the candidate + mood o_u(t)          (Ornstein–Uhlenbeck)
//     p_enter = σ(α + a_u + β_x x + β_H h/(1+h) − β_F φ_u F)
//     y|enter = LN(μ1, σ1) or, with probability w2 = σ(c + d x),  LN(μ2 + b_u + γ_x x − β_W φ_u F, σ2),
//               cut by the stream's end and by what is left of the session's budget (over ε)
//     bad     = 1 (left within 3 s) | ω0 (not entered) | 0
//   F += (1 − 2^{−165/T_F}) · (0.7 if entered and good, else 1), so injecting always leads to F = 1;
//   h += g min(1, y/120);   S += σ_g min(1, y/300) if y > 30 s;   S −= σ_b κ_u bad (1 + ζ φ_u F).
// Leaving: at once with hazard η κ_u bad (1 + ζ φ_u F); after an item when the budget is used up
//   (live time counts ε); after a page with probability h0 (B_u/B)^{−b} e^{−c (S − s E)}, B of the median user.
// Interests drift: on a day with probability `interest_drift` one favourite topic is replaced.
// Return: P(active) = σ(ρ_u + β_S (S − s E) + inertia·[active yesterday]); E follows S by the day.
//
// Sources of the numbers: behavioural_config.h.  Draws are keyed by (purpose, user, day, session, page).

#include <memory>

#include "sim/user_model.h"
#include "users/behavioural_config.h"

namespace sluice {

std::unique_ptr<UserModel> make(const BehaviouralUsersConfig& config, Seed seed);

}  // namespace sluice
