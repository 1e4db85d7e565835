#include "agents/learning_base.h"

#include "agents/agent_state.h"
#include "agents/sampling.h"
#include "sim/check.h"

namespace sluice {

double resolve_reward_scale(double configured, const EnvSpec& spec) {
  if (configured > 0) return configured;
  return spec.has_watch_outcome ? 30 : 10;
}

LearningAgent::LearningAgent(const EnvSpec& spec, Seed seed, const LearningContext& learning,
                             const MultiplierConfig& multiplier)
    : spec_(spec),
      seed_(seed),
      learning_(learning),
      multipliers_(multiplier, spec),
      replay_(learning.replay_capacity, spec.schema.width,
              static_cast<int>(spec.cost_names.size())) {
  ENSURE(spec.cost_affine.size() == spec.cost_names.size(), "one AffineInWatch per cost");
}

void LearningAgent::act(const RequestBatch& requests, Mode mode, std::span<Decision> decisions) {
  const std::size_t n = requests.size();
  ENSURE(decisions.size() == n, "one decision per request");
  if (n == 0) return;
  ENSURE(requests.observation.size() == n * static_cast<std::size_t>(spec_.schema.width),
         "learning agents need observations");
  const auto num_actions = static_cast<std::size_t>(spec_.num_actions);
  groups_.resize(n);
  probabilities_.resize(n * num_actions);
  groups_of(requests.user, groups_);
  probabilities(requests.observation, groups_, probabilities_);
  const bool explore = mode == Mode::kExplore;
  for (std::size_t i = 0; i < n; ++i) {
    const double epsilon = explore ? learning_.epsilon(decisions_++) : 0;
    const Purpose purpose = explore ? Purpose::kExplore : Purpose::kPolicy;
    const double u = uniform01(stream(seed_, purpose, requests.key[i]));
    decisions[i] = sample_action(
        std::span<const float>(probabilities_).subspan(i * num_actions, num_actions), epsilon, u);
    decisions[i].group = groups_[i];
  }
}

void LearningAgent::save_progress(AgentState& state) const {
  save_vector("multipliers", multipliers_.values(), state);
  save_vector("decisions", {static_cast<double>(decisions_)}, state);
}

void LearningAgent::load_progress(const AgentState& state) {
  multipliers_.set_values(load_vector("multipliers", state));
  decisions_ = static_cast<std::int64_t>(load_vector("decisions", state).at(0));
}

void LearningAgent::transfer(StateArchive& archive) {
  archive.value("updates", updates_);
  archive.value("decisions", decisions_);
  archive.section("multipliers", [&] { multipliers_.transfer(archive); });
  archive.section("replay", [&] { replay_.transfer(archive); });
}

}  // namespace sluice
