#!/usr/bin/env bash
# The README's recipe for a new agent, tried: dqn under another name is a file pair, its header and one word in agents.h,
# its name in CMakeLists.txt.  Then the program lists it and it learns the golden CMDP.
#   recipe_test.sh SOURCE BUILD    of a finished build; what the recipe touches is compiled here, the rest is that build's
set -euo pipefail
source=$1 build=$2
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar -C "$source" -cf - --exclude=./build --exclude=./results --exclude=./.git . | tar -C "$copy" -xf -

cd "$copy/agents"
for suffix in h cc; do sed 's/\bDqnConfig\b/ToyConfig/g; s/"dqn"/"toy"/; s#agents/dqn\.h#agents/toy.h#' dqn.$suffix >toy.$suffix; done
sed -i 's#^\#include "agents/dqn\.h"#&\n\#include "agents/toy.h"#; s/\bDqnConfig,/& ToyConfig,/' agents.h
sed -i 's/ dqn\.cc/& toy.cc/' CMakeLists.txt
cd "$copy"
changed=$(diff -rq "$source/agents" agents | wc -l || true)  # diff ends with 1
((changed == 4)) || { echo "the recipe touched $changed files of agents/, not 4" >&2; exit 1; }

cmake --preset release -B "$copy/build" -DSLUICE_UNITY=OFF >/dev/null
objects=(agents/CMakeFiles/sluice_agents.dir/agents.cc.o agents/CMakeFiles/sluice_learning.dir/{toy,learning_library}.cc.o)
ninja -C build -j1 "${objects[@]}" | tail -1
# The learning library: this build's objects, and before them the two that know the new agent.
link=$(ninja -C "$build" -t commands libsluice_learning.so | tail -1)
(cd "$build" && eval "${link// -o libsluice_learning.so/ -Wl,--allow-multiple-definition -o $copy/build/libsluice_learning.so $copy/build/${objects[1]} $copy/build/${objects[2]}}")

cat >toy_main.cc <<'END'
#include <cstdio>
#include <cstring>

#include "sim/example_cmdps.h"
#include "tests/agents/tabular_learning.h"

int main() {
  using namespace sluice;
  for (const AgentInfo& info : agent_infos()) {
    if (std::strcmp(info.kind, "toy") != 0) continue;
    ToyConfig config;
    config.hidden = {64, 64};
    config.learning_rate = 1e-3;
    config.polyak = 0.01;
    config.multiplier = FixedMultiplierConfig{};
    const TabularCmdp cmdp = golden_cmdp();
    const Learned learned = learn(cmdp, {}, config, 1, {.epsilon_start = 1, .epsilon_end = 0.05, .epsilon_decisions = 100000, .batch_size = 256, .warmup_transitions = 2000}, 3000);
    const double share = evaluate_policy(cmdp, learned.last).reward / 52.334683359493596;  // the unconstrained optimum
    std::printf("toy: %s, %.3f of the optimum\n", info.description, share);
    return share > 0.97 ? 0 : 1;
  }
  std::puts("toy is not listed");
  return 1;
}
END
# agents.cc.o comes before the library that holds the old one.
g++ -std=c++20 -I"$copy" -isystem /usr/include/eigen3 -DFMT_SHARED toy_main.cc "build/${objects[0]}" "$build/agents/libsluice_agents.a" \
  "$build/sim/libsluice_sim.a" -lyaml-cpp -lfmt -lglpk -ldl -o build/toy
build/toy
