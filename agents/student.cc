#include "agents/student.h"

#include "agents/agent_state.h"
#include "agents/rule.h"
#include "agents/sampling.h"
#include "agents/student_policy.h"

namespace sluice {
namespace {

class Student final : public Rule {
 public:
  Student(const StudentConfig& config, const EnvSpec& spec, Seed seed)
      : Rule(spec), spec_(spec), seed_(seed), policy_(config, spec.schema, spec.num_actions),
        groups_(config.num_groups, spec.num_users, config.reassign_days, config.grouping, seed) {}

  bool needs_observations() const override { return true; }
  void begin_day(int day, std::span<const float> group_keys) override { groups_.begin_day(day, group_keys); }

  void act(const RequestBatch& requests, Mode, std::span<Decision> decisions) override {
    ENSURE(loaded_, "a student acts after load()");
    const std::size_t n = requests.size();
    group_.resize(n);
    probability_.resize(n * num_actions_);
    for (std::size_t i = 0; i < n; ++i) group_[i] = groups_.of(requests.user[i]);
    policy_.probabilities(requests.observation, group_, probability_);
    for (std::size_t i = 0; i < n; ++i) {
      const double u = uniform01(stream(seed_, Purpose::kPolicy, requests.key[i]));
      decisions[i] = sample_action(std::span<const float>(probability_).subspan(i * num_actions_, num_actions_), 0, u);
      decisions[i].group = group_[i];
    }
  }

  void probabilities(std::span<const float> observations, std::span<const std::uint8_t> groups, std::span<float> probability) override {
    policy_.probabilities(observations, groups, probability);
  }

  void save(AgentState& state) const override { state = saved_; }

  void load(const AgentState& state) override {
    check_identity(StudentConfig::kKind, spec_.schema, state);
    policy_.load(state);
    const std::vector<double> boundaries = load_vector("group_boundaries", state);
    groups_.set_boundaries({boundaries.begin(), boundaries.end()});
    saved_ = state;
    loaded_ = true;
  }

 private:
  const EnvSpec spec_;
  const Seed seed_;
  StudentPolicy policy_;
  UserGroups groups_;
  AgentState saved_;
  bool loaded_ = false;
  std::vector<std::uint8_t> group_;
  std::vector<float> probability_;
};

}  // namespace

std::unique_ptr<Agent> make(const StudentConfig& config, const EnvSpec& spec, Seed seed) {
  return std::make_unique<Student>(config, spec, seed);
}

}  // namespace sluice
