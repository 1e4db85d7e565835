#pragma once
// What measure_marginals() keeps of a world while it runs.

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "experiments/marginals.h"
#include "sim/feed_world.h"

namespace sluice {

/// Watches one phase of kMarginalDays days.  A user's page is counted when the user's next request
/// shows that it is over, so each user's last page of the phase is not seen.
class MarginalLog {
 public:
  /// Before begin_phase.
  MarginalLog(const FeedWorld& world, Seed seed);

  /// Live watch times, exact; before see(requests) of the same recv.
  void see(const TransitionBatch& transitions);
  void see(const RequestBatch& requests);
  /// After the phase.
  Marginals finish();

 private:
  struct User {
    double last_s = -1;              // time of the last request
    float exposures = 0, injections = 0, entries = 0;  // totals then
    double videos = 0, ln_sum = 0, ln_squares = 0;     // of ln watch
    double live_watch_s = 0;         // in the last 21 days
    double live_exposures = 0, live_entries = 0, all_exposures = 0;  // in the last 21 days
  };
  struct Stream {
    Seconds start = 0, end = 0;
  };
  void see_page(int user, const FeedTotals& totals);
  void see_streams();
  void measure_icc(Marginals& m) const;
  void measure_returns(Marginals& m) const;
  void measure_thinned(Marginals& m) const;
  void measure_live_users(Marginals& m) const;
  void measure_totals(Marginals& m) const;

  const FeedWorld& world_;
  Seed seed_;
  Seconds start_;
  std::vector<User> users_;
  std::vector<std::uint16_t> day_exposures_;  // [user × day]
  std::vector<char> active_;                  // [user × day]
  std::vector<double> short_counts_;          // by 0.1 s, rounded
  std::vector<float> ln_watch_;               // of those
  std::vector<double> gap_counts_;            // by gap_edges()
  double gap_sum_ = 0, gap_ln_ = 0, gap_ln2_ = 0, num_gaps_ = 0;
  std::array<double, 24> hours_{}, entries_{}, on_air_{}, on_air_looks_{};
  std::vector<double> live_watch_, stream_minutes_;
  std::vector<OnAir> list_;                   // scratch
  std::unordered_map<std::uint32_t, Stream> on_air_now_;  // by streamer
  Seconds looked_ = -1;                       // when the streams were last listed
};

}  // namespace sluice
