// The parameters that recalibration moves, and how a fitted config is written down.

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <sstream>

#include "experiments/recalibrate.h"
#include "sim/check.h"
#include "sim/config_writer.h"

namespace sluice {
namespace {

BehaviouralUsersConfig& users_of(FeedConfig& config) {
  auto* users = std::get_if<BehaviouralUsersConfig>(&config.users);
  if (users == nullptr) throw data_error("environment.users.kind: recalibration needs `behavioural`");
  return *users;
}

template <class Part>
std::function<double&(FeedConfig&)> of(Part BehaviouralUsersConfig::*part, double Part::*member) {
  return [=](FeedConfig& config) -> double& { return users_of(config).*part.*member; };
}

constexpr auto kActivity = &BehaviouralUsersConfig::activity;
constexpr auto kVideo = &BehaviouralUsersConfig::short_video;
constexpr auto kLive = &BehaviouralUsersConfig::live;

}  // namespace

std::vector<CalibrationKnob> calibration_knobs(Knobs which) {
  using A = ActivityConfig;
  using V = ShortVideoConfig;
  using L = LiveWatchConfig;
  std::vector<CalibrationKnob> knobs = {
      {"users.activity.budget_mean_s", of(kActivity, &A::budget_mean_s), true, 0.05, 500, 50000},
      {"users.activity.return_mean", of(kActivity, &A::return_mean), false, 0.1, -5, 5},
      {"users.live.enter_bias", of(kLive, &L::enter_bias), false, 0.1, -6, 3},
      {"users.live.no_affinity_share", of(kLive, &L::no_affinity_share), false, 0.03, 0.02, 0.9},
      {"users.live.affinity_sigma", of(kLive, &L::affinity_sigma), false, 0.1, 0.05, 3},
      {"users.live.late_mu", of(kLive, &L::late_mu), false, 0.1, 0, 7},
      {"users.live.late_user_sigma", of(kLive, &L::late_user_sigma), false, 0.1, 0.05, 2}};
  if (which == Knobs::kLight) return knobs;
  const std::vector<CalibrationKnob> others = {
      {"users.activity.sessions_mean", of(kActivity, &A::sessions_mean), true, 0.04, 1.5, 30},
      {"users.activity.sessions_shape", of(kActivity, &A::sessions_shape), true, 0.2, 1.5, 30},
      {"users.activity.budget_user_sigma", of(kActivity, &A::budget_user_sigma), false, 0.08, 0.2, 2.5},
      {"users.activity.budget_watch_share", of(kActivity, &A::budget_watch_share), false, 0.08, 0, 1.2},
      {"users.activity.page_hazard_budget", of(kActivity, &A::page_hazard_budget), false, 0.15, 0, 1.2},
      {"users.activity.return_sigma", of(kActivity, &A::return_sigma), false, 0.1, 0.1, 2},
      {"users.activity.return_inertia", of(kActivity, &A::return_inertia), false, 0.15, 0, 4},
      {"users.short_video.slots_per_page", of(kVideo, &V::slots_per_page), false, 0.03, 5, 6},
      {"users.short_video.skip_share", of(kVideo, &V::skip_share), false, 0.02, 0.05, 0.6},
      {"users.short_video.watch_mu", of(kVideo, &V::watch_mu), false, 0.08, 0.5, 5},
      {"users.short_video.watch_sigma", of(kVideo, &V::watch_sigma), false, 0.06, 1, 2.5},
      {"users.short_video.end_rate", of(kVideo, &V::end_rate), false, 5e-4, 0, 0.01},
      {"users.short_video.user_sigma", of(kVideo, &V::user_sigma), false, 0.06, 0.3, 1.6},
      {"users.short_video.page_sigma", of(kVideo, &V::page_sigma), false, 0.06, 0.2, 1.5},
      {"users.short_video.skip_mood", of(kVideo, &V::skip_mood), false, 0.2, 0, 6},
      {"users.short_video.pause_median_s", of(kVideo, &V::pause_median_s), true, 0.15, 0.2, 60},
      {"users.short_video.pause_sigma", of(kVideo, &V::pause_sigma), false, 0.1, 0.5, 3},
      {"users.live.early_mu", of(kLive, &L::early_mu), false, 0.1, 0, 2.5},
      {"users.live.late_sigma", of(kLive, &L::late_sigma), false, 0.08, 1, 2.5},
      {"users.live.late_share_bias", of(kLive, &L::late_share_bias), false, 0.1, -2, 1}};
  knobs.insert(knobs.end(), others.begin(), others.end());
  return knobs;
}

namespace {

std::vector<std::string> lines_of(const FeedConfig& config) {
  std::istringstream text(to_yaml(config));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::size_t depth(const std::string& line) { return line.find_first_not_of(' '); }

// The lines of `now` that are not in `base`, under their parents; all of it where other kinds were chosen.
std::string differing_lines(const std::vector<std::string>& now, const std::vector<std::string>& base,
                            const std::map<std::string, double>& moved_from) {
  const bool same_shape = now.size() == base.size();
  std::vector<std::string> parents, shown;
  std::string yaml;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::string& line = now[i];
    parents.resize(std::min(parents.size(), depth(line) / 2));
    shown.resize(std::min(shown.size(), parents.size()));
    parents.push_back(line);
    if (line.back() == ':' || (same_shape && line == base[i])) continue;
    for (std::size_t k = 0; k < parents.size(); ++k) {
      if (k < shown.size() && shown[k] == parents[k]) continue;
      yaml += parents[k];
      if (k + 1 == parents.size()) {
        std::string path;
        for (const std::string& part : parents) {
          const std::string key = part.substr(depth(part), part.find(':') - depth(part));
          path += (path.empty() ? "" : ".") + key;
        }
        if (const auto moved = moved_from.find(path); moved != moved_from.end()) yaml += fmt::format("  # from {:.5g}", moved->second);
      }
      yaml += "\n";
    }
    shown = parents;
  }
  return yaml;
}

}  // namespace

std::string recalibrated_yaml(const FeedConfig& before, const Recalibration& result, const RecalibrateOptions& options) {
  std::string yaml = fmt::format(
      "# Recalibrated from `{}`: seed {}, {} users, {} worlds; misfit {:.2f} -> {:.2f} (root mean square, in tolerances).\n"
      "#\n# moment                      before      after     target  tolerance\n",
      before.scenario, options.seed, options.users, result.worlds, misfit(result.before), misfit(result.after));
  for (std::size_t i = 0; i < result.after.size(); ++i)
    yaml += fmt::format("# {:<24} {:>9.4f}  {:>9.4f}  {:>9.4f}  {:>9.4f}\n", result.after[i].name, result.before[i].value,
                        result.after[i].value, result.after[i].target, result.after[i].tolerance);
  FeedConfig old = before, now = result.config;
  std::map<std::string, double> moved_from;
  for (const CalibrationKnob& knob : calibration_knobs(options.knobs)) {
    double& value = knob.value(now);
    if (knob.value(old) == value) continue;
    moved_from[knob.path] = knob.value(old);
    value = std::stod(fmt::format("{:.4g}", value));  // more digits say nothing
  }
  now.scenario = FeedConfig{}.scenario;
  const std::string differing = differing_lines(lines_of(now), lines_of(FeedConfig{}), moved_from);
  // a file of nothing but comments would not be a scenario
  return yaml + (differing.empty() ? fmt::format("days: {}  # nothing differs from the default\n", now.days) : differing);
}

}  // namespace sluice
