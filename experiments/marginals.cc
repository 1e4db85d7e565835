// `sluice fidelity`: runs the world under its burn-in rule for 31 days and sets its marginals beside
// published figures.  Sources: KuaiRand (Gao et al. 2022; 27K: 322 M exposures of 27,285 users in 31
// days; Pure: watch times) and KuaiLive (2025: 23,772 users, 21 days).

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "experiments/commands.h"
#include "experiments/interrupt.h"
#include "experiments/policy_loop.h"
#include "experiments/progress.h"
#include "experiments/worlds.h"

namespace sluice {
namespace {

constexpr int kDays = 31;

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return NAN;
  const auto k = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + k, values.end());
  return values[static_cast<std::size_t>(k)];
}

struct Row {
  std::string name, unit;
  double simulated, data;
  bool is_distance = false;  // `simulated` is itself a distance; `data` its bound
};

class Marginals {
 public:
  explicit Marginals(int users) : last_(static_cast<std::size_t>(users), -1), active_(static_cast<std::size_t>(users) * kDays) {}

  void see(const FeedWorld& world, const RequestBatch& r, Seconds start) {
    for (std::size_t i = 0; i < r.size(); ++i) {
      const auto user = static_cast<std::size_t>(r.user[i]);
      const Seconds t = r.time[i] - start;
      ++hours_[static_cast<std::size_t>(std::fmod(t, kDay) / 3600)];
      active_[user * kDays + static_cast<std::size_t>(t / kDay)] = 1;
      if (r.key[i].page > 0) {
        gaps_.push_back(t - last_[user]);
        // The page before this one: its newest videos.  Every fourth page is plenty.
        const UserHistory& h = world.history(r.user[i]);
        if (++pages_ % 4 == 0)
          for (std::size_t k = 0; k < 4; ++k)
            if (h.short_topic[k] != 0) {
              shorts_.push_back(0.1 * h.short_watch_ds[k]);
              user_of_short_.push_back(r.user[i]);
            }
      }
      last_[user] = t;
    }
  }

  // Live watch times: exact, from transitions.
  void see(const TransitionBatch& t) {
    for (std::size_t i = 0; i < t.size(); ++i)
      if (t.entered[i]) live_.push_back(static_cast<double>(t.watch_time_s[i]));
  }

  double return_rate(int days) const {
    double pairs = 0, returned = 0;
    for (std::size_t i = 0; i < active_.size(); ++i) {
      if (!active_[i] || static_cast<int>(i % kDays) + days >= kDays) continue;
      ++pairs;
      returned += active_[i + static_cast<std::size_t>(days)];
    }
    return returned / pairs;
  }

  // One-way random effects on ln watch, users with at least 20 videos: method of moments.
  double user_icc() const {
    std::vector<std::array<double, 3>> by_user(last_.size());
    for (std::size_t i = 0; i < shorts_.size(); ++i) {
      auto& [n, sum, squares] = by_user[static_cast<std::size_t>(user_of_short_[i])];
      const double x = std::log(std::max(0.05, shorts_[i]));
      n += 1, sum += x, squares += x * x;
    }
    double k = 0, total = 0, n_total = 0, within = 0, n_squares = 0;
    for (const auto& [n, sum, squares] : by_user) {
      if (n < 20) continue;
      k += 1, total += sum, n_total += n, n_squares += n * n, within += squares - sum * sum / n;
    }
    const double mean = total / n_total;
    double between = 0;
    for (const auto& [n, sum, squares] : by_user)
      if (n >= 20) between += n * (sum / n - mean) * (sum / n - mean);
    const double ms_within = within / (n_total - k), ms_between = between / (k - 1);
    const double n0 = (n_total - n_squares / n_total) / (k - 1);
    const double variance = std::max(0.0, (ms_between - ms_within) / n0);
    return variance / (variance + ms_within);
  }

  std::vector<Row> rows(const FeedWorld& world);

