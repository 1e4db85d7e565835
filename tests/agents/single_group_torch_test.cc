// SL-MGAC with one group beside an actor-critic written here with torch's own layers, losses and optimiser; and
// groups beside each other.

#include <doctest/doctest.h>

#include <cmath>

#include "agents/agents.h"
#include "agents/replay_buffer.h"
#include "tests/agents/learning_fixture.h"

namespace sluice {
namespace {

using torch::Tensor;
namespace F = torch::nn::functional;

constexpr int kBatch = 64, kActions = 2, kCosts = 2;
constexpr std::uint64_t kSeed = 5;

// Dense columns only, so that the extractor has no parameters.
EnvSpec dense_spec(int num_users) {
  EnvSpec spec = feed_like_spec(num_users);
  spec.schema.blocks = {spec.schema.blocks[0], spec.schema.blocks[2]};
  spec.schema.finish();
  return spec;
}

LearningContext context() { return {.batch_size = kBatch, .warmup_transitions = 100, .replay_capacity = 1000}; }

Tensor array(const AgentState& state, const std::string& name) {
  const AgentState::Array& found = state.arrays.at(name);
  return torch::tensor(found.values, torch::kDouble).view(found.shape);
}

// One network of the agent: Linear → LayerNorm → ReLU, Linear.
struct Net : torch::nn::Module {
  torch::nn::Linear first{nullptr}, last{nullptr};
  torch::nn::LayerNorm norm{nullptr};
  Net(const AgentState& state, const std::string& prefix) {
    const Tensor weight = array(state, prefix + "layer0_weight").squeeze(0), output = array(state, prefix + "layer1_weight").squeeze(0);
    first = register_module("first", torch::nn::Linear(weight.size(1), weight.size(0)));
    norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({weight.size(0)})));
    last = register_module("last", torch::nn::Linear(output.size(1), output.size(0)));
    to(torch::kDouble);
    const torch::NoGradGuard no_grad;
    first->weight.copy_(weight), first->bias.copy_(array(state, prefix + "layer0_bias").squeeze(0));
    norm->weight.copy_(array(state, prefix + "layer0_gain").squeeze(0)), norm->bias.copy_(array(state, prefix + "layer0_shift").squeeze(0));
    last->weight.copy_(output), last->bias.copy_(array(state, prefix + "layer1_bias").squeeze(0));
  }
  Tensor forward(const Tensor& x) { return last(torch::relu(norm(first(x)))); }
  double distance(const AgentState& state, const std::string& prefix) const {
    const Net other(state, prefix);
    double worst = 0;
    for (std::size_t i = 0; i < parameters().size(); ++i) worst = std::max(worst, (parameters()[i] - other.parameters()[i]).abs().max().item<double>());
    return worst;
  }
};

// L of sl_mgac.h, from its equations: M buckets, λ per cost, reward in units of 30 s.
struct Twin {
  Net rpn, qrn, actor, target_rpn, target_qrn;
  Tensor edges;
  std::vector<double> lambda;
  torch::optim::Adam critic_adam, actor_adam;

  Twin(const AgentState& state, const SlMgacConfig& config, std::vector<double> multipliers)
      : rpn(state, "critic.reward."), qrn(state, "critic.residual."), actor(state, "actor.logits."), target_rpn(state, "critic.reward."),
        target_qrn(state, "critic.residual."), lambda(std::move(multipliers)),
        critic_adam(both(), torch::optim::AdamOptions(config.learning_rate)), actor_adam(actor.parameters(), torch::optim::AdamOptions(config.actor_learning_rate)) {}

  std::vector<Tensor> both() const {
    std::vector<Tensor> all = rpn.parameters();
    for (const Tensor& parameter : qrn.parameters()) all.push_back(parameter);
    return all;
  }

  static Tensor features(const std::vector<float>& raw, std::int64_t width) {
    const Tensor x = torch::log1p(torch::tensor(raw, torch::kDouble).view({-1, width}));
    return (x - x.mean(1, true)) / torch::sqrt(x.var(1, false, true) + 1e-5);
  }

  // R̂(s, ·): 0 without injection; with it the price of a second times the expected watch, less λ times what is displaced.
  Tensor reward(Net& net, const Tensor& x, const Tensor& displaced) {
    const std::int64_t m = edges.size(0) - 1;
    const Tensor heads = net.forward(x);
    const Tensor low = edges.narrow(0, 0, m), width = edges.narrow(0, 1, m) - low;
    const Tensor p = torch::softmax(heads.narrow(1, 1, m), 1), delta = torch::sigmoid(heads.narrow(1, 1 + m, m));
    const Tensor watch = torch::sigmoid(heads.select(1, 0)) * (p * (low + delta * width)).sum(1);
    const Tensor injected = ((1 + lambda[0]) * watch - lambda[0] * displaced) / 30;
    return torch::stack({torch::zeros_like(injected), injected}, 1);
  }

