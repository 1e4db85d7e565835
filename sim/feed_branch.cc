// Branching: copies of waiting users in a world of their own.

#include <cmath>

#include "sim/check.h"
#include "sim/feed_world_impl.h"

namespace sluice {
namespace {

std::vector<int> users_of(const RequestBatch& batch, const Branch& branch) {
  ENSURE(branch.rows.size() == branch.luck.size(), "luck for every copy");
  std::vector<int> users;
  for (const std::size_t row : branch.rows) {
    ENSURE(row < batch.size(), "a row of the waiting batch");
    users.push_back(batch.user[row]);
  }
  return users;
}

}  // namespace

FeedWorld::Impl::Impl(const Impl& o, const Branch& branch, Transitions transitions)
    : users(o.users->select(users_of(o.batch, branch), branch.luck)), supply(o.supply->clone()), seed(o.seed),
      options(o.options), spec(o.spec), pool(std::make_unique<WorkerPool>(o.options.num_threads)),
      calendar(o.options.window_s, static_cast<std::size_t>(2 * kDay / o.options.window_s)),
      window_start(o.window_start),
      horizon(o.window_start + std::ceil(branch.days * kDay / o.options.window_s - 1e-6) * o.options.window_s), today(o.today),
      phase_first_day(o.today),
      phase{.days = static_cast<int>(std::ceil(branch.days)),
            .observations = o.builds_latent() ? Observations::kBuildWithLatent : Observations::kBuild,
            .transitions = transitions,
            .at_horizon = branch.at_horizon},
      any_churned(o.any_churned), window_open(true), answered(false), finished(false) {
  if (supply->counts_views())
    throw data_error("environment.supply.feedback.enabled: a world whose supply listens to viewers cannot be branched; switch it off");
  supply->reseed(branch.shared);
  spec.num_users = users->count();
  calendar.advance_to(window_start);
  tables.open_day(today);
  const std::size_t n = branch.rows.size(), width = static_cast<std::size_t>(spec.schema.width);
  if (collects()) open_observation.resize(n * width);
  completed.width = spec.schema.width;
  completed.num_costs = kNumFeedCosts;
  next_time.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t row = branch.rows[i], user = static_cast<std::size_t>(o.batch.user[row]);
    records.push_back(o.records[user]);
    UserRecord& r = records.back();
    r.step.open = r.pending = false;
    r.today.fill(0);
    r.active_days = 0;
    pasts.push_back(o.pasts[user]);
    pasts.back().episode.fill(0);
    group_key.push_back(o.group_key[user]);
    batch.user.push_back(static_cast<std::int32_t>(i));
    batch.time.push_back(o.batch.time[row]);
    batch.key.push_back(key(static_cast<int>(i)));
    const auto from = o.batch.observation.begin() + static_cast<std::ptrdiff_t>(row * width);
    if (o.builds()) batch.observation.insert(batch.observation.end(), from, from + static_cast<std::ptrdiff_t>(width));
    const std::size_t latents = spec.latent_names.size();
    const auto hidden = o.batch.latent.begin() + static_cast<std::ptrdiff_t>(row * latents);
    if (o.builds_latent()) batch.latent.insert(batch.latent.end(), hidden, hidden + static_cast<std::ptrdiff_t>(latents));
    candidates.push_back(o.candidates[row]);
    outlooks.push_back(o.outlooks[row]);
  }
}

std::unique_ptr<Environment> FeedWorld::branch(const Branch& branch) const { return branch_feed(branch); }

std::unique_ptr<FeedWorld> FeedWorld::branch_feed(const Branch& branch, Transitions transitions) const {
  ENSURE(!impl_->answered, "a world is branched between recv() and send()");
  return std::unique_ptr<FeedWorld>(new FeedWorld(std::make_unique<Impl>(*impl_, branch, transitions)));
}

const RequestBatch& FeedWorld::waiting() const { return impl_->batch; }

}  // namespace sluice
