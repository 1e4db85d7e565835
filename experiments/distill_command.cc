// `sluice distill`: a small student of a result file's final agent.

#include <fmt/format.h>

#include <cmath>

#include "agents/agent_state.h"
#include "agents/distill.h"
#include "experiments/commands.h"
#include "experiments/interrupt.h"
#include "experiments/policy_loop.h"
#include "experiments/progress.h"
#include "experiments/provenance.h"
#include "experiments/run.h"
#include "experiments/run_parts.h"
#include "sim/config_writer.h"

namespace sluice {
namespace {

// Runs the teacher in a world and keeps what it saw and thought, at most `most` requests.
TeacherRows watch_teacher(FeedWorld& world, Agent& teacher, std::size_t most, const std::string& doing) {
  Progress progress(doing, static_cast<std::int64_t>(most), "requests");
  TeacherRows rows;
  const auto actions = static_cast<std::size_t>(world.spec().num_actions);
  std::vector<Decision> decisions;
  for (int day = -1; rows.size() < most;) {
    stop_if_interrupted();
    const RequestBatch& requests = world.recv();
    if (requests.size() == 0) break;
    for (; day < world.day(); ++day) teacher.begin_day(day + 1, world.group_keys());
    decisions.resize(requests.size());
    teacher.act(requests, Mode::kEvaluate, decisions);
    std::vector<std::uint8_t> groups;
    for (const Decision& decision : decisions) groups.push_back(decision.group);
    std::vector<float> probability(requests.size() * actions);
    teacher.probabilities(requests.observation, groups, probability);
    rows.observation.insert(rows.observation.end(), requests.observation.begin(), requests.observation.end());
    rows.group.insert(rows.group.end(), groups.begin(), groups.end());
    rows.probability.insert(rows.probability.end(), probability.begin(), probability.end());
    world.send(decisions);
    progress.set(static_cast<std::int64_t>(std::min(rows.size(), most)));
  }
  progress.done();
  return rows;
}

struct Agreement {
  double all = 0;         // share of requests with the same greedy decision
  double outside = 0;     // the same without the 5 % of requests at which the teacher hesitates most
  double injected = 0;    // share of requests at which the teacher would rather inject
  double worst = 0;       // largest |π_T(1|s) − π_S(1|s)|
  double mean = 0;        // its mean
};

Agreement compare_policies(const TeacherRows& rows, Agent& student, std::size_t actions) {
  std::vector<float> own(rows.probability.size());
  student.probabilities(rows.observation, rows.group, own);
  const std::size_t n = rows.size();
  std::vector<double> gap(n);
  std::vector<char> agree(n);
  Agreement result;
  for (std::size_t i = 0; i < n; ++i) {
    const float *t = rows.probability.data() + i * actions, *s = own.data() + i * actions;
    gap[i] = std::abs(std::log(std::max(1e-30, static_cast<double>(t[1]))) - std::log(std::max(1e-30, static_cast<double>(t[0]))));
    agree[i] = (t[1] > t[0]) == (s[1] > s[0]);
    result.all += agree[i];
    result.injected += t[1] > t[0];
    const double difference = std::abs(static_cast<double>(t[1]) - static_cast<double>(s[1]));
    result.worst = std::max(result.worst, difference);
    result.mean += difference / static_cast<double>(n);
  }
  std::vector<double> sorted = gap;
  const std::size_t hesitant = n / 20;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(hesitant), sorted.end());
  double sure = 0;
  for (std::size_t i = 0; i < n; ++i)
    if (gap[i] >= sorted[hesitant]) {
      result.outside += agree[i];
      ++sure;
    }
  result.all /= static_cast<double>(n);
  result.injected /= static_cast<double>(n);
  result.outside /= sure;
  return result;
}

// The groups of a teacher, if it has some.
StudentConfig student_of(const AgentConfig& teacher, const DistillCommand& options) {
  StudentConfig config{.hidden = options.hidden, .num_groups = 1};
  if (const auto* sl_mgac = std::get_if<SlMgacConfig>(&teacher)) {
    config.num_groups = sl_mgac->num_groups;
    config.grouping = sl_mgac->grouping;
    config.reassign_days = sl_mgac->reassign_days;
  }
  return config;
}

}  // namespace