 private:
  std::vector<double> last_;
  std::vector<char> active_;
  std::array<double, 24> hours_{};
  std::vector<double> gaps_, shorts_, live_;
  std::vector<int> user_of_short_;
  std::int64_t pages_ = 0;
};

std::vector<Row> Marginals::rows(const FeedWorld& world) {
  constexpr std::array<double, 24> kHours = {3.297, 2.005, 1.282, .903,  .812,  1.146, 2.133, 3.093,
                                             3.582, 4.017, 4.477, 4.791, 5.284, 5.316, 4.795, 4.893,
                                             5.149, 5.438, 5.847, 6.166, 6.614, 6.863, 6.783, 5.313};
  const std::vector<double> total = world.total_means();
  const Table daily = world.daily(), episodes = world.episodes();
  const double icc = user_icc();  // before the quantiles reorder the videos
  std::vector<Row> rows;
  double requests = 0, tv = 0;
  for (const double x : hours_) requests += x;
  for (std::size_t h = 0; h < 24; ++h) tv += std::abs(hours_[h] / requests - kHours[h] / 100) / 2;
  rows.push_back({"hour profile of requests, total variation", "1", tv, 0.02, true});
  rows.push_back({"sessions per user-day", "1", total[kSessions], 4.84});
  rows.push_back({"requests per session", "1", total[kRequests] / total[kSessions], 13.6});
  rows.push_back({"items per request", "1", total[kExposures] / total[kRequests], 5.80});
  std::vector<double> exposures;
  for (const auto x : episodes.get<std::int64_t>("exposures")) exposures.push_back(static_cast<double>(x) / kDays);
  rows.push_back({"exposures per user-day, mean", "1", total[kExposures], 381.0});
  const std::array<std::pair<double, double>, 6> expo = {{{.05, 45}, {.25, 144}, {.5, 277}, {.75, 491}, {.95, 1051}, {.99, 1814}}};
  for (const auto& [q, data] : expo)
    rows.push_back({fmt::format("  31-day mean of users, p{:.0f}", 100 * q), "1", quantile(exposures, q), data});
  double mean_gap = 0, sum = 0, squares = 0, n = 0;
  for (const double gap : gaps_) {
    if (gap > 1800) continue;
    mean_gap += gap, sum += std::log(gap), squares += std::log(gap) * std::log(gap), n += 1;
  }
  rows.push_back({"gap between requests (≤ 30 min), mean", "s", mean_gap / n, 165});
  // Moments of the published fit, a log-normal (4.278, 1.469) truncated at 30 min.
  rows.push_back({"  mean of ln gap", "ln s", sum / n, 4.224});
  rows.push_back({"  sd of ln gap", "ln s", std::sqrt(squares / n - sum / n * (sum / n)), 1.407});
  const std::array<std::pair<double, double>, 7> watch = {{{.05, 1.003}, {.1, 1.25}, {.25, 2.091}, {.5, 6.364}, {.75, 25.931}, {.9, 69.831}, {.99, 222.0}}};
  for (const auto& [q, data] : watch)
    rows.push_back({fmt::format("short-video watch time, p{:.0f}", 100 * q), "s", quantile(shorts_, q), data});
  rows.push_back({"  user share of variance of ln watch (ICC)", "1", icc, 0.179});
  rows.push_back({"live share of exposures", "1", total[kInjections] / total[kExposures], 0.10});
  rows.push_back({"live entry rate per injection", "1", total[kEntries] / total[kInjections], 0.279});
  rows.push_back({"live watch per entry, mean", "s", total[kLiveWatch] / total[kEntries], 82.6});
  const std::array<std::pair<double, double>, 4> live = {{{.25, 1.8}, {.5, 5.4}, {.75, 34.2}, {.9, 204.6}}};
  for (const auto& [q, data] : live)
    rows.push_back({fmt::format("  per entry, p{:.0f} (data: shop rooms)", 100 * q), "s", quantile(live_, q), data});
  std::vector<double> user_live;
  for (const double x : episodes.get<double>("live_watch_s"))
    if (x * 21 / kDays > 300) user_live.push_back(x * 21 / kDays);
  const std::array<std::pair<double, double>, 4> user = {{{.25, 3089}, {.5, 8115}, {.75, 20253}, {.9, 41745}}};
  for (const auto& [q, data] : user)
    rows.push_back({fmt::format("live watch of a live user in 21 days, p{:.0f}", 100 * q), "s", quantile(user_live, q), data});
  const auto sum_of = [&](const char* name) {
    const auto& v = daily.get<std::int64_t>(name);
    return static_cast<double>(std::accumulate(v.begin(), v.end(), std::int64_t{0}));
  };
  rows.push_back({"live DAU / DAU", "1", sum_of("live_dau") / sum_of("dau"), 0.57});
  rows.push_back({"P(active on a day); data .80 to .88", "1", sum_of("dau") / sum_of("users"), 0.80});
  rows.push_back({"D1", "1", return_rate(1), 0.90});
  rows.push_back({"D7", "1", return_rate(7), 0.80});
  return rows;
}

}  // namespace

