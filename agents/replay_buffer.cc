#include "agents/replay_buffer.h"

#include <algorithm>

#include "sim/check.h"

namespace sluice {
namespace {

// Calls visit(column of a, column of b, values per row) for every column of two batches.
template <class A, class B, class Visit>
void for_each_column(A& a, B& b, std::size_t width, std::size_t num_costs, const Visit& visit) {
  visit(a.user, b.user, 1);
  visit(a.observation, b.observation, width);
  visit(a.next_observation, b.next_observation, width);
  visit(a.action, b.action, 1);
  visit(a.group, b.group, 1);
  visit(a.propensity, b.propensity, 1);
  visit(a.reward, b.reward, 1);
  visit(a.costs, b.costs, num_costs);
  visit(a.watch_time_s, b.watch_time_s, 1);
  visit(a.displaced_s, b.displaced_s, 1);
  visit(a.entered, b.entered, 1);
  visit(a.elapsed_s, b.elapsed_s, 1);
  visit(a.session_ended, b.session_ended, 1);
  visit(a.terminated, b.terminated, 1);
  visit(a.truncated, b.truncated, 1);
}

}  // namespace

ReplayBuffer::ReplayBuffer(std::int64_t capacity, int width, int num_costs) : capacity_(capacity) {
  ENSURE(capacity > 0, "replay capacity");
  rows_.width = width;
  rows_.num_costs = num_costs;
}

void ReplayBuffer::add(const TransitionBatch& transitions) {
  const auto count = static_cast<std::int64_t>(transitions.size());
  if (count == 0) return;
  ENSURE(transitions.width == rows_.width && transitions.num_costs == rows_.num_costs,
         "transitions of another environment");
  // In runs that end at the buffer's end, at most twice around.
  for (std::int64_t done = std::max<std::int64_t>(0, count - capacity_); done < count;) {
    const std::int64_t run = std::min(count - done, capacity_ - next_);
    for_each_column(rows_, transitions, static_cast<std::size_t>(rows_.width),
                    static_cast<std::size_t>(rows_.num_costs),
                    [&](auto& to, const auto& from, std::size_t per_row) {
                      const auto end = static_cast<std::size_t>(next_ + run) * per_row;
                      if (to.size() < end) to.resize(end);
                      std::copy_n(from.begin() + done * static_cast<std::int64_t>(per_row),
                                  static_cast<std::size_t>(run) * per_row,
                                  to.begin() + next_ * static_cast<std::int64_t>(per_row));
                    });
    done += run;
    next_ = (next_ + run) % capacity_;
    size_ = std::min(capacity_, std::max(size_, next_ == 0 ? capacity_ : next_));
  }
}

void ReplayBuffer::transfer(StateArchive& archive) {
  archive.value("size", size_);
  archive.value("next", next_);
  archive.values("user", rows_.user);
  archive.values("observation", rows_.observation);
  archive.values("next_observation", rows_.next_observation);
  archive.values("action", rows_.action);
  archive.values("group", rows_.group);
  archive.values("propensity", rows_.propensity);
  archive.values("reward", rows_.reward);
  archive.values("costs", rows_.costs);
  archive.values("watch_time_s", rows_.watch_time_s);
  archive.values("displaced_s", rows_.displaced_s);
  archive.values("entered", rows_.entered);
  archive.values("elapsed_s", rows_.elapsed_s);
  archive.values("session_ended", rows_.session_ended);
  archive.values("terminated", rows_.terminated);
  archive.values("truncated", rows_.truncated);
}

std::vector<std::int64_t> ReplayBuffer::sample(Seed seed, std::uint64_t update,
                                               int batch_size) const {
  ENSURE(size_ > 0, "an empty replay buffer");
  Rng rng = seed.stream(Purpose::kReplay, update);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(batch_size));
  for (std::int64_t& row : rows)  // floor(u·size) with a 64-bit u; the bias is below size/2^64
    row = static_cast<std::int64_t>(
        (static_cast<unsigned __int128>(rng()) * static_cast<std::uint64_t>(size_)) >> 64);
  return rows;
}

void ReplayBuffer::gather(const std::vector<std::int64_t>& rows, TransitionBatch& out) const {
  out.width = rows_.width;
  out.num_costs = rows_.num_costs;
  for_each_column(out, rows_, static_cast<std::size_t>(rows_.width),
                  static_cast<std::size_t>(rows_.num_costs),
                  [&](auto& to, const auto& from, std::size_t per_row) {
                    to.resize(rows.size() * per_row);
                    for (std::size_t i = 0; i < rows.size(); ++i)
                      std::copy_n(from.begin() + rows[i] * static_cast<std::int64_t>(per_row),
                                  per_row, to.begin() + static_cast<std::int64_t>(i * per_row));
                  });
}

}  // namespace sluice
