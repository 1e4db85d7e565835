#pragma once
// An event calendar: events come out in the order of (time, owner).  Buckets of equal width hold the
// near future (no comparison on insertion); what lies beyond the ring waits in an overflow list.  The
// order does not depend on the order of scheduling, so threads may fill it in any order.
//
// A bucket is a chain of small blocks, and drained blocks are used again at once: memory follows the
// number of events that are pending, not the fullest that each bucket has ever been.

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "sim/check.h"
#include "sim/state_archive.h"

namespace sluice {

/// For events that are nothing but a time and an owner.
struct NoPayload {};

template <class Payload>
class EventCalendar {
 public:
  struct Event {
    double time = 0;          // s
    std::uint32_t owner = 0;  // whose event: breaks ties, lower first
    [[no_unique_address]] Payload payload{};
  };

  /// `width`: s per bucket; `num_buckets`: the ring covers width·num_buckets from now.
  EventCalendar(double width, std::size_t num_buckets) : width_(width), ring_(num_buckets) {}

  /// Nothing may be scheduled before the bucket being drained.
  void schedule(double time, std::uint32_t owner, const Payload& payload) {
    const std::int64_t ahead = static_cast<std::int64_t>(time / width_) - current_;
    ENSURE(ahead >= 0, "event scheduled in the past");
    if (ahead < static_cast<std::int64_t>(ring_.size()))
      push(ring_[index(static_cast<std::size_t>(ahead))], {time, owner, payload});
    else
      overflow_.push_back({time, owner, payload});
    ++size_;
  }

  /// Takes every event of the current bucket with time < `until`, in order, into `due`.  Events
  /// scheduled into this bucket meanwhile come with the next call.
  void take_due(double until, std::vector<Event>& due) {
    taken_.clear();
    Bucket& bucket = ring_[position_];
    empty_into(bucket, taken_);
    const auto later = std::partition(taken_.begin(), taken_.end(), [until](const Event& e) { return e.time < until; });
    for (auto e = later; e != taken_.end(); ++e) push(bucket, *e);
    taken_.erase(later, taken_.end());
    sort_into(due);
    size_ -= due.size();
  }

  /// Moves on to the bucket that starts at `time`; every earlier bucket must be empty.
  void advance_to(double time) {
    const auto target = static_cast<std::int64_t>(time / width_ + 0.5);
    while (current_ < target) {
      ENSURE(ring_[position_].size == 0, "events left behind");
      ++current_;
      position_ = index(1);
      if (position_ == 0) refill();
    }
  }

  std::size_t size() const { return size_; }
  /// Memory of the pending events, capacity included.
  std::size_t bytes() const {
    return ring_.size() * sizeof(Bucket) + blocks_.capacity() * sizeof(Block) + overflow_.capacity() * sizeof(Event);
  }

