#include "agents/agents.h"

#include <dlfcn.h>

#include <filesystem>

#include "agents/learning_library.h"
#include "sim/check.h"

namespace sluice {
namespace {

// Where libsluice_learning.so may be: beside the program, then where it was built.
std::vector<std::string> library_paths() {
  constexpr const char* kName = "libsluice_learning.so";
  std::vector<std::string> paths;
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) paths.push_back((self.parent_path() / kName).string());
  paths.push_back(std::string(SLUICE_BUILD_DIR) + "/" + kName);
  return paths;
}

void* open_learning_library() {
  if (!SLUICE_HAS_TORCH)
    throw data_error(
        "learning agents are not part of this build: it was configured with SLUICE_TORCH=OFF");
  std::string tried;
  for (const std::string& path : library_paths()) {
    if (void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    const char* const why = dlerror();
    tried += "\n  " + std::string(why != nullptr ? why : path);
  }
  throw data_error("the learning library cannot be opened; build the target sluice_learning." + tried);
}

// Opened at first use and kept: libtorch cannot be unloaded.
template <class Function>
Function* learning_function(const char* name) {
  static void* const library = open_learning_library();
  void* const symbol = dlsym(library, name);
  ENSURE(symbol != nullptr, std::string("libsluice_learning.so lacks ") + name);
  return reinterpret_cast<Function*>(symbol);
}

struct Maker {
  const EnvSpec& spec;
  Seed seed;
  const LearningContext& learning;

  std::unique_ptr<Agent> operator()(const FromConfig&) const {
    ENSURE(false, "a saved agent is resolved before make_agent()");
  }
  std::unique_ptr<Agent> operator()(const DqnConfig& config) const {
    return std::unique_ptr<Agent>(
        learning_function<MakeDqn>("sluice_make_dqn")(config, spec, seed, learning));
  }
  std::unique_ptr<Agent> operator()(const SlMgacConfig& config) const {
    return std::unique_ptr<Agent>(
        learning_function<MakeSlMgac>("sluice_make_sl_mgac")(config, spec, seed, learning));
  }
  template <class RuleConfig>
  std::unique_ptr<Agent> operator()(const RuleConfig& config) const {
    return make(config, spec, seed);
  }
};

}  // namespace

std::unique_ptr<Agent> make_agent(const AgentConfig& config, const EnvSpec& spec, Seed seed,
                                  const LearningContext& learning) {
  return std::visit(Maker{spec, seed, learning}, config);
}

Distilled distill(const StudentConfig& config, const EnvSpec& spec, const TeacherRows& rows, const DistillOptions& options, Seed seed,
                  const std::function<void(int)>& progress) {
  Distilled out;
  learning_function<DistillStudent>("sluice_distill")(config, spec, rows, options, seed, progress, out);
  return out;
}

void preload_learning() { learning_function<MakeDqn>("sluice_make_dqn"); }

std::vector<BenchNumber> bench_agents() {
  std::vector<BenchNumber> numbers;
  learning_function<BenchAgents>("sluice_bench_agents")(numbers);
  return numbers;
}

const std::vector<AgentInfo>& agent_infos() {
  static const std::vector<AgentInfo> infos = {
      {"never", "reference rule", "no live stream, ever", "anchor", false},
      {"always", "reference rule", "a live stream in every request that has one", "anchor", false},
      {"random", "reference rule", "a live stream with a fixed probability", "anchor", false},
      {"interval", "reference rule", "a live stream in every n-th request of a user", "industry rule",
       false},
      {"threshold", "reference rule", "inject iff the predicted Lagrangian reward exceeds a threshold",
       "industry rule", false},
      {"fatigue_threshold", "reference rule", "threshold that grows with recent live exposures",
       "our choice: the form planners find", false},
      {"group_threshold", "reference rule", "a threshold for each group of users by live watch", "our choice", false},
      {"myopic_oracle", "oracle", "threshold on the true expected live watch", "our choice", false},
      {"planner", "oracle", "policy iteration by regression on the true latent state, by paired rollouts of the simulator",
       "our choice: the best policy known", false},
      {"from", "saved", "the final agent of a result file", "-", false},
      {"dqn", "value-based", "Double DQN on the Lagrangian reward",
       "Mnih et al. 2015; van Hasselt et al. 2016", true},
      {"sl_mgac", "actor-critic",
       "supervised-learning-enhanced multi-group actor-critic on the Lagrangian reward",
       "arXiv 2412.10381 (KDD 2025)", true},
      {"student", "saved", "a small network that imitates another agent, served without libtorch; made by `sluice distill`",
       "Hinton et al. 2015", false}};
  return infos;
}

}  // namespace sluice
