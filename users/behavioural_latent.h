#pragma once
// What the behavioural model knows of a request and no platform can: columns for oracles.

#include <string>
#include <vector>

namespace sluice {

/// One row of RequestBatch::latent; all floats, in the order of behavioural_latent_names().
struct BehaviouralLatent {
  float mean_watch_s;    // E[y | the candidate is shown first on this page], true
  float enter_prob;      // true
  float late_share;      // P(long watch | entered)
  float fatigue;         // φ_u F
  float interruption;    // κ_u
  float habit;           // h
  float surplus;         // S − s E
  float log_budget_left; // ln s, of this session; at least 5 s
  float watch_shift;     // ln w_u: scale of short-video watch times
  float sessions_left;   // to begin today
  float affinity;        // a_u
  float mood;            // o_u
};

inline const std::vector<std::string>& behavioural_latent_names() {
  static const std::vector<std::string> names = {"mean_watch_s", "enter_prob", "late_share", "fatigue", "interruption", "habit",
                                                 "surplus", "log_budget_left", "watch_shift", "sessions_left", "affinity", "mood"};
  return names;
}
static_assert(sizeof(BehaviouralLatent) == 12 * sizeof(float));

}  // namespace sluice