  void transfer(StateArchive& archive) {
    archive.value("current", current_);
    std::vector<Event> events = overflow_;
    for (const Bucket& bucket : ring_) append(bucket, events);
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
    for (Bucket& bucket : ring_) bucket = {};
    position_ = static_cast<std::size_t>(current_) % ring_.size();
    blocks_.clear();
    free_ = kNone;
    overflow_.clear();
    size_ = 0;
    for (std::size_t i = 0; i < times.size(); ++i) schedule(times[i], owners[i], payloads[i]);
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kBlockEvents = 15;
  struct Block {
    std::uint32_t next = kNone;
    std::array<Event, kBlockEvents> events;
  };
  struct Bucket {
    std::uint32_t last = kNone;  // block that is being filled; it links to the full ones
    std::uint32_t size = 0;      // events; only the last block may be less than full
  };

  std::size_t index(std::size_t ahead) const {  // ahead < ring_.size()
    const std::size_t i = position_ + ahead;
    return i < ring_.size() ? i : i - ring_.size();
  }
  void push(Bucket& bucket, const Event& event) {
    const std::uint32_t at = bucket.size % kBlockEvents;
    if (at == 0) {
      std::uint32_t block = free_;
      if (block == kNone) {
        block = static_cast<std::uint32_t>(blocks_.size());
        // by a quarter rather than doubled: this is memory per user, and growth is soon over.
        if (blocks_.size() == blocks_.capacity()) blocks_.reserve(blocks_.size() + blocks_.size() / 4 + 64);
        blocks_.emplace_back();
      } else {
        free_ = blocks_[block].next;
      }
      blocks_[block].next = bucket.last;
      bucket.last = block;
    }
    blocks_[bucket.last].events[at] = event;
    ++bucket.size;
  }
  void append(const Bucket& bucket, std::vector<Event>& to) const {
    std::uint32_t left = bucket.size;
    for (std::uint32_t block = bucket.last; left > 0; block = blocks_[block].next) {
      const std::uint32_t here = (left - 1) % kBlockEvents + 1;
      to.insert(to.end(), blocks_[block].events.begin(), blocks_[block].events.begin() + here);
      left -= here;
    }
  }
  void empty_into(Bucket& bucket, std::vector<Event>& to) {
    append(bucket, to);
    for (std::uint32_t block = bucket.last; block != kNone;) {
      const std::uint32_t next = blocks_[block].next;
      blocks_[block].next = free_;
      free_ = block;
      block = next;
    }
    bucket = {};
  }
  // taken_ in order into `due`: events are spread over slots of equal width, about four in each, and
  // only those within a slot are compared.
  void sort_into(std::vector<Event>& due) {
    const auto before = [](const Event& a, const Event& b) {
      return a.time != b.time ? a.time < b.time : a.owner < b.owner;
    };
    due.resize(taken_.size());
    const std::size_t num_slots = taken_.size() / 4 + 1;
    const double begin = static_cast<double>(current_) * width_, scale = static_cast<double>(num_slots) / width_;
    const auto slot = [&](const Event& e) {
      const auto at = static_cast<std::int64_t>((e.time - begin) * scale);
      return static_cast<std::size_t>(std::clamp<std::int64_t>(at, 0, static_cast<std::int64_t>(num_slots) - 1));
    };
    slots_.assign(num_slots + 1, 0);
    for (const Event& e : taken_) ++slots_[slot(e) + 1];
    for (std::size_t i = 1; i < num_slots; ++i) slots_[i + 1] += slots_[i];
    for (const Event& e : taken_) due[slots_[slot(e)]++] = e;  // slots_[i] ends as the end of slot i
    std::uint32_t first = 0;
    for (std::size_t i = 0; i < num_slots; ++i) {
      std::sort(due.begin() + first, due.begin() + slots_[i], before);
      first = slots_[i];
    }
  }
  // Once per turn of the ring: what was beyond it and no longer is.
  void refill() {
    const std::int64_t end = current_ + static_cast<std::int64_t>(ring_.size());
    auto keep = std::partition(overflow_.begin(), overflow_.end(), [&](const Event& e) {
      return static_cast<std::int64_t>(e.time / width_) >= end;
    });
    for (auto e = keep; e != overflow_.end(); ++e)
      push(ring_[index(static_cast<std::size_t>(static_cast<std::int64_t>(e->time / width_) - current_))], *e);
    overflow_.erase(keep, overflow_.end());
  }

  double width_;
  std::int64_t current_ = 0;   // bucket that is being drained, …
  std::size_t position_ = 0;   // … and where in the ring it is
  std::vector<Bucket> ring_;
  std::vector<Block> blocks_;
  std::uint32_t free_ = kNone;  // blocks to use again
  std::vector<Event> overflow_;
  std::size_t size_ = 0;
  std::vector<Event> taken_;           // scratch of take_due()
  std::vector<std::uint32_t> slots_;   // scratch of sort_into()
};

}  // namespace sluice
