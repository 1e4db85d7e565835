// How fast the feed world decides, beside its floor: per number of users, by part, by threads; its memory.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <optional>

#include "experiments/bench_parts.h"
#include "experiments/worlds.h"

namespace sluice {
namespace {

struct RunOptions {
  int users = 0;
  AgentConfig policy = RandomConfig{};
  Observations observations = Observations::kBuild;
  int probes = 24;
  int threads = 1;
  std::int64_t max_decisions = 0;  // 0: the whole day
};

/// CPU ns of the calling thread per decision, but for wall and all_threads.
struct RunCost {
  std::int64_t decisions = 0;
  double recv = 0, act = 0, send = 0;
  double wall = 0, all_threads = 0;
  double total() const { return recv + act + send; }
  double requests_per_user = 0;
  DecisionCounts counts;
  StateBytes bytes;
};

// A simulated day from a fresh start; nobody has a past.
RunCost run_day(const RunOptions& options) {
  FeedConfig feed;
  std::get<MarkovModulatedSupplyConfig>(feed.supply).retrieval.probes = options.probes;
  const Worlds worlds(options.threads);
  const auto world = worlds.fresh(feed, {.users = options.users, .seed = 1});
  const auto agent = make_agent(options.policy, world->spec(), Seed{1});
  world->begin_phase({.days = 1, .observations = options.observations});
  RunCost cost;
  std::vector<Decision> decisions;
  const double wall = wall_seconds(), all_threads = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (double start = thread_cpu_seconds();;) {
    const RequestBatch& requests = world->recv();
    const double received = thread_cpu_seconds();
    cost.recv += received - start;
    if (requests.size() == 0) break;
    decisions.resize(requests.size());
    agent->act(requests, Mode::kEvaluate, decisions);
    const double acted = thread_cpu_seconds();
    cost.act += acted - received;
    world->send(decisions);
    start = thread_cpu_seconds();
    cost.send += start - acted;
    cost.decisions += static_cast<std::int64_t>(requests.size());
    if (options.max_decisions > 0 && cost.decisions >= options.max_decisions) break;
  }
  const double scale = 1e9 / static_cast<double>(cost.decisions);
  cost.wall = scale * (wall_seconds() - wall);
  cost.all_threads = scale * (clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - all_threads);
  cost.recv *= scale;
  cost.act *= scale;
  cost.send *= scale;
  const std::vector<double> totals = world->total_means();
  const double requests = std::max(1e-9, totals[kRequests]);
  cost.counts = {.shorts = (totals[kExposures] - totals[kInjections]) / requests,
                 .live = totals[kInjections] / requests,
                 .sessions = totals[kSessions] / requests,
                 .probes = options.probes,
                 .observation_floats = world->spec().schema.width};
  cost.requests_per_user = totals[kRequests];
  cost.bytes = world->state_bytes();
  return cost;
}

// Each of `options` in turn, `repetitions` times over; result [option][repetition].
std::vector<std::vector<RunCost>> alternate(const std::vector<RunOptions>& options, int repetitions) {
  std::vector<std::vector<RunCost>> costs(options.size());
  for (int i = 0; i < repetitions; ++i)
    for (std::size_t which = 0; which < options.size(); ++which) costs[which].push_back(run_day(options[which]));
  return costs;
}

template <class Value>
double median_of(const std::vector<RunCost>& costs, Value value) {
  std::vector<double> values;
  for (const RunCost& cost : costs) values.push_back(value(cost));
  return median(std::move(values));
}
double total_of(const std::vector<RunCost>& costs) { return median_of(costs, [](const RunCost& c) { return c.total(); }); }

constexpr const char* kRate = "simulator, random policy, observations built, {} users";
constexpr const char* kRatio = "decision, cost over its floor, {} users";
constexpr const char* kFloorName = "the model's draws, exp, products and bytes from L1";

void add_rates(BenchNumbers& numbers, const Wanted& wanted) {
  std::vector<RunOptions> options;
  for (const int users : {10000, 100000})
    if (wanted(fmt::format(kRate, users)) || wanted(fmt::format(kRatio, users))) options.push_back({.users = users});
  if (options.empty()) return;
  const auto costs = alternate(options, 3);
  const FloorParts floor = measure_floor(costs[0][0].counts);
  for (std::size_t i = 0; i < options.size(); ++i) {
    const double ns = total_of(costs[i]);
    numbers.push_back({.name = fmt::format(kRate, options[i].users), .value = 1e9 / ns, .unit = "decisions/s/core",
                       .floor = 1e9 / floor.total(), .floor_name = kFloorName});
    numbers.push_back({.name = fmt::format(kRatio, options[i].users), .value = ns / floor.total(), .unit = "x"});
  }
}

// What a decision is spent on: the calls, the floor's parts, and what is saved by leaving things out.  Over
// the same first 3 M decisions of a day.
void add_parts(BenchNumbers& numbers, const Wanted& wanted) {
  if (!wanted("decision, by part, 100000 users")) return;
  const RunOptions full{.users = 100000, .max_decisions = 3000000};
  std::vector<RunOptions> options(4, full);
  options[1].observations = Observations::kSkip;
  options[2].probes = 1;
  options[3].policy = NeverConfig{};
  const auto costs = alternate(options, 3);
  RunOptions day = full;
  day.users = 10000;
  day.max_decisions = 0;
  const FloorParts floor = measure_floor(run_day(day).counts);
  const auto add = [&](const std::string& name, double ns, double floor_ns = 0, const char* floor_name = "") {
    numbers.push_back({.name = "decision, by part, 100000 users: " + name, .value = ns, .unit = "ns",
                       .floor = floor_ns, .floor_name = floor_name});
  };
  add("all", total_of(costs[0]), floor.total(), kFloorName);
  add("recv (calendar, retrieval, outlook, observation)", median_of(costs[0], [](const RunCost& c) { return c.recv; }));
  add("policy", median_of(costs[0], [](const RunCost& c) { return c.act; }));
  add("send (response, platform's log, calendar)", median_of(costs[0], [](const RunCost& c) { return c.send; }));
  add("floor: draws", floor.blocks);
  add("floor: normals beside their draws", floor.normals);
  add("floor: exp and the like", floor.exps);
  add("floor: products of retrieval", floor.products);
  add("floor: bytes of the observation", floor.bytes);
  const double all = total_of(costs[0]);
  add("saved without observations", all - total_of(costs[1]));
  add("saved by 1 probe of retrieval instead of 24", all - total_of(costs[2]));
  add("saved by never injecting", all - total_of(costs[3]));
}

void add_threads(BenchNumbers& numbers, const Wanted& wanted) {
  const std::string name = "two threads, speed over one, 100000 users";
  if (!wanted(name)) return;
  RunOptions one{.users = 100000, .max_decisions = 3000000}, two = one;
  two.threads = 2;
  const auto costs = alternate({one, two}, 5);
  const auto wall = [](const RunCost& c) { return c.wall; };
  const auto cpu = [](const RunCost& c) { return c.all_threads; };
  numbers.push_back({.name = name + " (wall time: needs two idle cores)",
                     .value = median_of(costs[0], wall) / median_of(costs[1], wall), .unit = "x"});
  numbers.push_back({.name = "two threads, CPU time of both over one's, 100000 users",
                     .value = median_of(costs[1], cpu) / median_of(costs[0], cpu), .unit = "x"});
}

void add_million(BenchNumbers& numbers, const Wanted& wanted) {
  const std::string name = "decision, cost at 1000000 users over that at 10000";
  if (!wanted(name)) return;
  const RunCost before = run_day({.users = 10000}), million = run_day({.users = 1000000}), after = run_day({.users = 10000});
  numbers.push_back({.name = name, .value = 2 * million.total() / (before.total() + after.total()), .unit = "x"});
}

void add_memory(BenchNumbers& numbers, const Wanted& wanted) {
  const std::string name = "state per user, 100000 users";
  if (!wanted(name)) return;
  const StateBytes bytes = run_day({.users = 100000}).bytes;
  const auto add = [&](const std::string& part, std::size_t n) {
    numbers.push_back({.name = name + part, .value = static_cast<double>(n) / 100000, .unit = "bytes"});
  };
  add("", bytes.records + bytes.users + bytes.group_keys + bytes.calendar);
  add(": the platform's record", bytes.records);
  add(": the user model's", bytes.users);
  add(": group key", bytes.group_keys);
  add(": calendar", bytes.calendar);
}

// Long and large: only when it is asked for by name.
void add_huge(BenchNumbers& numbers, const Wanted& wanted) {
  const std::string name = "huge: 10000000 users for a day";
  if (!wanted(name)) return;
  const RunCost cost = run_day({.users = 10000000});
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  numbers.push_back({.name = name, .value = 1e9 / cost.total(), .unit = "decisions/s/core"});
  numbers.push_back({.name = name + ", peak memory", .value = static_cast<double>(usage.ru_maxrss) / (1 << 20), .unit = "GiB"});
}

// The tables of a day: every user's row added up, the tables made, as a share of the day's simulation.
void add_tables(BenchNumbers& numbers, const Wanted& wanted) {
  const std::string name = "daily tables, share of the run, 100000 users";
  if (!wanted(name)) return;
  constexpr int kUsers = 100000;
  struct alignas(64) Row {  // as far apart as in the world
    FeedTotals totals{};
    std::array<char, 256 - sizeof(FeedTotals)> others{};
  };
  std::vector<Row> rows(kUsers);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].totals.fill(static_cast<float>(i % 7));
  std::vector<double> seconds;
  for (int repetition = 0; repetition < 7; ++repetition) {
    FeedTables tables(kNumReportingGroups);
    const double start = thread_cpu_seconds();
    tables.open_day(0);
    for (std::size_t i = 0; i < rows.size(); ++i)
      tables.add({rows[i].totals, static_cast<int>(i % kNumReportingGroups), i % 5 != 0, i % 4 != 0});
    tables.close_day(500);
    const std::size_t size = tables.daily(0).columns.size() + tables.daily_group(0).columns.size();
    seconds.push_back(thread_cpu_seconds() - start + (size == 0 ? 1e9 : 0));
  }
  const RunCost run = run_day({.users = kUsers, .max_decisions = 3000000});
  const RunCost day = run_day({.users = 10000});
  const double run_seconds = 1e-9 * run.total() * day.requests_per_user * kUsers;
  numbers.push_back({.name = name, .value = 100 * median(seconds) / run_seconds, .unit = "%"});
}

}  // namespace

BenchNumbers bench_simulator(const Wanted& wanted) {
  BenchNumbers numbers;
  add_rates(numbers, wanted);
  add_parts(numbers, wanted);
  add_threads(numbers, wanted);
  add_million(numbers, wanted);
  add_memory(numbers, wanted);
  add_tables(numbers, wanted);
  add_huge(numbers, wanted);
  return numbers;
}

}  // namespace sluice
