// A readable log of a small world's first events under a fixed rule, as a golden file.  Numbers are whole
// (s, %), so that the last bit of another CPU's logarithm does not show and a change of substance does.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "supply/live_streams.h"
#include "tests/feed_fixture.h"
#include "tests/golden_file.h"

namespace sluice {
namespace {

constexpr std::size_t kEvents = 200;

struct Event {
  Seconds time;
  int order;  // at equal times: midnight, streams, users
  std::string text;
};

std::string clock_time(Seconds time) {
  const auto t = static_cast<std::int64_t>(std::floor(time));
  return fmt::format("day {} {:02}:{:02}:{:02}", t / 86400, t % 86400 / 3600, t % 3600 / 60, t % 60);
}

int percent(double share) { return static_cast<int>(std::lround(100 * share)); }
int whole(double x) { return static_cast<int>(std::lround(x)); }

// What starts and ends: a supply of the same config and seed as the world's, which no view disturbs.
class StreamLog {
 public:
  explicit StreamLog(const FeedFixture& fixture) : supply_(make(SupplyConfig{fixture.supply}, fixture.seed)) {}

  void advance(Seconds now, std::vector<Event>& events) {
    supply_->advance(now);
    StateBlobs blobs;
    StateArchive saving = StateArchive::saving(blobs);
    supply_->transfer(saving);
    const auto& bytes = blobs.blobs.at("live/streams").bytes;
    std::map<std::uint32_t, LiveStream> on_air;
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(LiveStream)) {
      LiveStream stream;
      std::memcpy(&stream, bytes.data() + at, sizeof stream);
      on_air[stream.streamer] = stream;
    }
    for (const auto& [streamer, stream] : on_air_)
      if (!on_air.contains(streamer) || on_air[streamer].start != stream.start)
        events.push_back({stream.end, 1, fmt::format("streamer {} ends", streamer)});
    for (const auto& [streamer, stream] : on_air)
      if (!on_air_.contains(streamer) || on_air_[streamer].start != stream.start)
        events.push_back({stream.start, 1, fmt::format("streamer {} starts, for {} min", streamer, whole((stream.end - stream.start) / 60))});
    on_air_ = std::move(on_air);
  }

 private:
  std::unique_ptr<SupplyProcess> supply_;
  std::map<std::uint32_t, LiveStream> on_air_;
};

class RequestLog {
 public:
  explicit RequestLog(const ObservationSchema& schema) : schema_(schema) {}

  void outcomes(const TransitionBatch& t, std::vector<Event>& events) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      std::string& text = events[open_.at(t.user[i])].text;
      const float* costs = t.costs.data() + i * kNumFeedCosts;
      if (t.entered[i]) text += fmt::format(", watched {} s{}", whole(static_cast<double>(t.watch_time_s[i])), costs[kCostSkip] > 0 ? " (skip)" : "");
      text += fmt::format(", page {} s", whole(static_cast<double>(-costs[kCostTime])));
      if (costs[kCostUsage] != 0) text += fmt::format(", usage {:+} s", whole(static_cast<double>(-costs[kCostUsage])));
      if (t.session_ended[i]) text += fmt::format(", left for {} min", whole(static_cast<double>(t.elapsed_s[i]) / 60));
      if (costs[kCostRetention] > 0) text += ", not back tomorrow";
      if (t.truncated[i]) text += ", truncated";
    }
  }

  void request(const RequestBatch& r, std::size_t i, int action, std::vector<Event>& events) {
    const auto see = [&](const char* name) {
      return static_cast<double>(r.observation[i * static_cast<std::size_t>(schema_.width) + static_cast<std::size_t>(schema_.column(name))]);
    };
    std::string text = fmt::format("user {} session {} page {}: ", r.user[i], r.key[i].session, r.key[i].page);
    text += see("on_air") > 0 ? fmt::format("topic {:.0f}{}, on air {} min, expects {} s, P(enter) {} %", see("candidate_topic"),
                                            see("followed") > 0 ? " (followed)" : "", whole(see("age_s") / 60),
                                            whole(see("predicted_watch_s")), percent(see("predicted_enter_prob")))
                              : std::string("no stream");
    text += fmt::format(", slot {} s, 21 days {} s → {}", whole(see("displaced_s")), whole(see("live_watch_21d_s")), action == 1 ? "INJECT" : "none");
    open_[r.user[i]] = events.size();
    events.push_back({r.time[i], 2, std::move(text)});
  }

 private:
  const ObservationSchema& schema_;
  std::map<std::int32_t, std::size_t> open_;  // user → event that waits for its outcome
};

}  // namespace

TEST_CASE("golden: one day of a small world, event by event") {
  FeedFixture fixture;
  fixture.users.count = 5;
  fixture.users.activity.budget_mean_s = 600;  // short sessions: more of the kinds of events in few lines
  fixture.users.live.enter_bias = 0;               // and more entries
  fixture.supply.streamers.count = 40;
  const auto world = fixture.make_world();
  world->begin_phase({.days = 2, .transitions = Transitions::kCollect});
  StreamLog streams(fixture);
  RequestLog requests(world->spec().schema);
  std::vector<Event> events;
  std::vector<Decision> decisions;
  int day = -1;
  double shown_until = 0;
  for (;;) {
    const RequestBatch& batch = world->recv();
    requests.outcomes(world->transitions(), events);
    const double now = batch.size() == 0 ? 2 * kDay : world->now();
    for (; shown_until <= now; shown_until += fixture.options.window_s) streams.advance(shown_until, events);
    if (batch.size() == 0) break;
    for (; day < world->day(); ++day) events.push_back({(day + 1) * kDay, 0, "midnight"});
    decisions.assign(batch.size(), {});
    for (std::size_t i = 0; i < batch.size(); ++i) {
      // The fixed rule: every third page of a session, from the second on.
      decisions[i].action = batch.key[i].page % 3 == 1 ? 1 : 0;
      requests.request(batch, i, decisions[i].action, events);
    }
    world->send(decisions);
  }
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.time != b.time ? a.time < b.time : a.order < b.order;
  });
  REQUIRE(events.size() > kEvents);
  std::string text;
  for (std::size_t i = 0; i < kEvents; ++i) text += clock_time(events[i].time) + "  " + events[i].text + "\n";
  const Table daily = world->daily();
  const auto total = [&](const char* column) {
    double sum = 0;
    for (const double x : daily.get<double>(column)) sum += x;
    return whole(sum);
  };
  text += fmt::format("… {} events in 2 days; live watch {} s, app usage {} s, {} decisions\n", events.size(), total("live_watch_s"),
                      total("app_usage_s"), world->num_decisions());
  check_golden("one_day.txt", text);
}

}  // namespace sluice
