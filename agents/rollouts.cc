#include "agents/rollouts.h"

#include <algorithm>
#include <numeric>

namespace sluice {
namespace {

constexpr std::int64_t kRoom = 1 << 16;  // decisions, at least, that may arrive before a full rollout is taken

}  // namespace

Rollouts::Rollouts(std::int64_t transitions, const EnvSpec& spec, Seed seed)
    : transitions_(transitions),
      capacity_(transitions + std::max<std::int64_t>(kRoom, 2 * spec.num_users)),
      width_(spec.schema.width),
      num_costs_(static_cast<int>(spec.cost_names.size())),
      seed_(seed),
      collecting_(capacity_, width_, num_costs_),
      rollout_(capacity_, width_, num_costs_) {}

void Rollouts::add(const TransitionBatch& transitions) {
  const auto n = static_cast<std::int64_t>(transitions.size());
  if (is_full_ || n == 0) return;
  // Nobody learned for long: what is there will do.  Nothing after the gap: trajectories would be tied across it.
  is_full_ = collecting_.size() + n > capacity_;
  if (!is_full_) collecting_.add(transitions);
}

bool Rollouts::begin_next() {
  if (collecting_.size() < transitions_) return false;
  std::swap(collecting_, rollout_);
  collecting_ = ReplayBuffer(capacity_, width_, num_costs_);
  is_full_ = false;
  ++rollouts_;
  epoch_ = 0;
  order_.clear();
  next_ = 0;
  return true;
}

std::vector<std::int64_t> Rollouts::next_rows(std::int64_t batch_size) {
  const std::int64_t size = std::min(batch_size, rollout_.size());
  if (next_ + size > static_cast<std::int64_t>(order_.size())) {
    order_.resize(static_cast<std::size_t>(rollout_.size()));
    std::iota(order_.begin(), order_.end(), 0);
    Rng rng = seed_.stream(Purpose::kReplay, rollouts_, epoch_++);
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[rng() % i]);
    next_ = 0;
  }
  next_ += size;
  return {order_.begin() + (next_ - size), order_.begin() + next_};
}

void Rollouts::transfer(StateArchive& archive) {
  archive.section("collecting", [&] { collecting_.transfer(archive); });
  archive.section("rollout", [&] { rollout_.transfer(archive); });
  archive.value("is_full", is_full_);
  archive.value("rollouts", rollouts_);
  archive.value("epoch", epoch_);
  archive.values("order", order_);
  archive.value("next", next_);
}

}  // namespace sluice
