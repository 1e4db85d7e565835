#pragma once
// Regimes of the whole supply: a Markov chain by the minute, normal ⇄ event, normal ⇄ outage, with
// geometric durations, and shocks at times set in the config, which overrule it.
//
// Level m(t): relaxes by 10 % a minute towards hour curve + regime shift, and adds to every appeal.
// The starts and ends that a regime brings are the supply's business.

#include <array>
#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/config.h"
#include "sim/rng.h"
#include "sim/state_archive.h"

namespace sluice {

enum class Regime { kNormal, kEvent, kOutage };
enum class ShockKind { kEvent, kOutage };
constexpr std::array<const char*, 2> enum_names(ShockKind) { return {"event", "outage"}; }

struct ScheduledShock {
  ShockKind regime = ShockKind::kEvent;
  int day = 28;
  double hour = 20;
  double hours = 2;

  static constexpr auto fields() {
    using C = ScheduledShock;
    return std::tuple{
        field("regime", &C::regime, {.doc = "event: many streams start and all appeal more; outage: no starts, some streams end, all appeal less"}),
        field("day", &C::day, {.range = {0, 1e5}, .unit = "day", .doc = "day of the world's clock, burn-in included: 28 is the first day after the default burn-in"}),
        field("hour", &C::hour, {.range = {0, 24, kOpenAbove}, .unit = "h", .doc = "hour of the day at which it begins"}),
        field("hours", &C::hours, {.range = {0, 1000, kOpenBelow}, .unit = "h", .doc = "how long it lasts"})};
  }
};

struct RegimesConfig {
  double events_per_day = 2;
  double event_mean_s = 5400;
  double event_appeal = 0.7;
  double event_start_prob = 0.06;
  double outages_per_day = 1;
  double outage_mean_s = 3600;
  double outage_appeal = 1.2;
  double outage_end_prob = 0.3;
  double hour_appeal = 0.15;
  double depth = 1;
  double rate = 1;
  std::vector<ScheduledShock> scheduled;

  static constexpr auto fields() {
    using C = RegimesConfig;
    return std::tuple{
        field("events_per_day", &C::events_per_day, {.range = {0, 100}, .unit = "1/day", .doc = "rate of the event regime: many streamers go on air and all appeal more", .source = "prior"}),
        field("event_mean_s", &C::event_mean_s, {.range = {60, 1e6}, .unit = "s", .doc = "mean length of an event", .source = "prior"}),
        field("event_appeal", &C::event_appeal, {.range = {0, 10}, .doc = "gain of appeal during an event", .source = "prior"}),
        field("event_start_prob", &C::event_start_prob, {.range = {0, 1}, .doc = "probability that a streamer off air starts during an event", .source = "prior"}),
        field("outages_per_day", &C::outages_per_day, {.range = {0, 100}, .unit = "1/day", .doc = "rate of the outage regime: no starts, some streams end, all appeal less", .source = "prior"}),
        field("outage_mean_s", &C::outage_mean_s, {.range = {60, 1e6}, .unit = "s", .doc = "mean length of an outage", .source = "prior"}),
        field("outage_appeal", &C::outage_appeal, {.range = {0, 10}, .doc = "loss of appeal during an outage", .source = "prior"}),
        field("outage_end_prob", &C::outage_end_prob, {.range = {0, 1}, .doc = "probability that a stream on air ends when an outage begins", .source = "prior"}),
        field("hour_appeal", &C::hour_appeal, {.range = {0, 10}, .doc = "amplitude of the daily swing of appeal, highest at 20:30", .source = "fitted: KuaiLive gifts by hour"}),
        field("depth", &C::depth, {.range = {0, 10}, .doc = "stress knob: multiplies what a regime shifts, in appeal, starts and ends; 1 = calibrated"}),
        field("rate", &C::rate, {.range = {0, 100}, .doc = "stress knob: multiplies the rates of events and outages; 1 = calibrated"}),
        field("scheduled", &C::scheduled, {.doc = "shocks at set times, a list of {regime, day, hour, hours}"})};
  }
};

class Regimes {
 public:
  Regimes(const RegimesConfig& config, Seed seed) : config_(config), seed_(seed) {}

  enum class Change { kNone, kEventBegins, kOutageBegins };
  /// Minute `minute` of the world's clock begins; call once for each, in order.
  Change begin_minute(std::int64_t minute);
  Regime now() const { return regime_; }
  float level() const { return level_; }
  double event_start_prob() const;  // depth included
  double outage_end_prob() const;
  void transfer(StateArchive& archive);
  void reseed(Seed seed) { seed_ = seed; }

 private:
  Change change(std::int64_t minute);
  Change enter(ShockKind shock);

  RegimesConfig config_;
  Seed seed_;
  Regime regime_ = Regime::kNormal;
  bool is_scheduled_ = false;
  float level_ = 0;  // m(t)
};

}  // namespace sluice