  void update(const TransitionBatch& t, const SlMgacConfig& config, double clip) {
    const std::int64_t n = static_cast<std::int64_t>(t.size()), m = edges.size(0) - 1;
    const Tensor x = features(t.observation, t.width), next = features(t.next_observation, t.width);
    const Tensor displaced = torch::tensor(t.observation, torch::kDouble).view({n, t.width}).select(1, 0);
    const Tensor next_displaced = torch::tensor(t.next_observation, torch::kDouble).view({n, t.width}).select(1, 0);
    std::vector<std::int64_t> action(t.action.begin(), t.action.end());
    const Tensor a = torch::tensor(action), watch = torch::tensor(t.watch_time_s, torch::kDouble);
    const Tensor costs = torch::tensor(t.costs, torch::kDouble).view({n, kCosts});
    const Tensor price = torch::tensor(lambda, torch::kDouble);
    Tensor y;
    {
      const torch::NoGradGuard no_grad;
      const Tensor policy = torch::softmax(actor.forward(next), 1);
      const Tensor next_q = reward(target_rpn, next, next_displaced) + target_qrn.forward(next);
      std::vector<double> discount;
      for (std::size_t i = 0; i < t.size(); ++i) discount.push_back(t.terminated[i] ? 0 : std::pow(config.discount, static_cast<double>(t.elapsed_s[i]) / 165));
      const Tensor gained = (torch::tensor(t.reward, torch::kDouble) - (costs * price).sum(1)) / 30;
      y = gained + torch::tensor(discount, torch::kDouble) * (policy * next_q).sum(1);
    }
    const Tensor q = reward(rpn, x, displaced).detach() + qrn.forward(x);
    const Tensor td = (q.gather(1, a.unsqueeze(1)).squeeze(1) - y).square().mean();

    // Supervised: does an injection get any watch, in which bucket, and where in it?
    const Tensor rows = torch::nonzero(a == 1).squeeze(1);
    const Tensor heads = rpn.forward(x).index_select(0, rows), seen = watch.index_select(0, rows);
    const Tensor enters = (seen > 0).to(torch::kDouble);
    Tensor supervised = F::binary_cross_entropy_with_logits(heads.select(1, 0), enters);
    const Tensor positive = torch::nonzero(seen > 0).squeeze(1);
    std::vector<std::int64_t> bucket;
    std::vector<double> delta;
    for (std::int64_t i = 0; i < positive.size(0); ++i) {
      const double w = seen[positive[i].item<std::int64_t>()].item<double>();
      std::int64_t b = 0;
      while (b + 1 < m && w >= edges[b + 1].item<double>()) ++b;
      bucket.push_back(b);
      delta.push_back(std::min(1.0, (w - edges[b].item<double>()) / (edges[b + 1] - edges[b]).item<double>()));
    }
    const Tensor own = heads.index_select(0, positive), index = torch::tensor(bucket);
    supervised = supervised + F::cross_entropy(own.narrow(1, 1, m), index) +
                 F::mse_loss(torch::sigmoid(own.narrow(1, 1 + m, m)).gather(1, index.unsqueeze(1)).squeeze(1), torch::tensor(delta, torch::kDouble));

    // Actor: Q centred and divided by the batch's mean gap.
    const Tensor centred = (q - q.mean(1, true)).detach();
    const Tensor scale = (q.select(1, 1) - q.select(1, 0)).abs().mean().detach();
    const Tensor policy = torch::softmax(actor.forward(x), 1);
    const Tensor entropy = -(policy * policy.log()).sum(1).mean();
    const Tensor policy_loss = -(policy * centred / scale).sum(1).mean() - config.entropy_coefficient * entropy;

    critic_adam.zero_grad();
    actor_adam.zero_grad();
    (td + supervised + policy_loss).backward();
    torch::nn::utils::clip_grad_norm_(both(), clip);
    torch::nn::utils::clip_grad_norm_(actor.parameters(), clip);
    critic_adam.step();
    actor_adam.step();
    const torch::NoGradGuard no_grad;
    for (auto [slow, fast] : {std::pair{&target_rpn, &rpn}, std::pair{&target_qrn, &qrn}})
      for (std::size_t i = 0; i < slow->parameters().size(); ++i) slow->parameters()[i].lerp_(fast->parameters()[i], config.polyak);
  }
};

