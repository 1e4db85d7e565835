#pragma once
// An event calendar: events come out in the order of (time, owner).  Buckets of equal width hold the
// near future (no comparison on insertion); what lies beyond the ring waits in an overflow list.  The
// order does not depend on the order of scheduling, so threads may fill it in any order.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/check.h"
#include "sim/state_archive.h"

namespace sluice {

template <class Payload>
class EventCalendar {
 public:
  struct Event {
    double time;          // s
    std::uint32_t owner;  // whose event: breaks ties, lower first
    Payload payload;
  };

  /// `width`: s per bucket; `num_buckets`: the ring covers width·num_buckets from now.
  EventCalendar(double width, std::size_t num_buckets) : width_(width), ring_(num_buckets) {}

  /// Nothing may be scheduled before the bucket being drained.
  void schedule(double time, std::uint32_t owner, const Payload& payload) {
    const auto bucket = static_cast<std::int64_t>(time / width_);
    ENSURE(bucket >= current_, "event scheduled in the past");
    if (bucket < current_ + static_cast<std::int64_t>(ring_.size()))
      ring_[index(bucket)].push_back({time, owner, payload});
    else
      overflow_.push_back({time, owner, payload});
    ++size_;
  }

  /// Takes every event of the current bucket with time < `until`, in order, into `due`.  Events
  /// scheduled into this bucket meanwhile come with the next call.
  void take_due(double until, std::vector<Event>& due) {
    due.clear();
    std::vector<Event>& bucket = ring_[index(current_)];
    auto keep = std::partition(bucket.begin(), bucket.end(),
                               [until](const Event& e) { return e.time >= until; });
    due.assign(keep, bucket.end());
    bucket.erase(keep, bucket.end());
    std::sort(due.begin(), due.end(), [](const Event& a, const Event& b) {
      return a.time != b.time ? a.time < b.time : a.owner < b.owner;
    });
    size_ -= due.size();
  }

  /// Moves on to the bucket that starts at `time`; every earlier bucket must be empty.
  void advance_to(double time) {
    const auto target = static_cast<std::int64_t>(time / width_ + 0.5);
    while (current_ < target) {
      ENSURE(ring_[index(current_)].empty(), "events left behind");
      ++current_;
      if (index(current_) == 0) refill();
    }
  }

  std::size_t size() const { return size_; }

  void transfer(StateArchive& archive) {
    archive.value("current", current_);
    std::vector<Event> events = overflow_;
    for (const auto& bucket : ring_) events.insert(events.end(), bucket.begin(), bucket.end());
    // As columns: rows would have gaps between their members, bytes of chance in a snapshot.
    std::vector<double> times;
    std::vector<std::uint32_t> owners;
    std::vector<Payload> payloads;
    for (const Event& event : events) {
      times.push_back(event.time);
      owners.push_back(event.owner);
      payloads.push_back(event.payload);
    }
    archive.values("times", times);
    archive.values("owners", owners);
    archive.values("payloads", payloads);
    if (!archive.is_loading()) return;
    for (auto& bucket : ring_) bucket.clear();
    overflow_.clear();
    size_ = 0;
    for (std::size_t i = 0; i < times.size(); ++i) schedule(times[i], owners[i], payloads[i]);
  }

 private:
  std::size_t index(std::int64_t bucket) const {
    return static_cast<std::size_t>(bucket % static_cast<std::int64_t>(ring_.size()));
  }
  // Once per turn of the ring: what was beyond it and no longer is.
  void refill() {
    const std::int64_t end = current_ + static_cast<std::int64_t>(ring_.size());
    auto keep = std::partition(overflow_.begin(), overflow_.end(), [&](const Event& e) {
      return static_cast<std::int64_t>(e.time / width_) >= end;
    });
    for (auto e = keep; e != overflow_.end(); ++e)
      ring_[index(static_cast<std::int64_t>(e->time / width_))].push_back(*e);
    overflow_.erase(keep, overflow_.end());
  }

  double width_;
  std::int64_t current_ = 0;
  std::vector<std::vector<Event>> ring_;
  std::vector<Event> overflow_;
  std::size_t size_ = 0;
};

}  // namespace sluice
