#include "supply/live_streams.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/check.h"
#include "sim/distributions.h"

namespace sluice {
namespace {

constexpr std::size_t kMaxLooks = 256 + kNumFollowed;
constexpr float k2To23 = 1.0f / 8388608.0f;  // 2^−23

float as_float(double x) { return static_cast<float>(x); }

float dot(const TopicVector& a, const TopicVector& b) {
  using Row = Eigen::Map<const Eigen::Matrix<float, kNumTopics, 1>>;
  return Row(a.data()).dot(Row(b.data()));
}

}  // namespace

LiveStreams::LiveStreams(std::vector<Streamer> streamers, double popularity_tail,
                         const RetrievalConfig& retrieval, const ExcitementConfig& excitement, Seed seed)
    : streamers_(std::move(streamers)), retrieval_(retrieval), excitement_(excitement), seed_(seed),
      index_(streamers_.size(), -1) {
  // Mean √popularity of a Pareto with exponent a is a/(a − ½).
  capacity_ = as_float(retrieval.capacity * static_cast<double>(streamers_.size()) * popularity_tail /
                       (popularity_tail - 0.5));
  refresh();
}

void LiveStreams::set_base(std::size_t index) {
  const LiveStream& stream = streams_[index];
  const Streamer& streamer = streamers_[stream.streamer];
  heads_[index] = {as_float(retrieval_.quality_weight) * streamer.quality + stream.excitement,
                   stream.streamer, stream.end};
}

bool LiveStreams::start(std::uint32_t streamer, std::uint32_t day, std::uint32_t number, Seconds start,
                        Seconds end) {
  if (is_on_air(streamer)) return false;
  // Lane 1: lane 0 is the duration's.
  Rng rng = seed_.stream(Purpose::kStream, streamer, day, number);
  rng.jump_to_lane(1);
  LiveStream stream{.streamer = streamer, .day = day, .number = number,
                    .excitement = as_float(excitement_.sigma) * normal(rng), .start = start, .end = end};
  stream.viewers = streamers_[streamer].popularity * std::exp(stream.excitement);
  index_[streamer] = static_cast<std::int32_t>(streams_.size());
  streams_.push_back(stream);
  topics_.push_back({streamers_[streamer].topics});
  heads_.emplace_back();
  set_base(streams_.size() - 1);
  return true;
}

void LiveStreams::list(std::vector<OnAir>& streams) const {
  streams.clear();
  for (const LiveStream& stream : streams_) streams.push_back({stream.streamer, stream.start, stream.end});
}

void LiveStreams::end(std::uint32_t streamer) {
  const auto i = static_cast<std::size_t>(index_[streamer]);
  index_[streamer] = -1;
  if (i + 1 != streams_.size()) {
    streams_[i] = streams_.back();
    topics_[i] = topics_.back();
    heads_[i] = heads_.back();
    index_[streams_[i].streamer] = static_cast<std::int32_t>(i);
  }
  streams_.pop_back();
  topics_.pop_back();
  heads_.pop_back();
}

void LiveStreams::end_due(Seconds now) {
  due_.clear();
  for (const LiveStream& stream : streams_)
    if (stream.end <= now) due_.push_back(stream.streamer);
  for (const std::uint32_t streamer : due_) end(streamer);
}

void LiveStreams::step_excitement(Seconds now, float crowd) {
  const auto keep = as_float(std::exp2(-kExcitementStep / excitement_.half_life_s));
  const float fresh = std::sqrt(1 - keep * keep) * as_float(excitement_.sigma);
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    LiveStream& stream = streams_[i];
    const auto step = static_cast<std::uint64_t>((now - stream.start) / kExcitementStep) + 1;
    Rng rng = seed_.stream(Purpose::kStream, stream.streamer, stream.day, stream.number, step);
    stream.excitement = keep * stream.excitement + fresh * normal(rng);
    stream.viewers = streamers_[stream.streamer].popularity * crowd * std::exp(stream.excitement);
    set_base(i);
  }
}

void LiveStreams::refresh() {
  weights_.clear();
  float total = 0;
  for (const LiveStream& stream : streams_) {
    weights_.push_back(std::sqrt(streamers_[stream.streamer].popularity));
    total += weights_.back();
  }
  weights_.push_back(streams_.empty() ? 1.0f : std::max(0.0f, capacity_ - total));
  table_.build(weights_);
}

