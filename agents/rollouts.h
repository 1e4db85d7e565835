#pragma once
// Decisions as learners from their own decisions want them: one rollout is learned from, in minibatches, while the next
// is collected.

#include <cstdint>
#include <vector>

#include "agents/replay_buffer.h"

namespace sluice {

class Rollouts {
 public:
  /// `transitions`: of a rollout, at least.  The seed is that of the order of its rows.
  Rollouts(std::int64_t transitions, const EnvSpec& spec, Seed seed);

  void add(const TransitionBatch& transitions);
  /// Takes what was collected, if it is enough, as the rollout to learn from.
  bool begin_next();
  const ReplayBuffer& rollout() const { return rollout_; }
  /// Of a minibatch: the rollout's rows in a new order in every epoch.  What is left at the end of one is too little and
  /// is left out.
  std::vector<std::int64_t> next_rows(std::int64_t batch_size);
  void transfer(StateArchive& archive);

 private:
  const std::int64_t transitions_, capacity_;
  const int width_, num_costs_;
  const Seed seed_;
  ReplayBuffer collecting_, rollout_;
  bool is_full_ = false;             // nothing more fits into collecting_
  std::uint64_t rollouts_ = 0;       // begun
  std::uint64_t epoch_ = 0;          // of this rollout
  std::vector<std::int64_t> order_;  // of this epoch
  std::int64_t next_ = 0;            // index into order_
};

}  // namespace sluice