TEST_CASE("sl-mgac: with one group, 50 updates are those of an actor-critic written with torch's own parts") {
  const EnvSpec spec = dense_spec(64);
  SlMgacConfig config;
  config.num_groups = 1;
  config.hidden = {16};
  config.num_buckets = 5;
  config.polyak = 0.05;
  config.multiplier = FixedMultiplierConfig{{{"cost_usage", 0.7}, {"cost_skip", 0.2}}};
  const auto agent = make_agent(config, spec, Seed(kSeed), context());
  agent->begin_day(0, std::vector<float>(64, 0.0f));
  TransitionBatch transitions = random_transitions(spec, 500, 9);
  for (std::size_t i = 0; i < transitions.size(); i += 7) transitions.terminated[i] = 1;
  for (std::uint8_t& group : transitions.group) group = 0;
  AgentState before;
  agent->save(before);
  agent->observe(transitions);
  ReplayBuffer replay(1000, spec.schema.width, kCosts);
  replay.add(transitions);
  Twin twin(before, config, {0.7, 0.2});
  for (int i = 0; i < 50; ++i) {
    REQUIRE(agent->update().has_value());
    if (i == 0) {  // the edges are formed at the first update
      AgentState formed;
      agent->save(formed);
      twin.edges = array(formed, "bucket_edges_0");
    }
    TransitionBatch batch;
    replay.gather(replay.sample(Seed(kSeed), static_cast<std::uint64_t>(i), kBatch), batch);
    twin.update(batch, config, config.max_gradient_norm);
  }
  AgentState after;
  agent->save(after);
  CHECK(twin.rpn.distance(after, "critic.reward.") < 1e-5);
  CHECK(twin.qrn.distance(after, "critic.residual.") < 1e-5);
  CHECK(twin.actor.distance(after, "actor.logits.") < 1e-5);
  CHECK(twin.rpn.distance(before, "critic.reward.") > 1e-3);
  CHECK(twin.qrn.distance(before, "critic.residual.") > 1e-3);
  CHECK(twin.actor.distance(before, "actor.logits.") > 1e-3);
}

// Layers of group g after 50 updates; rewards of group 1 are multiplied by `factor`.
std::vector<std::vector<double>> layers_of(std::int64_t g, float factor, bool with_others) {
  const EnvSpec spec = dense_spec(64);
  SlMgacConfig config;
  config.num_groups = 3;
  config.hidden = {16};
  config.reward_head = RewardHead::kMse;
  config.q_normalization = QNormalization::kNone;  // the others divide by a number of the whole batch
  config.max_gradient_norm = 0;                    // and so does this
  const auto agent = make_agent(config, spec, Seed(kSeed), context());
  agent->begin_day(0, std::vector<float>(64, 1.0f));
  TransitionBatch t = random_transitions(spec, 500, 9);
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (!with_others) t.group[i] = 0;
    if (t.group[i] == 1) t.reward[i] *= factor, t.watch_time_s[i] *= factor;
  }
  agent->observe(t);
  for (int i = 0; i < 50; ++i) agent->update();
  AgentState state;
  agent->save(state);
  std::vector<std::vector<double>> layers;
  for (const auto& [name, found] : state.arrays) {
    if (name.find("layer") == std::string::npos) continue;
    const auto size = static_cast<std::ptrdiff_t>(found.values.size() / 3);
    layers.emplace_back(found.values.begin() + g * size, found.values.begin() + (g + 1) * size);
  }
  REQUIRE(layers.size() == 18);  // three networks: weights, biases, gains and shifts of one hidden layer and the output
  return layers;
}

TEST_CASE("sl-mgac: no group's data ever changes another group's layers, bit for bit") {
  for (const std::int64_t g : {0, 2}) CHECK(layers_of(g, 1, true) == layers_of(g, 100, true));
  CHECK(layers_of(1, 1, true) != layers_of(1, 100, true));
}

TEST_CASE("sl-mgac: groups without data keep their first layers") {
  const EnvSpec spec = dense_spec(64);
  const auto trained = layers_of(2, 1, false), others = layers_of(1, 1, false);
  SlMgacConfig config;
  config.num_groups = 3;
  config.hidden = {16};
  config.reward_head = RewardHead::kMse;
  AgentState fresh;
  make_agent(config, spec, Seed(kSeed), context())->save(fresh);
  std::size_t layer = 0;
  for (const auto& [name, found] : fresh.arrays) {
    if (name.find("layer") == std::string::npos) continue;
    const auto size = static_cast<std::ptrdiff_t>(found.values.size() / 3);
    CHECK(others[layer] == std::vector<double>(found.values.begin() + size, found.values.begin() + 2 * size));
    CHECK(trained[layer] == std::vector<double>(found.values.begin() + 2 * size, found.values.end()));
    ++layer;
  }
}

}  // namespace
}  // namespace sluice