Candidate LiveStreams::retrieve(const TopicVector& interests, const Followed& followed, Rng rng,
                                Seconds now, float level) const {
  // First who is looked at, then how good they are: the loads of the second loop overlap.
  std::array<std::uint32_t, kMaxLooks> look;
  std::array<float, kMaxLooks> luck;
  std::size_t n = 0;
  for (const std::uint32_t streamer : followed) {
    const float u = uniform(rng);  // drawn for whoever is on air: the probes keep their luck
    if (streamer == kNoStreamer || index_[streamer] < 0) continue;
    look[n] = static_cast<std::uint32_t>(index_[streamer]);
    luck[n++] = u;
  }
  for (int probe = 0; probe < retrieval_.probes; ++probe) {
    const std::uint64_t bits = rng();  // one draw: 32 bits which, 32 bits luck
    const float which = (static_cast<float>(static_cast<std::int32_t>(bits >> 41)) + 0.5f) * k2To23;
    const std::size_t i = table_.draw(which);
    look[n] = static_cast<std::uint32_t>(i);
    luck[n] = static_cast<float>(static_cast<std::int32_t>(bits & 0xffffffff) >> 9 & 0x7fffff) * k2To23;
    n += i < streams_.size() ? 1 : 0;  // the last entry is "nothing"
  }
  const auto match_weight = as_float(retrieval_.match_weight), noise = as_float(retrieval_.noise);
  const auto bonus = as_float(retrieval_.followed_bonus);
  float best_score = -1e30f, best_appeal = 0;
  std::size_t best = streams_.size();
  bool best_followed = false;
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = look[k];
    const Head& head = heads_[i];
    const bool is_followed = head.streamer == followed[0] || head.streamer == followed[1];
    const float appeal =
        match_weight * dot(interests, topics_[i].weight) + head.base + (is_followed ? bonus : 0.0f);
    // The ranking errs; 3.46 (u − ½) has unit variance.
    const float score = appeal + noise * 3.46f * (luck[k] - 0.5f);
    if (score <= best_score || head.end <= now) continue;  // a known end is honoured at once
    best = i;
    best_score = score;
    best_appeal = appeal;
    best_followed = is_followed;
  }
  Candidate candidate;
  if (best == streams_.size()) return candidate;
  const LiveStream& stream = streams_[best];
  const Streamer& streamer = streamers_[stream.streamer];
  candidate.streamer = stream.streamer;
  candidate.topic = streamer.topic;
  candidate.followed = best_followed;
  candidate.appeal = (best_appeal - as_float(retrieval_.appeal_offset)) / as_float(retrieval_.appeal_scale) + level;
  candidate.popularity = streamer.popularity;
  candidate.viewers = stream.viewers;
  candidate.age_s = as_float(now - stream.start);
  candidate.end = stream.end;
  return candidate;
}

Followed LiveStreams::follow(const TopicVector& interests, Rng rng) const {
  Followed followed;
  for (std::uint32_t& choice : followed) {
    float best = -1;
    for (int probe = 0; probe < 8; ++probe) {
      const auto id = static_cast<std::uint32_t>(uniform_double(rng) * static_cast<double>(streamers_.size()));
      const float score = dot(interests, streamers_[id].topics) * std::sqrt(streamers_[id].popularity);
      if (score <= best) continue;
      best = score;
      choice = id;
    }
  }
  return followed;
}

void LiveStreams::transfer(StateArchive& archive) {
  archive.values("streams", streams_);
  if (!archive.is_loading()) return;
  std::ranges::fill(index_, -1);
  topics_.clear();
  heads_.resize(streams_.size());
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    index_[streams_[i].streamer] = static_cast<std::int32_t>(i);
    topics_.push_back({streamers_[streams_[i].streamer].topics});
    set_base(i);
  }
  refresh();
}

void AliasTable::build(const std::vector<float>& weights) {
  const std::size_t n = weights.size();
  cells_.resize(n);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  share_.resize(n);
  small_.clear();
  large_.clear();
  for (std::uint32_t i = 0; i < n; ++i) {
    cells_[i] = {1, i};
    share_[i] = static_cast<double>(weights[i]) * static_cast<double>(n) / total;
    (share_[i] < 1 ? small_ : large_).push_back(i);
  }
  while (!small_.empty() && !large_.empty()) {
    const std::uint32_t low = small_.back(), high = large_.back();
    small_.pop_back();
    cells_[low] = {as_float(share_[low]), high};
    share_[high] -= 1 - share_[low];
    if (share_[high] < 1) {
      large_.pop_back();
      small_.push_back(high);
    }
  }
}

}  // namespace sluice
