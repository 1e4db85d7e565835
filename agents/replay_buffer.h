#pragma once
// The last `capacity` transitions, uniformly sampled with replacement.  Rewards and costs are stored
// raw: the Lagrangian reward is formed when they are used, with the multipliers of that moment.

#include <cstdint>
#include <vector>

#include "sim/environment.h"

namespace sluice {

class ReplayBuffer {
 public:
  ReplayBuffer(std::int64_t capacity, int width, int num_costs);

  void add(const TransitionBatch& transitions);
  std::int64_t size() const { return size_; }

  /// The rows that update number `update` learns from.  Same seed, same update, same size: same rows.
  std::vector<std::int64_t> sample(Seed seed, std::uint64_t update, int batch_size) const;
  /// Copies the rows, in the given order.
  void gather(const std::vector<std::int64_t>& rows, TransitionBatch& out) const;

  void transfer(StateArchive& archive);

  /// All rows; the oldest is not necessarily the first.
  const TransitionBatch& rows() const { return rows_; }

 private:
  std::int64_t capacity_;
  std::int64_t size_ = 0;
  std::int64_t next_ = 0;  // where the next transition goes
  TransitionBatch rows_;   // grows up to the capacity
};

}  // namespace sluice
