#pragma once
// What every learning agent needs beside its own configuration.  experiments/ fills it from `train:`.

#include <array>
#include <cstdint>

namespace sluice {

struct LearningContext {
  double epsilon_start = 0.1;           // ε of ε-greedy at the first decision …
  double epsilon_end = 0.1;             // … and from epsilon_decisions on; linear between
  std::int64_t epsilon_decisions = 1;
  int batch_size = 1024;                // transitions per update
  int warmup_transitions = 10000;       // update() does nothing before the replay buffer holds these
  std::int64_t replay_capacity = 1 << 18;  // transitions; the oldest are overwritten

  double epsilon(std::int64_t decisions) const {
    if (decisions >= epsilon_decisions) return epsilon_end;
    const double part = static_cast<double>(decisions) / static_cast<double>(epsilon_decisions);
    return epsilon_start + (epsilon_end - epsilon_start) * part;
  }
};

/// Where layers are normalised (LayerNorm over features, ε = 1e-5).
///   none: nowhere.  input: the input of the actor's and critic's networks.  all: after hidden layers too.
enum class LayerNorm { kNone, kInput, kAll };
constexpr std::array<const char*, 3> enum_names(LayerNorm) { return {"none", "input", "all"}; }

enum class TdLoss { kMse, kHuber };
constexpr std::array<const char*, 2> enum_names(TdLoss) { return {"mse", "huber"}; }

}  // namespace sluice