int distill_command(const DistillCommand& options) {
  catch_interrupts();
  const std::string out = options.out;
  check_output(out, options.force ? Overwrite::kForce : Overwrite::kRefuse);
  const ResultReader teacher_file(options.teacher);
  ExperimentConfig config = parse_experiment(teacher_file.config(), options.teacher + ":/config");
  const auto* feed = std::get_if<FeedConfig>(&config.environment);
  if (feed == nullptr) throw data_error(options.teacher + ": its environment is tabular; students are made of agents on a feed");
  const AgentConfig teacher_config = config.agent;
  if (std::holds_alternative<StudentConfig>(teacher_config)) throw data_error(options.teacher + ": is itself a student; distill its teacher again");
  config.agent = FromConfig{options.teacher};

  Worlds worlds(1);
  const auto watch = [&](const WorldKey& key, std::int64_t most, const std::string& doing) {
    const auto world = worlds.fork(*feed, key);
    const auto teacher = make_or_load(config, world->spec(), {.replay_capacity = 1});
    if (!teacher->needs_observations()) throw data_error(options.teacher + ": its agent is a rule that needs no observations; serve the rule itself");
    world->begin_phase({.days = 10000, .observations = observations_for(*teacher)});
    return watch_teacher(*world, *teacher, static_cast<std::size_t>(most), doing);
  };
  // Not the users of the teacher's own training, nor those that anybody is evaluated on.
  const std::uint64_t seed = options.seed;
  const int users = std::min(num_users(feed->users), 20000);
  const TeacherRows rows = watch({users, seed}, options.requests, "watching the teacher");
  const TeacherRows held_out = watch({users, seed + 1}, std::max<std::int64_t>(20000, options.requests / 4), "watching it on other users");

  const EnvSpec spec = worlds.spec(*feed);
  AgentState teacher_state = teacher_file.read_agent();
  DistillOptions distilling{.updates = options.updates};
  if (teacher_state.arrays.contains("group_boundaries")) distilling.group_boundaries = load_vector("group_boundaries", teacher_state);
  const StudentConfig student_config = student_of(teacher_config, options);
  Progress progress("distilling", options.updates, "updates");
  const Distilled distilled = distill(student_config, spec, rows, distilling, Seed{seed}, [&](int updates) {
    stop_if_interrupted();
    progress.set(updates);
  });
  progress.done();
  const auto student = make(student_config, spec, Seed{config.seed});
  student->load(distilled.state);
  const Agreement agreement = compare_policies(held_out, *student, static_cast<std::size_t>(spec.num_actions));

  config.agent = student_config;
  config.label = options.label.empty() ? agent_label(parse_experiment(teacher_file.config(), options.teacher)) + "_student" : options.label;
  const std::string yaml = to_yaml(config);
  ResultWriter file(out, options.force ? Overwrite::kForce : Overwrite::kRefuse);
  file.write_config(yaml);
  file.write_table("/distillation", {.columns = {{"update", "1", "gradient steps so far", distilled.update},
                                                 {"loss", "nat", "cross-entropy of the student's policy to the teacher's", distilled.loss}}});
  const auto attribute = [&](const char* name, double value) { file.set_attribute(name, value); };
  attribute("agreement", agreement.all);
  attribute("agreement_outside_middle", agreement.outside);
  attribute("teacher_injects", agreement.injected);
  attribute("largest_difference", agreement.worst);
  attribute("mean_difference", agreement.mean);
  file.set_attribute("held_out_requests", static_cast<std::int64_t>(held_out.size()));
  file.set_attribute("teacher", options.teacher);
  file.set_attribute("seed", static_cast<std::int64_t>(config.seed));
  file.set_attribute("agent", std::string(StudentConfig::kKind));
  file.set_attribute("agent_label", config.label);
  file.set_attribute("environment", kind_of(config.environment));
  file.set_attribute("config_hash", config_hash(yaml));
  file.set_attribute("observation_schema", spec.schema.to_text());
  file.write_agent(distilled.state);
  write_provenance(file);
  file.commit();
  fmt::print("{} requests of other users: the teacher would rather inject at {:.1f} %\n", held_out.size(), 100 * agreement.injected);
  fmt::print("  same greedy decision                              {:.2f} %\n", 100 * agreement.all);
  fmt::print("  the same where the teacher does not hesitate      {:.2f} %   (all but the 5 % with the smallest |logit gap|)\n", 100 * agreement.outside);
  fmt::print("  |probability of injecting − teacher's|            mean {:.4f}, largest {:.3f}\n", agreement.mean, agreement.worst);
  fmt::print("{}\nevaluate it: sluice run CONFIG --set agent.from={}\n", out, out);
  return 0;
}

}  // namespace sluice
