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

}  // namespace sluice
