// Every parameter of the feed changes something.  The list of parameters is the one the reader uses
// (fields()), so a new field cannot escape: it is changed here, and some outcome of a small run must
// differ.  The few that cannot be tested so are named with the reason.

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "experiments/policy_loop.h"
#include "experiments/worlds.h"
#include "sim/config_reader.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

struct Knob {
  std::string path;
  std::function<void(FeedConfig&)> change;
};

// A value of the range other than `value`, half as large again where possible.
double another(double value, const Range& range) {
  for (const double candidate : {value * 1.5, value * 0.5, value + 1, value - 1, 0.5, 2.0}) {
    const bool above = range.bounds == kOpenBelow || range.bounds == kOpen ? candidate > range.lo : candidate >= range.lo;
    const bool below = range.bounds == kOpenAbove || range.bounds == kOpen ? candidate < range.hi : candidate <= range.hi;
    if (candidate != value && above && below) return candidate;
  }
  return value;
}

template <class T>
void collect(const std::string& path, const FieldInfo& info, const T& now,
             const std::function<T&(FeedConfig&)>& get, std::vector<Knob>& knobs) {
  if constexpr (Config<T>) {
    std::apply(
        [&](const auto&... fields) {
          [[maybe_unused]] const auto one = [&](const auto& f) {
            using F = std::decay_t<decltype(f)>;
            using Inner = typename F::Type;
            const auto member = f.member;
            collect<Inner>(path.empty() ? f.name : path + "." + f.name, f.info, now.*member,
                           [get, member](FeedConfig& c) -> Inner& { return get(c).*member; }, knobs);
          };
          (one(fields), ...);
        },
        T::fields());
  } else if constexpr (IsVariant<T>::value) {
    std::visit(
        [&](const auto& kind) {
          using Kind = std::decay_t<decltype(kind)>;
          // A learner's knobs change nothing in a burn-in: only rules serve there.
          if constexpr (requires { Kind::kInfo.learns; }) {
            if constexpr (!Kind::kInfo.learns)
              collect<Kind>(path, info, kind, [get](FeedConfig& c) -> Kind& { return std::get<Kind>(get(c)); }, knobs);
          } else
            collect<Kind>(path, info, kind, [get](FeedConfig& c) -> Kind& { return std::get<Kind>(get(c)); }, knobs);
        },
        now);
  } else if constexpr (std::is_same_v<T, bool>) {
    knobs.push_back({path, [get](FeedConfig& c) { get(c) = !get(c); }});
  } else if constexpr (std::is_enum_v<T>) {
    knobs.push_back({path, [get](FeedConfig& c) { get(c) = static_cast<T>((static_cast<int>(get(c)) + 1) % 2); }});
  } else if constexpr (std::is_arithmetic_v<T>) {
    const Range range = info.range;
    knobs.push_back({path, [get, range](FeedConfig& c) {
                       T& value = get(c);
                       double changed = another(static_cast<double>(value), range);
                       if (std::is_integral_v<T>) changed = std::ceil(changed);
                       if (changed == static_cast<double>(value)) changed += 1;
                       value = static_cast<T>(changed);
                     }});
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    knobs.push_back({path, [get](FeedConfig& c) {
                       for (std::size_t i = 0; i < get(c).size(); i += 2) get(c)[i] *= 1.5;
                     }});
  } else if constexpr (std::is_same_v<T, std::vector<ScheduledShock>>) {
    REQUIRE(!now.empty());
    collect<ScheduledShock>(path + "[0]", info, now[0],
                            [get](FeedConfig& c) -> ScheduledShock& { return get(c)[0]; }, knobs);
  } else {
    knobs.push_back({path, nullptr});
  }
}

// A world in which every effect is at work, strongly enough for 250 users in three days.
FeedConfig busy_world() {
  FeedConfig config;
  config.days = 2;
  config.burn_in.days = 1;
  BehaviouralUsersConfig users{.count = 250};
  users.activity.churn_per_day = 0.02;
  users.dynamics.interruption_leave = 0.1;
  users.dynamics.interruption_spill = 0.2;
  users.dynamics.satisfaction_return = 1;
  users.dynamics.satisfaction_stay = 0.5;
  users.dynamics.interest_drift = 0.2;
  users.activity.return_mean = -1;
  config.users = users;
  MarkovModulatedSupplyConfig supply{.streamers = {.count = 200}};
  supply.regimes.events_per_day = supply.regimes.outages_per_day = 6;
  supply.regimes.scheduled = {{.regime = ShockKind::kOutage, .day = 1, .hour = 18, .hours = 3}};
  supply.feedback.enabled = true;
  config.supply = supply;
  return config;
}

