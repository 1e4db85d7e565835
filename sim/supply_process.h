#pragma once
// The contract of a live-stream supply: streams that start and end, and the retrieval of one candidate
// per request.  The world advances it at window ends only; between two of them it is read by many
// threads at once.

#include <array>
#include <cstdint>
#include <vector>
#include <memory>

#include "sim/environment.h"
#include "sim/state_archive.h"

namespace sluice {

inline constexpr int kNumTopics = 16;
/// Non-negative, unit length.
using TopicVector = std::array<float, kNumTopics>;
inline constexpr std::uint32_t kNoStreamer = 0xffffffff;
inline constexpr int kNumFollowed = 2;
using Followed = std::array<std::uint32_t, kNumFollowed>;

/// The stream that retrieval found for a request.
struct Candidate {
  std::uint32_t streamer = kNoStreamer;  // kNoStreamer: nothing on air was found
  std::uint8_t topic = 0;                // 1 … kNumTopics
  bool followed = false;
  float appeal = 0;      // how good this stream is for this user now; about mean 0, sd .8
  float popularity = 0;  // long-run mean viewers of the streamer, relative to the median streamer
  float viewers = 0;     // viewers now, same unit
  float age_s = 0;       // since the stream's start
  Seconds end = 0;       // when it will end: known to the world, not to the agent
  bool exists() const { return streamer != kNoStreamer; }
};

/// A stream on air, as onlookers see it.
struct OnAir {
  std::uint32_t streamer = 0;
  Seconds start = 0, end = 0;  // the end that is planned: an outage or feedback may come before it
};

class SupplyProcess {
 public:
  virtual ~SupplyProcess() = default;
  virtual std::unique_ptr<SupplyProcess> clone() const = 0;

  /// Plays every start, end and change of regime up to `now` (a window end, or 0 to open the world).
  virtual void advance(Seconds now) = 0;
  /// The best of the streams found for a user with these interests.  Never one past its end.
  virtual Candidate retrieve(const TopicVector& interests, const Followed& followed, Rng rng,
                             Seconds now) const = 0;
  /// Streamers that a user with these interests follows.
  virtual Followed follow(const TopicVector& interests, Rng rng) const = 0;
  virtual int num_on_air() const = 0;
  /// All streams on air, in no particular but a reproducible order.
  virtual void list_on_air(std::vector<OnAir>& streams) const = 0;

  /// How many users the world has; called once, before the first advance().
  virtual void set_num_users(int) {}
  /// Feedback: does this supply want to hear of views?  Told in (time, user) order, never in parallel.
  virtual bool counts_views() const { return false; }
  virtual void count_view(std::uint32_t /*streamer*/, float /*watch_s*/) {}
  /// From here on luck comes from `seed`; streamers and what is on air or announced stay as they are.
  virtual void reseed(Seed seed) = 0;
  /// Saves or loads the moving state.
  virtual void transfer(StateArchive& archive) = 0;
};

}  // namespace sluice
