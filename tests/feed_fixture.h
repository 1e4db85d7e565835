#pragma once
// Small feed worlds for tests, and policies that need no agent.

#include <functional>
#include <memory>
#include <vector>

#include "sim/feed_world.h"
#include "supply/supply.h"
#include "users/users.h"

namespace sluice {

struct FeedFixture {
  BehaviouralUsersConfig users{.count = 200};
  MarkovModulatedSupplyConfig supply{.streamers = {.count = 400}};
  Seed seed{11};
  FeedOptions options;

  std::unique_ptr<FeedWorld> make_world() const { return make_world(users); }
  std::unique_ptr<FeedWorld> make_world(const UsersConfig& population) const {
    return std::make_unique<FeedWorld>(make(population, seed), make(SupplyConfig{supply}, seed), seed, options);
  }
};

/// Action of the request in row `row` of the batch.
using RowPolicy = std::function<int(const RequestBatch& requests, std::size_t row)>;

/// A coin keyed by the request: the same request gets the same action in every world.
inline RowPolicy keyed_coin(float probability = 0.5f) {
  return [probability](const RequestBatch& requests, std::size_t row) {
    Rng rng = stream(Seed{3}, Purpose::kTest, requests.key[row]);
    return static_cast<float>(rng() >> 40) / 16777216.0f < probability ? 1 : 0;
  };
}
inline RowPolicy constant(int action) {
  return [action](const RequestBatch&, std::size_t) { return action; };
}

/// Runs to the horizon; `see` gets every batch and the transitions that came with it.
inline std::int64_t play(
    Environment& world, const RowPolicy& policy,
    const std::function<void(const RequestBatch&, const TransitionBatch&)>& see = {}) {
  std::vector<Decision> decisions;
  std::int64_t n = 0;
  for (;;) {
    const RequestBatch& requests = world.recv();
    if (see) see(requests, world.transitions());
    if (requests.size() == 0) return n;
    decisions.assign(requests.size(), {});
    for (std::size_t i = 0; i < requests.size(); ++i)
      decisions[i].action = static_cast<std::uint8_t>(policy(requests, i));
    world.send(decisions);
    n += static_cast<std::int64_t>(requests.size());
  }
}

}  // namespace sluice