// Of a random policy, so that what is only shown to agents changes nothing; `what` looks at that too.
enum class What { kOutcomes, kOutcomesAndObservations };
std::string outcome(const FeedConfig& config, What what = What::kOutcomes) {
  Worlds worlds(1);
  const auto world = worlds.fork(config, {num_users(config.users), 5});
  const auto agent = make_agent(RandomConfig{.probability = 0.6}, world->spec(), Seed{5});
  const bool looks = what == What::kOutcomesAndObservations;
  world->begin_phase({.days = config.days, .observations = looks ? Observations::kBuild : Observations::kSkip});
  std::string bytes;
  std::vector<Decision> decisions;
  for (;;) {
    const RequestBatch& requests = world->recv();
    if (requests.size() == 0) break;
    const std::vector<float>& seen = requests.observation;
    bytes.append(reinterpret_cast<const char*>(seen.data()), seen.size() * sizeof(float));
    decisions.resize(requests.size());
    agent->act(requests, Mode::kEvaluate, decisions);
    world->send(decisions);
  }
  for (const Table& table : {world->daily(), world->episodes()})
    for (const Column& column : table.columns)
      std::visit(
          [&](const auto& values) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(values)>, std::vector<std::string>>)
              bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
          },
          column.data);
  return bytes;
}

const std::map<std::string, std::string> kElsewhere = {
    {"scenario", "an overlay of the other keys; config_files_test reads each"},
    {"limits", "judges outcomes, does not change them; run_test"},
    {"supply.file", "a name; supply_kinds_test reads tables of different content"}};

// Of a supply without feedback: how many viewers a stream has is seen by agents and felt by nobody.
const std::set<std::string> kOnlyShown = {"supply.hour_percent"};

void check_every_knob(const FeedConfig& config, const std::string& only) {
  std::vector<Knob> knobs;
  collect<FeedConfig>("", {}, config, [](FeedConfig& c) -> FeedConfig& { return c; }, knobs);
  const std::string base = outcome(config);
  CHECK(outcome(config) == base);
  int tested = 0;
  for (const Knob& knob : knobs) {
    if (!knob.path.starts_with(only)) continue;
    CAPTURE(knob.path);
    if (kElsewhere.contains(knob.path)) continue;
    REQUIRE_MESSAGE(knob.change != nullptr, "a field of a type that this test cannot change");
    FeedConfig changed = config;
    knob.change(changed);
    if (kOnlyShown.contains(knob.path))
      CHECK(outcome(changed, What::kOutcomesAndObservations) != outcome(config, What::kOutcomesAndObservations));
    else
      CHECK_MESSAGE(outcome(changed) != base, "changes nothing");
    ++tested;
  }
  CHECK(tested > 5);
}

}  // namespace

TEST_CASE("every knob of the default feed changes an outcome") { check_every_knob(busy_world(), ""); }

TEST_CASE("every knob of the logit users changes an outcome") {
  FeedConfig config = busy_world();
  config.users = LogitUsersConfig{.count = 250, .return_bias = 0, .churn_per_day = 0.02, .leave_unentered = 0.5};
  check_every_knob(config, "users.");
}

TEST_CASE("every knob of the poisson supply changes an outcome") {
  FeedConfig config = busy_world();
  config.supply = PoissonSupplyConfig{.streamers = {.count = 200}, .starts_per_day = 150};
  check_every_knob(config, "supply.");
}

TEST_CASE("every knob of the trace supply changes an outcome") {
  const auto path = own_folder() / "trace.csv";
  std::ofstream file(path);
  file << "streamer,start_s,end_s\n";
  for (int i = 0; i < 200; ++i) file << "s" << i % 70 << "," << i * 400 << "," << i * 400 + 9000 << "\n";
  file.close();
  FeedConfig config = busy_world();
  config.supply = TraceSupplyConfig{.file = path.string(), .repeat_days = 1};
  check_every_knob(config, "supply.");
}

}  // namespace sluice
