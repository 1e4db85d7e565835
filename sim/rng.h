#pragma once
// Keyed randomness.  A random stream is a value made from what it is for: the seed, a purpose and
// up to four small keys (user, day, session, page, ...).  It never depends on when it was made or on
// what was drawn before, so threads, batch sizes and one session more or less cannot shift anybody's
// luck, and two policies under one seed meet the same users, supply and chance until they act
// differently (common random numbers).
//
// The engine is Threefry2x64 with 13 rounds (Salmon, Moraes, Dror & Shaw, SC'11: 13 is the smallest
// number of rounds that passes BigCrush; implementation: Random123).  The key holds the seed and
// (purpose, first key); the counter holds the other keys and the number of the draw.

#include <Random123/threefry.h>

#include <cstdint>
#include <limits>

namespace sluice {

/// What a stream is for.  Append only: the numbers are part of every result.
enum class Purpose : std::uint8_t {
  kUser = 1,         // a user's fixed traits (user)
  kUserDay = 2,      // active today?, number of sessions (user, day)
  kSession = 3,      // start and budget of a session (user, day, session)
  kPage = 4,         // pause, slots, hazard (user, day, session, page)
  kShort = 5,        // short videos of a page (…, slot in the draw number)
  kLive = 6,         // entering and watching the live stream (…)
  kCandidate = 7,    // retrieval and predictor noise (…)
  kExplore = 8,      // exploration of an agent (…)
  kPolicy = 9,       // sampling from a stochastic policy (…)
  kStreamer = 10,    // a streamer's fixed traits (streamer)
  kStreamerDay = 11, // on air today?, starts (streamer, day)
  kStream = 12,      // a stream: duration, excitement (streamer, day, stream, step)
  kRegime = 13,      // supply regimes (day, minute)
  kTopic = 14,       // topic vectors (topic)
  kInit = 15,        // weights of an agent
  kReplay = 16,      // an agent's minibatches (update)
  kTabular = 17,     // a tabular environment (slot, episode, step)
  kBootstrap = 18,   // resampling in the statistics
  kTest = 19,
  kFeedback = 20,    // streamers who give up (streamer, day, step)
  kInterests = 21,   // drift of a user's interests (user, day)
  kRollout = 22,     // luck of Monte-Carlo rollouts (path or copy)
  kSweepSample = 23, // values that a sweep draws (hash of the path, sample)
  kGroup = 24,       // random user groups, the rival of those by live watch (user)
  kCmdp = 26,        // a random constrained MDP (states)
  kDiagnose = 25,    // directions in which a critic is probed
  kDropout = 27,     // hidden units that drop out (update)
  kEnsemble = 28,    // critics drawn from an ensemble (update)
  kRelaxation = 29,  // noise of relaxed actions (update)
  kThinning = 40,    // rows of the log kept by a realism check (user, day)
};

/// A stream of random 64-bit numbers; a uniform random bit generator, so Boost.Random takes it.
class Rng {
 public:
  using result_type = std::uint64_t;
  Rng(threefry2x64_key_t key, std::uint64_t keys) : key_(key), keys_(keys) {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  result_type operator()() {
    if (have_second_) {
      have_second_ = false;
      return second_;
    }
    const threefry2x64_ctr_t block = threefry2x64_R(13, {{keys_, draw_++}}, key_);
    second_ = block.v[1];
    have_second_ = true;
    return block.v[0];
  }

  /// Jumps to the `index`-th lane of this stream: lanes never overlap (2^32 draws each).  Lets the
  /// slots of a page have draws of their own, whatever the other slots used up.
  void jump_to_lane(std::uint32_t index) {
    draw_ = static_cast<std::uint64_t>(index) << 32;
    have_second_ = false;
  }

 private:
  threefry2x64_key_t key_;
  std::uint64_t keys_;
  std::uint64_t draw_ = 0;
  std::uint64_t second_ = 0;
  bool have_second_ = false;
};

/// The seed of a world, an agent, a bootstrap.  There is no default seed anywhere.
class Seed {
 public:
  constexpr explicit Seed(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t value() const { return value_; }

  /// The stream for a purpose.  `first` may take 56 bits; `b`, `c`, `d` take 24, 20 and 20.
  Rng stream(Purpose purpose, std::uint64_t first = 0, std::uint64_t b = 0, std::uint64_t c = 0,
             std::uint64_t d = 0) const {
    const std::uint64_t head = static_cast<std::uint64_t>(purpose) << 56 | (first & kMask56);
    return Rng({{value_, head}}, b << 40 | (c & kMask20) << 20 | (d & kMask20));
  }

 private:
  static constexpr std::uint64_t kMask56 = (1ull << 56) - 1;
  static constexpr std::uint64_t kMask20 = (1ull << 20) - 1;
  std::uint64_t value_;
};

}  // namespace sluice
