#include "agents/agents.h"

#include <dlfcn.h>

#include <filesystem>

#include "agents/blas_info.h"
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
  blas_info();  // chooses OpenBLAS's kernels, which libtorch is about to load
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
  template <class Config>
  std::unique_ptr<Agent> operator()(const Config& config) const {
    if constexpr (Config::kInfo.learns)
      return std::unique_ptr<Agent>(learning_function<MakeLearner>("sluice_make_learner")(config, spec, seed, learning));
    else
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

void preload_learning() { learning_function<MakeLearner>("sluice_make_learner"); }

std::vector<BenchNumber> bench_agents() {
  std::vector<BenchNumber> numbers;
  learning_function<BenchAgents>("sluice_bench_agents")(numbers);
  return numbers;
}

const std::vector<AgentInfo>& agent_infos() {
  static const std::vector<AgentInfo> infos = []<class... Kinds>(const std::variant<Kinds...>*) {
    return std::vector<AgentInfo>{Kinds::kInfo...};
  }(static_cast<const AgentConfig*>(nullptr));
  return infos;
}

}  // namespace sluice
