// `sluice trace CONFIG --user N [--days D]`: one user's days as a story, with what the agent saw and
// chose.  Told from the environment's own batches and transitions, so it shows what an agent can see.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>

#include "experiments/commands.h"
#include "experiments/interrupt.h"
#include "experiments/run.h"

namespace sluice {
namespace {

std::string clock_time(Seconds time) {
  const auto t = static_cast<std::int64_t>(time) % 86400;
  return fmt::format("{:02}:{:02}:{:02}", t / 3600, t % 3600 / 60, t % 60);
}

std::string duration(double s) {
  if (s < 9.95) return fmt::format("{:.1f} s", s);
  if (s < 90) return fmt::format("{:.0f} s", s);
  if (s < 5400) return fmt::format("{:.0f} min", s / 60);
  if (s < 172800) return fmt::format("{:.1f} h", s / 3600);
  return fmt::format("{:.1f} days", s / 86400);
}

std::string count(std::int64_t n, const char* one, const char* many) { return fmt::format("{} {}", n, n == 1 ? one : many); }

constexpr const char* kHowToRead =
    "\nHow to read it.  One line is one request, a page of about six slots.  Left of the arrow is what the agent\n"
    "knows: the live stream it may inject, how long that has been on air, the platform's prediction of the watch\n"
    "time and of the chance that the user enters, the live streams shown lately (`recent`, halved every 20 min),\n"
    "and what a slot is worth in short videos (`slot`, this user's trailing mean), which an injection displaces.\n"
    "Right of it: the decision, what the user did with the stream, and how long the page lasted.\n";
constexpr const char* kColumns =
    "  page      time  stream on offer                   predicted  enters  recent    slot  →  decision; what came of it\n";

/// What is told of a day, or of all of them.
struct Tally {
  std::int64_t sessions = 0, requests = 0, injections = 0, entries = 0, skips = 0;
  double live_s = 0, app_s = 0;

  std::string text() const {
    return fmt::format("{}, {}, {} injected, {} entered ({} of them left within 3 s), {} of live watch, {} in the app",
                       count(sessions, "session", "sessions"), count(requests, "request", "requests"), injections, entries,
                       skips, duration(live_s), duration(app_s));
  }
};

class Story {
 public:
  Story(const EnvSpec& spec, int first_day, int days) : schema_(spec.schema), first_day_(first_day), days_(days) {}

  void tell_request(const RequestBatch& r, std::size_t i, const Decision& decision) {
    begin_days_until(static_cast<int>(r.time[i] / kDay) - first_day_);
    const auto see = [&](const char* name) {
      const std::size_t at = i * static_cast<std::size_t>(schema_.width);
      return static_cast<double>(r.observation[at + static_cast<std::size_t>(schema_.column(name))]);
    };
    if (r.key[i].page == 0 || is_new_day_) {
      if (r.key[i].page == 0) ++today_.sessions;
      fmt::print("\n  {} {}, live watch in 21 days {}\n{}", clock_time(r.time[i]),
                 r.key[i].page == 0 ? fmt::format("opens the app, session {} of the day", r.key[i].session + 1)
                                    : std::string("is still there from the day before"),
                 duration(see("live_watch_21d_s")), kColumns);
    }
    is_new_day_ = false;
    const bool on_air = see("on_air") > 0;
    const std::string stream = on_air ? fmt::format("topic {:.0f}{}, on air {}", see("candidate_topic"),
                                                    see("followed") > 0 ? ", followed" : "", duration(see("age_s")))
                                      : std::string("none found");
    const std::string predicted = on_air ? duration(see("predicted_watch_s")) : "–";
    const std::string enters = on_air ? fmt::format("{:.0f} %", 100 * see("predicted_enter_prob")) : "–";
    std::string choice = decision.action == 1 ? "INJECT" : "–";
    if (decision.propensity < 1) choice += fmt::format(" (prob. {:.2f})", decision.propensity);
    row_ = fmt::format("  {:>4}  {}  {:<32}  {:>9}  {:>6}  {:>6.1f}  {:>6}  →  {}", r.key[i].page + 1, clock_time(r.time[i]), stream,
                       predicted, enters, see("recent_exposures"), duration(see("displaced_s")), choice);
    injected_ = decision.action == 1 && on_air;
    if (decision.action == 1 && !on_air) row_ += ", but there is nothing to inject";
    ++today_.requests;
    today_.injections += injected_ ? 1 : 0;
  }