int fidelity_command(const FidelityOptions& options) {
  catch_interrupts();
  std::vector<ConfigNode> layers;
  if (!options.config.empty()) layers = with_includes(load_config_file(options.config));
  for (const std::string& setting : options.sets) layers.push_back(parse_setting(setting));
  const ExperimentConfig config = read_experiment(layers, options.seed);
  const auto* feed = std::get_if<FeedConfig>(&config.environment);
  if (feed == nullptr) throw data_error("fidelity needs a feed environment");
  Worlds worlds(1);
  const auto world = worlds.fork(*feed, {options.users, options.seed});
  const auto rule = make_agent(feed->burn_in.policy, world->spec(), Seed{options.seed});
  const Seconds start = world->now();
  world->begin_phase({.days = kDays, .transitions = Transitions::kCollect});
  Marginals marginals(options.users);
  std::vector<Decision> decisions;
  Progress progress("31 days", 0, "decisions");
  for (int day = -1;;) {
    stop_if_interrupted();
    const RequestBatch& requests = world->recv();
    marginals.see(world->transitions());
    if (requests.size() == 0) break;
    for (; day < world->day(); ++day) rule->begin_day(day + 1, world->group_keys());
    marginals.see(*world, requests, start);
    decisions.resize(requests.size());
    rule->act(requests, Mode::kEvaluate, decisions);
    world->send(decisions);
    progress.set(world->num_decisions());
  }
  progress.done();
  const bool md = options.format == "md";
  if (md)
    fmt::print("| marginal | unit | simulated | data | off by |\n|---|---|---:|---:|---:|\n");
  else
    fmt::print("{:<46} {:<5} {:>10} {:>10} {:>9}\n", "marginal", "unit", "simulated", "data", "off by");
  for (const Row& row : marginals.rows(*world)) {
    const double off = row.simulated / row.data - 1;
    const bool bad = row.is_distance ? row.simulated > row.data : std::abs(off) > 0.15;
    const std::string distance = row.is_distance ? (bad ? "above" : "below") : fmt::format("{:+.0f} %", 100 * off);
    const auto number = [](double x) { return fmt::format("{:.{}f}", x, x < 0.995 ? 3 : x < 100 ? 2 : 0); };
    fmt::print(fmt::runtime(md ? "| {} | {} | {} | {} | {}{} |\n" : "{:<46} {:<5} {:>10} {:>10} {:>9}{}\n"), row.name,
               row.unit, number(row.simulated), number(row.data), distance, bad ? (md ? " **off**" : "  off") : "");
  }
  fmt::print("\n{} users, {} days after {} days of burn-in under `{}`; off: more than 15 %, or above the bound.\n",
             options.users, kDays, feed->burn_in.days,
             std::visit([](const auto& kind) { return std::string(std::decay_t<decltype(kind)>::kKind); }, feed->burn_in.policy));
  return 0;
}

}  // namespace sluice
