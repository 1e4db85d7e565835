// `sluice trace CONFIG --user N [--days D]`: one user's days as a story, with what the agent saw and
// chose.  Told from the environment's own batches and transitions, so it shows what an agent can see.

#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "experiments/commands.h"
#include "experiments/interrupt.h"
#include "experiments/run.h"

namespace sluice {
namespace {

std::string clock_time(Seconds time, Seconds start) {
  const auto t = static_cast<std::int64_t>(time - start);
  return fmt::format("day {:>2} {:02}:{:02}:{:02}", t / 86400, t % 86400 / 3600, t % 3600 / 60, t % 60);
}

std::string duration(double s) {
  if (s < 90) return fmt::format("{:.0f} s", s);
  if (s < 5400) return fmt::format("{:.0f} min", s / 60);
  if (s < 172800) return fmt::format("{:.1f} h", s / 3600);
  return fmt::format("{:.1f} days", s / 86400);
}

class Story {
 public:
  Story(const EnvSpec& spec, std::uint32_t user, Seconds start)
      : schema_(spec.schema), user_(user), start_(start) {}

  void tell_transition(const TransitionBatch& t, std::size_t i) {
    std::string line = "                  ";
    if (t.action[i] == 1)
      line += t.entered[i] ? fmt::format("entered the stream, watched {}{}; ", duration(static_cast<double>(t.watch_time_s[i])),
                                         t.watch_time_s[i] <= 3 ? " (a skip)" : "")
                           : std::string("did not enter; ");
    line += fmt::format("page took {}", duration(-static_cast<double>(t.costs[i * 4 + 1])));
    if (t.session_ended[i])
      line += fmt::format("; left the app, back after {}", duration(static_cast<double>(t.elapsed_s[i])));
    if (t.terminated[i]) line += "; never came back";
    fmt::print("{}\n", line);
    watched_ += static_cast<double>(t.watch_time_s[i]);
  }

  void tell_request(const RequestBatch& r, std::size_t i, const Decision& decision) {
    const auto width = static_cast<std::size_t>(schema_.width);
    const auto see = [&](const char* name) {
      return static_cast<double>(r.observation[i * width + static_cast<std::size_t>(schema_.column(name))]);
    };
    if (r.key[i].page == 0)
      fmt::print("\n{}  opens the app (session {} of the day; {} of live watch in 21 days)\n",
                 clock_time(r.time[i], start_), r.key[i].session + 1, duration(see("live_watch_21d_s")));
    const std::string candidate =
        see("on_air") > 0
            ? fmt::format("topic {:.0f}{}, {} on air, expects {:.1f} s of watch, P(enter) {:.2f}", see("candidate_topic"),
                          see("followed") > 0 ? " (followed)" : "", duration(see("age_s")),
                          see("predicted_watch_s"), see("predicted_enter_prob"))
            : std::string("no stream found");
    fmt::print("{}  page {:>2}: {}; recent exposures {:.1f}, a slot is worth {:.1f} s → {} (p {:.2f})\n",
               clock_time(r.time[i], start_), r.key[i].page + 1, candidate, see("recent_exposures"),
               see("displaced_s"), decision.action == 1 ? "INJECT" : "no live", static_cast<double>(decision.propensity));
    ++requests_;
    injections_ += decision.action;
  }

  void tell_end(int days) const {
    if (requests_ == 0) fmt::print("\nThe user does not open the app; try more --days.\n");
    fmt::print("\nUser {} in {} days: {} requests, {} injections, {} of live watch.\n", user_, days,
               requests_, injections_, duration(watched_));
  }

 private:
  const ObservationSchema& schema_;
  std::uint32_t user_;
  Seconds start_;
  std::int64_t requests_ = 0, injections_ = 0;
  double watched_ = 0;
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
  const Seconds start = world->now();
  Story story(world->spec(), static_cast<std::uint32_t>(options.user), start);
  fmt::print("User {} under `{}`, evaluation seed {}, {} days after a burn-in of {} days.  Times are local.\n",
             options.user, agent_label(config), config.evaluate.seed, options.days, feed->burn_in.days);
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
  story.tell_end(options.days);
  return 0;
}

}  // namespace sluice
