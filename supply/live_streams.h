#pragma once
// The streams on air, and the retrieval of one candidate per request.  Every kind of supply puts its
// streams in and takes them out; what a request finds is the same for all.
//
// Retrieval looks at `probes` streams, drawn with weights √popularity (popularity counts, but it is not
// a popularity list), and at the followed streamers.  While fewer than `capacity` of the streamers are
// on air, probes find nothing in proportion: thin supply means fewer and poorer candidates.
//   appeal = match_weight (interests · topics) + quality_weight q + excitement (+ followed_bonus)
//   the best by appeal + noise_sd·N(0,1) is offered; x = (appeal − offset) / scale + level(t).
// Excitement is AR(1) in steps of 5 min.  Viewers (exogenous) = popularity × hour profile × e^excitement.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/config.h"
#include "sim/state_archive.h"
#include "sim/supply_process.h"
#include "supply/streamers.h"

namespace sluice {

struct RetrievalConfig {
  int probes = 24;
  double capacity = 0.2;
  double noise = 0.6;
  double match_weight = 2.2;
  double quality_weight = 0.5;
  double followed_bonus = 0.6;
  double appeal_offset = 1.55;
  double appeal_scale = 1.0;

  static constexpr auto fields() {
    using C = RetrievalConfig;
    return std::tuple{
        field("probes", &C::probes, {.range = {1, 256}, .doc = "streams looked at per request", .source = "our choice"}),
        field("capacity", &C::capacity, {.range = {0, 10, kOpenBelow}, .doc = "share of the streamers on air at which every probe finds a stream; fewer on air, fewer and poorer candidates", .source = "prior"}),
        field("noise", &C::noise, {.range = {0, 10}, .doc = "sd of the ranking's error", .source = "prior"}),
        field("match_weight", &C::match_weight, {.range = {0, 100}, .doc = "appeal per unit of interest · topic", .source = "prior"}),
        field("quality_weight", &C::quality_weight, {.range = {0, 100}, .doc = "appeal per sd of a streamer's quality", .source = "prior"}),
        field("followed_bonus", &C::followed_bonus, {.range = {0, 100}, .doc = "extra appeal of a followed streamer", .source = "prior"}),
        field("appeal_offset", &C::appeal_offset, {.doc = "centres the appeal of the best candidate at about 0", .source = "fitted"}),
        field("appeal_scale", &C::appeal_scale, {.range = {0, 100, kOpenBelow}, .doc = "divides the appeal", .source = "fitted: sd about .9"})};
  }
};

struct ExcitementConfig {
  double sigma = 0.4;
  double half_life_s = 1200;

  static constexpr auto fields() {
    using C = ExcitementConfig;
    return std::tuple{
        field("sigma", &C::sigma, {.range = {0, 5}, .doc = "sd of the AR(1) excitement within a stream (same unit as appeal)", .source = "prior"}),
        field("half_life_s", &C::half_life_s, {.range = {60, 1e6}, .unit = "s", .doc = "half-life of the excitement", .source = "prior"})};
  }
};

/// Every kind of supply moves in whole minutes of simulated time, whatever the world's window.
inline constexpr Seconds kSupplyStep = 60;

struct LiveStream {
  std::uint32_t streamer = 0;
  std::uint32_t day = 0;      // keys of the stream's randomness: day of the start …
  std::uint32_t number = 0;   // … and which stream of that day
  float excitement = 0;
  Seconds start = 0, end = 0;
  float viewers = 0;
  float unused = 0;  // named, so that snapshots of equal streams are equal bytes
};
static_assert(sizeof(LiveStream) == 40);

/// Walker's alias method: draws index i with probability weight[i] / Σ weight in O(1).
class AliasTable {
 public:
  void build(const std::vector<float>& weights);
  /// `u` uniform on (0, 1).
  std::size_t draw(float u) const {
    const float position = u * static_cast<float>(cells_.size());
    const auto i = static_cast<std::uint32_t>(static_cast<std::int32_t>(position));
    // Without a branch: nobody can predict it.
    const std::array<std::uint32_t, 2> choice = {i, cells_[i].other};
    return choice[position - static_cast<float>(i) >= cells_[i].keep ? 1 : 0];
  }

 private:
  struct Cell {
    float keep = 1;
    std::uint32_t other = 0;
  };
  std::vector<Cell> cells_;
  std::vector<double> share_;  // scratch of build()
  std::vector<std::uint32_t> small_, large_;
};

class LiveStreams {
 public:
  LiveStreams(std::vector<Streamer> streamers, double popularity_tail,
              const RetrievalConfig& retrieval, const ExcitementConfig& excitement, Seed seed);

  const std::vector<Streamer>& streamers() const { return streamers_; }
  const std::vector<LiveStream>& on_air() const { return streams_; }
  void list(std::vector<OnAir>& streams) const;
  bool is_on_air(std::uint32_t streamer) const { return index_[streamer] >= 0; }
  const LiveStream& of(std::uint32_t streamer) const {
    return streams_[static_cast<std::size_t>(index_[streamer])];
  }
  /// A streamer that is on air already is left alone: false.
  bool start(std::uint32_t streamer, std::uint32_t day, std::uint32_t number, Seconds start, Seconds end);
  void end(std::uint32_t streamer);
  /// Ends every stream whose end is at `now` or before.
  void end_due(Seconds now);
  /// A step of the excitement; call every kExcitementStep s.  `crowd`: see crowd_at().
  void step_excitement(Seconds now, float crowd);
  /// After starts and ends: makes them known to retrieval.
  void refresh();

  Candidate retrieve(const TopicVector& interests, const Followed& followed, Rng rng, Seconds now,
                     float level) const;
  Followed follow(const TopicVector& interests, Rng rng) const;
  void transfer(StateArchive& archive);
  void reseed(Seed seed) { seed_ = seed; }

  static constexpr Seconds kExcitementStep = 300;
  static constexpr std::int64_t kExcitementMinutes = 5;

 private:
  // What scoring reads, apart from the rest: one cache line of topics and a small head per stream.
  struct alignas(64) Topics {
    TopicVector weight;
  };
  struct Head {
    float base = 0;  // quality and excitement
    std::uint32_t streamer = kNoStreamer;
    Seconds end = 0;
  };
  void set_base(std::size_t index);

  std::vector<Streamer> streamers_;
  RetrievalConfig retrieval_;
  ExcitementConfig excitement_;
  Seed seed_;
  float capacity_;                    // Σ √popularity at which every probe finds a stream
  std::vector<LiveStream> streams_;   // in no particular but a reproducible order
  std::vector<Topics> topics_;        // as streams_
  std::vector<Head> heads_;           // as streams_
  std::vector<std::int32_t> index_;   // [streamer] into streams_, −1 when off air
  std::vector<std::uint32_t> due_;    // scratch of end_due()
  std::vector<float> weights_;
  AliasTable table_;                  // over streams_ and, last, "nothing"
};

}  // namespace sluice