  /// Ends the line of the request before.
  void tell_transition(const TransitionBatch& t, std::size_t i) {
    const auto costs = std::span(t.costs).subspan(i * kNumFeedCosts, kNumFeedCosts);
    const double watch_s = static_cast<double>(t.watch_time_s[i]), page_s = -static_cast<double>(costs[kCostTime]);
    if (injected_) {
      if (t.entered[i]) row_ += fmt::format(": {} {}", costs[kCostSkip] > 0 ? "skipped after" : "watched", duration(watch_s));
      else row_ += ": not entered";
    }
    row_ += fmt::format("; page {}", duration(page_s));
    if (t.session_ended[i])
      row_ += t.terminated[i] ? "; leaves and never comes back" : fmt::format("; leaves, next request in {}", duration(static_cast<double>(t.elapsed_s[i])));
    fmt::print("{}\n", row_);
    row_.clear();
    today_.entries += t.entered[i];
    today_.skips += costs[kCostSkip] > 0 ? 1 : 0;
    today_.live_s += watch_s;
    today_.app_s += page_s;
  }

  void tell_end(std::uint32_t user) {
    if (!row_.empty()) fmt::print("{}; not back within a week\n", row_);
    begin_days_until(days_);
    fmt::print("\nUser {} in {}: {}.\n", user, count(days_, "day", "days"), all_.text());
    if (all_.requests == 0) fmt::print("The user does not open the app; try more --days or another --user.\n");
  }

 private:
  // Ends the days that are over and begins `day`; what the last page of a day brings counts to that day.
  void begin_days_until(int day) {
    static constexpr std::array kWeekdays = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    for (; day_ < day; ) {
      if (day_ >= 0) {
        fmt::print("\n  {}\n", today_.requests == 0 ? "does not open the app" : "In all: " + today_.text());
        all_.sessions += today_.sessions;
        all_.requests += today_.requests;
        all_.injections += today_.injections;
        all_.entries += today_.entries;
        all_.skips += today_.skips;
        all_.live_s += today_.live_s;
        all_.app_s += today_.app_s;
        today_ = {};
      }
      if (++day_ >= days_) return;
      is_new_day_ = true;
      fmt::print("\nday {}, a {}\n", day_, kWeekdays[static_cast<std::size_t>((first_day_ + day_) % 7)]);
    }
  }

  const ObservationSchema& schema_;
  int first_day_, days_, day_ = -1;
  std::string row_;  // the request that waits for its outcome
  bool injected_ = false, is_new_day_ = false;
  Tally today_, all_;
};

}  // namespace

int trace_command(const TraceOptions& options) {
  catch_interrupts();
  ExperimentConfig config = load_experiment(options.config, options.sets, options.seed);
  auto* feed = std::get_if<FeedConfig>(&config.environment);
  if (feed == nullptr) throw data_error("trace tells the story of a feed user: environment.kind must be feed");
  // The user alone: the same luck as among all others, since nobody meets anybody.
  std::visit([&](auto& kind) { kind.first = options.user; }, feed->users);
  Worlds worlds(1);
  const WorldKey key{1, config.evaluate.seed};
  const std::unique_ptr<FeedWorld> world = worlds.fork(*feed, key);
  world->set_limits(resolve_limits(*feed, worlds.never_costs(*feed, key, options.days)));
  std::unique_ptr<Agent> agent = make_agent(resolve_from(config.agent), world->spec(), Seed{config.seed});
  if (const auto* from = std::get_if<FromConfig>(&config.agent))
    agent->load(ResultReader(from->from).read_agent());
  else if (agent->learns())
    throw data_error("trace needs a policy: a rule, or a trained agent by `agent: {from: RUN.h5}`");
  const UserProfile profile = world->users().profile(0);
  fmt::print("User {} under `{}`, evaluation seed {}: {} after a burn-in of {} under `environment.burn_in.policy`.\n", options.user,
             agent_label(config), config.evaluate.seed, count(options.days, "day", "days"), count(feed->burn_in.days, "day", "days"));
  fmt::print("Registered for {:.0f} days, likes topic {} best.  {} of live watch in the last 21 days.  Times are local.\n{}",
             static_cast<double>(profile.registered_days) + world->now() / kDay, profile.top_topic,
             duration(static_cast<double>(world->history(0).live_watch_21d_s_after(feed->burn_in.days - 1))), kHowToRead);
  Story story(world->spec(), static_cast<int>(world->now() / kDay), options.days);
  world->begin_phase({.days = options.days, .transitions = Transitions::kCollect});
  std::vector<Decision> decisions;
  for (int day = -1;;) {
    stop_if_interrupted();
    const RequestBatch& requests = world->recv();
    for (std::size_t i = 0; i < world->transitions().size(); ++i) story.tell_transition(world->transitions(), i);
    if (requests.size() == 0) break;
    for (; day < world->day(); ++day) agent->begin_day(day + 1, world->group_keys());
    decisions.resize(requests.size());
    agent->act(requests, Mode::kEvaluate, decisions);
    for (std::size_t i = 0; i < requests.size(); ++i) story.tell_request(requests, i, decisions[i]);
    world->send(decisions);
  }
  story.tell_end(static_cast<std::uint32_t>(options.user));
  return 0;
}

}  // namespace sluice
