#include "sim/event_calendar.h"

#include <doctest/doctest.h>

#include "sim/rng.h"

namespace sluice {
namespace {

std::vector<std::pair<double, std::uint32_t>> drain(EventCalendar<int>& calendar, double width, int buckets) {
  std::vector<std::pair<double, std::uint32_t>> order;
  std::vector<EventCalendar<int>::Event> due;
  for (int bucket = 0; bucket < buckets; ++bucket) {
    calendar.take_due(width * (bucket + 1), due);
    for (const auto& event : due) order.emplace_back(event.time, event.owner);
    calendar.advance_to(width * (bucket + 1));
  }
  return order;
}

}  // namespace

TEST_CASE("event calendar: events come out by time and then by owner, whatever the order of scheduling") {
  Rng rng = Seed{1}.stream(Purpose::kTest);
  std::vector<std::pair<double, std::uint32_t>> events;
  for (std::uint32_t i = 0; i < 2000; ++i)
    events.emplace_back(static_cast<double>(rng() % 5000), i % 50);  // many equal times
  EventCalendar<int> forward(10, 40), backward(10, 40);  // the ring covers 400 of 5000: overflow is used
  for (std::size_t i = 0; i < events.size(); ++i) {
    forward.schedule(events[i].first, events[i].second, 0);
    backward.schedule(events[events.size() - 1 - i].first, events[events.size() - 1 - i].second, 0);
  }
  const auto order = drain(forward, 10, 500);
  std::sort(events.begin(), events.end());
  CHECK(order == events);
  CHECK(drain(backward, 10, 500) == events);
  CHECK(forward.size() == 0);
}

TEST_CASE("event calendar: an event scheduled into the bucket being drained comes with the next call") {
  EventCalendar<int> calendar(60, 10);
  std::vector<EventCalendar<int>::Event> due;
  calendar.schedule(5, 1, 0);
  calendar.take_due(60, due);
  REQUIRE(due.size() == 1);
  calendar.schedule(7, 1, 42);
  calendar.take_due(60, due);
  REQUIRE(due.size() == 1);
  CHECK(due[0].payload == 42);
}

TEST_CASE("event calendar: memory follows the events that are pending, not all that there have been") {
  EventCalendar<NoPayload> calendar(1, 1000);
  std::vector<EventCalendar<NoPayload>::Event> due;
  std::size_t early = 0;
  for (int bucket = 0; bucket < 2000; ++bucket) {
    for (std::uint32_t i = 0; i < 300; ++i) calendar.schedule(bucket + i / 300.0, i, {});
    calendar.take_due(bucket + 1, due);
    CHECK(due.size() == 300);
    calendar.advance_to(bucket + 1);
    if (bucket == 0) early = calendar.bytes();
  }
  CHECK(calendar.bytes() == early);
}

TEST_CASE("event calendar: a loaded calendar gives the same events in the same order") {
  EventCalendar<int> calendar(10, 7), loaded(10, 7);
  Rng rng = Seed{2}.stream(Purpose::kTest);
  drain(calendar, 10, 5);  // not at the ring's start any more
  for (std::uint32_t i = 0; i < 500; ++i) calendar.schedule(50 + static_cast<double>(rng() % 200), i, 0);
  StateBlobs blobs;
  StateArchive saving = StateArchive::saving(blobs), loading = StateArchive::loading(blobs);
  calendar.transfer(saving);
  loaded.transfer(loading);
  std::vector<EventCalendar<int>::Event> due, again;
  for (int bucket = 5; bucket < 25; ++bucket) {
    calendar.take_due(10 * (bucket + 1), due);
    loaded.take_due(10 * (bucket + 1), again);
    REQUIRE(due.size() == again.size());
    for (std::size_t i = 0; i < due.size(); ++i) CHECK(due[i].owner == again[i].owner);
    calendar.advance_to(10 * (bucket + 1));
    loaded.advance_to(10 * (bucket + 1));
  }
  CHECK(loaded.size() == 0);
}

}  // namespace sluice
