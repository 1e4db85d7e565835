#pragma once
// Burn-ins that several runs of a sweep begin with: simulated once, in the parent, when the first of
// these runs is about to start; dropped when the last one has ended.  A world that only one run wants
// is left to that run's own process.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "experiments/sweep.h"
#include "experiments/worlds.h"

namespace sluice {

class SharedBurnIns {
 public:
  /// `resumes[i]`: run i goes on from a checkpoint, and has no use for its training world.
  SharedBurnIns(const std::vector<PlannedRun>& runs, const std::vector<bool>& resumes, Worlds& worlds);

  /// Runs in an order in which those with common worlds follow each other, the longest of them first.
  const std::vector<std::size_t>& order() const { return order_; }
  /// Simulates what run `run` shares and is not there yet, on up to `threads` threads; `waiting` is called
  /// meanwhile, several times a second.  Throws UserError(kInterrupted) after a signal.
  void prepare(std::size_t run, int threads, const std::function<void(std::size_t done, std::size_t all)>& waiting);
  void ended(std::size_t run);

 private:
  struct Shared {
    const FeedConfig* feed;
    WorldKey key;
    int days;
    int wanted = 0;  // by runs that have not ended
    bool is_there = false;
  };
  std::vector<std::vector<std::string>> names_;  // [run] worlds it wants
  std::map<std::string, Shared> shared_;
  std::vector<std::size_t> order_;
  Worlds& worlds_;
};

}  // namespace sluice
