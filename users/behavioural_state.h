#pragma once
// The state of one behavioural user, fixed and moving (see behavioural_users.h for the symbols).

#include <array>
#include <cstdint>

#include "sim/user_model.h"

namespace sluice {

/// What a user likes: two to four favourite topics over a small common floor.
struct Favourites {
  std::array<float, 4> weight{};
  float scale = 1;                      // makes the length 1
  std::array<std::uint8_t, 4> topic{};  // 0 … kNumTopics − 1
  std::uint8_t count = 0;
  std::uint8_t top_topic = 1;           // at registration: 1 … kNumTopics

  TopicVector interests() const {
    TopicVector interests;
    interests.fill(kFloor * scale);
    for (std::size_t i = 0; i < count; ++i) interests[topic[i]] += scale * weight[i];
    return interests;
  }
  static constexpr float kFloor = 0.05f;
};

struct BehaviouralTraits {
  Favourites favourites;     // drift, slowly
  float sessions_mean = 0;   // A, per active day
  float log_budget = 0;      // ln B_u, of the mean budget
  float watch_shift = 0;     // ln w_u
  float skip_logit = 0;   // of the share of quick skips
  float affinity = 0;        // a_u
  float late_shift = 0;      // b_u
  float interruption = 1;    // κ_u
  float fatigue = 1;         // φ_u
  float return_logit = 0;    // ρ_u
  float early_mean_s = 0;    // E[min(LN(μ1, σ1), typical cap)]: needed on every page
  float log_cap = 0;         // ln of the typical cap of a live watch
  std::uint16_t registered_days = 0;
  std::uint8_t device = 0;
};

struct BehaviouralState {
  float fatigue = 0;        // F
  float habit = 0;          // h
  float satisfaction = 0;   // S
  float expectation = 0;    // E
  float mood = 0;           // o
  float updated_s = 0;      // seconds of the day `updated_day` when the five above were valid
  std::int16_t updated_day = 0;
  bool active = true;       // today
  std::uint8_t num_sessions = 0;   // today
  std::uint8_t next_session = 0;   // index of the next one
  float day_quantile = 0;   // of the last start drawn
  float session_budget_s = 0;
  float session_used_s = 0;
};

/// Together in two cache lines: a request touches all of it.
struct alignas(64) BehaviouralUser {
  BehaviouralTraits traits;
  BehaviouralState state;
};

static_assert(sizeof(BehaviouralUser) == 128);

}  // namespace sluice
