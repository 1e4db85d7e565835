#pragma once
// A tabular CMDP behind the environment contract: num_slots independent episodes side by side, a
// one-hot observation of the state.  After termination or truncation a slot starts a new episode from
// μ.  "Users" are the slots.
//
// A cost's value is the mean discounted cost of the episodes that ended since it was last taken:
// an estimate of J_i under the behaviour that acted, exploration included.

#include <array>
#include <memory>
#include <string>

#include "sim/config.h"
#include "sim/environment.h"
#include "sim/example_cmdps.h"
#include "sim/tabular_cmdp.h"

namespace sluice {

/// Where the CMDP comes from: a file, or one of sim/example_cmdps.h.
enum class CmdpSource { kFile, kGolden, kRandom };
constexpr std::array<const char*, 3> enum_names(CmdpSource) { return {"file", "golden", "random"}; }

struct TabularEnvConfig {
  static constexpr const char* kKind = "tabular";
  CmdpSource source = CmdpSource::kFile;
  std::string file = {};
  RandomCmdpConfig random;
  int num_slots = 256;
  int max_episode_steps = 0;
  int steps_per_day = 20;
  int days = 0;
  double reward_scale = 1;
  double reward_noise = 0;
  double reward_tail = 0;

  static constexpr auto fields() {
    using C = TabularEnvConfig;
    return std::tuple{
        field("source", &C::source, {.doc = "file; golden: a small one of the feed with a known optimum; random: `random` says which"}),
        field("file", &C::file, {.doc = "HDF5 file with P, R, C, mu, limits; of source: file"}),
        field("random", &C::random, {.doc = "of source: random"}),
        field("num_slots", &C::num_slots, {.range = {1, 1e6}, .doc = "episodes side by side"}),
        field("max_episode_steps", &C::max_episode_steps, {.range = {0, 1048575}, .unit = "steps", .doc = "episodes are truncated at this length; 0: the length at which γ^n < 1e-4"}),
        field("steps_per_day", &C::steps_per_day, {.range = {1, 1e6}, .unit = "steps", .doc = "steps of every slot that make a day: multipliers move once a day", .source = "our choice: longer than a typical episode of the golden CMDP"}),
        field("days", &C::days, {.range = {0, 1e8}, .doc = "the horizon; 0: none"}),
        field("reward_scale", &C::reward_scale, {.range = {0, 1e9, kOpenBelow}, .doc = "R is multiplied by this, in the problem itself"}),
        field("reward_noise", &C::reward_noise, {.range = {0, 1e6}, .unit = "of R", .doc = "σ of normal noise added to what is seen of a reward, in units of the root mean square of R over states and actions"}),
        field("reward_tail", &C::reward_tail, {.range = {0, 1e6}, .doc = "α > 1: what is seen of a reward is multiplied by a Pareto number of mean 1 and tail index α (α ≤ 2: of infinite variance); 0: by 1"})};
  }
};

/// Throws data_error if the CMDP is not valid.
std::unique_ptr<Environment> make_tabular_environment(const TabularCmdp& cmdp,
                                                      const TabularEnvConfig& config, Seed seed);

}  // namespace sluice
