#include "supply/regimes.h"

#include <algorithm>
#include <cmath>

#include "sim/distributions.h"

namespace sluice {

double Regimes::event_start_prob() const { return std::min(1.0, config_.depth * config_.event_start_prob); }
double Regimes::outage_end_prob() const { return std::min(1.0, config_.depth * config_.outage_end_prob); }

Regimes::Change Regimes::enter(ShockKind shock) {
  regime_ = shock == ShockKind::kEvent ? Regime::kEvent : Regime::kOutage;
  return shock == ShockKind::kEvent ? Change::kEventBegins : Change::kOutageBegins;
}

Regimes::Change Regimes::change(std::int64_t minute) {
  const ScheduledShock* shock = nullptr;  // the one that is on; of several the one listed first
  for (const ScheduledShock& s : config_.scheduled) {
    const double begin = 1440.0 * s.day + 60 * s.hour, at = static_cast<double>(minute);
    if (shock == nullptr && at >= begin && at < begin + 60 * s.hours) shock = &s;
  }
  if (shock != nullptr) {
    const Regime wanted = shock->regime == ShockKind::kEvent ? Regime::kEvent : Regime::kOutage;
    const bool begins = !is_scheduled_ || regime_ != wanted;
    is_scheduled_ = true;
    return begins ? enter(shock->regime) : Change::kNone;
  }
  if (is_scheduled_) {
    is_scheduled_ = false;
    regime_ = Regime::kNormal;
  }
  Rng rng = seed_.stream(Purpose::kRegime, static_cast<std::uint64_t>(minute));
  const double u = uniform_double(rng);
  const double event = config_.rate * config_.events_per_day / 1440;
  const double outage = config_.rate * config_.outages_per_day / 1440;
  switch (regime_) {
    case Regime::kNormal:
      if (u < event) return enter(ShockKind::kEvent);
      if (u < event + outage) return enter(ShockKind::kOutage);
      break;
    case Regime::kEvent:
      if (u < 60 / config_.event_mean_s) regime_ = Regime::kNormal;
      break;
    case Regime::kOutage:
      if (u < 60 / config_.outage_mean_s) regime_ = Regime::kNormal;
      break;
  }
  return Change::kNone;
}

Regimes::Change Regimes::begin_minute(std::int64_t minute) {
  const Change what = change(minute);
  const double hour = static_cast<double>(minute % 1440) / 60;
  const double swing = std::cos((hour - 20.5) / 24 * 2 * M_PI) +
                       0.5 * std::exp(-0.5 * std::pow((hour - 20.7) / 1.3, 2));
  const double shift = regime_ == Regime::kEvent    ? config_.depth * config_.event_appeal
                       : regime_ == Regime::kOutage ? -config_.depth * config_.outage_appeal
                                                    : 0;
  const auto target = static_cast<float>(config_.hour_appeal * swing + shift);
  level_ += minute == 0 ? target - level_ : 0.1f * (target - level_);
  return what;
}

void Regimes::transfer(StateArchive& archive) {
  archive.value("regime", regime_);
  archive.value("is_scheduled", is_scheduled_);
  archive.value("level", level_);
}

}  // namespace sluice
