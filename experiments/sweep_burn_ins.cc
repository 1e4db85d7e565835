#include "experiments/sweep_burn_ins.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <numeric>

#include "experiments/run_cost.h"
#include "experiments/run_parts.h"

namespace sluice {

SharedBurnIns::SharedBurnIns(const std::vector<PlannedRun>& runs, const std::vector<bool>& resumes, Worlds& worlds)
    : names_(runs.size()), order_(runs.size()), worlds_(worlds) {
  std::map<std::string, std::size_t> first;  // run that wants this evaluation world first
  std::vector<std::size_t> group(runs.size());
  std::vector<double> seconds(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const ExperimentConfig& config = runs[i].config;
    const auto* feed = std::get_if<FeedConfig>(&config.environment);
    group[i] = i;
    seconds[i] = estimate_cost(config).seconds;
    if (feed == nullptr) continue;
    const EvaluateConfig& evaluate = config.evaluate;
    const auto want = [&](const WorldKey& key) {
      const std::string name = Worlds::name_of(*feed, key);
      ++shared_.try_emplace(name, Shared{.feed = feed, .key = key, .days = evaluate.days}).first->second.wanted;
      names_[i].push_back(name);
    };
    want({evaluate.users, evaluate.seed});
    group[i] = first.try_emplace(names_[i].front(), i).first->second;
    if (!trains(config)) continue;
    if (evaluate.every_decisions > 0) want({evaluate.curve_users, evaluate.seed});
    if (!resumes[i]) want({num_users(feed->users), config.seed});
  }
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return group[a] != group[b] ? group[a] < group[b] : seconds[a] > seconds[b];
  });
}

void SharedBurnIns::prepare(std::size_t run, int threads, const std::function<void(std::size_t, std::size_t)>& waiting) {
  std::vector<Shared*> queue;
  for (const std::string& name : names_[run])
    if (Shared& world = shared_.at(name); world.wanted > 1 && !world.is_there) queue.push_back(&world);
  if (queue.empty()) return;
  std::atomic<std::size_t> next = 0, done = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < queue.size(); i = next++) {
      worlds_.prepare(*queue[i]->feed, queue[i]->key, queue[i]->days);
      queue[i]->is_there = true;
      ++done;
    }
  };
  std::vector<std::future<void>> workers;
  for (std::size_t i = 0; i < std::min(queue.size(), static_cast<std::size_t>(std::max(1, threads))); ++i)
    workers.push_back(std::async(std::launch::async, work));
  for (auto& worker : workers)
    while (worker.wait_for(std::chrono::milliseconds(200)) != std::future_status::ready) waiting(done, queue.size());
  for (auto& worker : workers) worker.get();
}

void SharedBurnIns::ended(std::size_t run) {
  for (const std::string& name : names_[run]) {
    Shared& world = shared_.at(name);
    if (--world.wanted == 0 && world.is_there) worlds_.forget(*world.feed, world.key);
  }
}

}  // namespace sluice
