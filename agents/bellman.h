#pragma once
// How far the future counts.  A transition runs from one request of a user to the next, perhaps days
// later, so "per step" is ambiguous:
//
//   time     γ^(Δt / 165 s)   Δt = elapsed_s; 165 s is a typical gap between requests in a session.
//            The next session's value is anchored in clock time: leaving early does not make it come
//            sooner, so an injection that ends the session loses the rest of it.  The default.
//   request  γ                 the paper's request-level MDP.  Here the step that ends a session leads
//            straight to the next session, as if no time had passed: with discount_session_end = 1
//            cutting a session short costs nothing, and an agent may learn to do it.
//
// Both are multiplied by discount_session_end where the session ended, and by 0 where the process
// terminated.  A truncated step bootstraps: the horizon cut it, not the user.  An environment that
// dictates its own discount (EnvSpec::discount > 0: tabular) overrides all of this but termination.

#include <array>
#include <cstdint>
#include <span>
#include <tuple>

#include "sim/config.h"
#include "sim/environment.h"

namespace sluice {

enum class DiscountUnit { kTime, kRequest };
constexpr std::array<const char*, 2> enum_names(DiscountUnit) { return {"time", "request"}; }

struct DiscountConfig {
  DiscountUnit unit = DiscountUnit::kTime;
  double discount = 0.98;
  double session_end = 1;
  double time_s = 165;
};

/// The factor on the value of the successor of each row; out.size() rows.
void discount_factors(const DiscountConfig& config, double dictated, std::span<const float> elapsed_s,
                      std::span<const std::uint8_t> session_ended,
                      std::span<const std::uint8_t> terminated, std::span<float> out);

}  // namespace sluice
