// Saving and loading a feed world between two batches.

#include "sim/check.h"
#include "sim/feed_world_impl.h"

namespace sluice {

void FeedWorld::transfer(StateArchive& archive) {
  Impl& w = *impl_;
  ENSURE(w.answered, "a world is saved between send() and recv()");
  archive.section("users", [&] { w.users->transfer(archive); });
  archive.section("supply", [&] { w.supply->transfer(archive); });
  archive.section("calendar", [&] { w.calendar.transfer(archive); });
  archive.section("tables", [&] { w.tables.transfer(archive); });
  archive.fixed("records", w.records);
  archive.fixed("pasts", w.pasts);
  archive.value("any_churned", w.any_churned);
  archive.values("open_observation", w.open_observation);
  archive.fixed("group_key", w.group_key);
  archive.value("window_start", w.window_start);
  archive.value("horizon", w.horizon);
  archive.value("today", w.today);
  archive.value("phase_first_day", w.phase_first_day);
  archive.value("phase", w.phase);
  archive.value("on_air_sum", w.on_air_sum);
  archive.value("on_air_windows", w.on_air_windows);
  archive.value("num_decisions", w.num_decisions);
  archive.value("num_open", w.num_open);
  archive.value("num_dropped", w.num_dropped);
  archive.value("closed_totals", w.closed_totals);
  archive.value("closed_user_days", w.closed_user_days);
  archive.value("window_open", w.window_open);
  archive.value("finished", w.finished);
  if (!archive.is_loading()) return;
  w.completed.clear();
  w.completed.width = w.spec.schema.width;
  w.completed.num_costs = kNumFeedCosts;
  w.batch.user.clear();
}

}  // namespace sluice
