#include "experiments/sweep_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "experiments/durable_file.h"
#include "sim/config_reader.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr double kSilence_s = 120;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

const ConfigNode& member(const ConfigNode& map, const std::string& name) {
  const ConfigNode* node = map.find(name);
  if (node == nullptr) throw config_error(map, name, "missing: not a status of a sweep");
  return *node;
}
double number(const ConfigNode& map, const std::string& name) { return read_number(member(map, name), name, {}, false); }
std::int64_t whole(const ConfigNode& map, const std::string& name) {
  return static_cast<std::int64_t>(read_number(member(map, name), name, {-9e15, 9e15}, true));
}
int count(const ConfigNode& map, const std::string& name) {
  return static_cast<int>(read_number(member(map, name), name, {0, 2e9}, true));
}
std::string text(const ConfigNode& map, const std::string& name) { return read_text(member(map, name), name); }

Shard shard_of(const ConfigNode& map) {
  try {
    return Shard::parse(text(map, "shard"));
  } catch (const UserError& e) {  // there it is the command line that is wrong
    throw config_error(map, "shard", e.what());
  }
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool ShardStatus::is_lost() const {
  if (state != "running" && state != "starting") return false;
  if (host == host_name() && kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return true;
  return static_cast<double>(std::time(nullptr)) - heartbeat > kSilence_s;
}

std::string status_path(const std::string& folder, const std::string& plan, const Shard& shard) {
  return fmt::format("{}/.sweep/{}-shard-{}-of-{}.json", folder, plan.substr(0, 8), shard.index, shard.count);
}

std::string to_json(const ShardStatus& s) {
  std::string json = "{\n";
  const auto add = [&](const char* name, const std::string& value, const char* end = ",\n") { json += fmt::format("  \"{}\": {}{}", name, value, end); };
  add("state", quoted(s.state));
  add("sweep", quoted(s.sweep));
  add("plan", quoted(s.plan));
  add("shard", quoted(fmt::format("{}/{}", s.shard.index, s.shard.count)));
  add("host", quoted(s.host));
  add("engine", quoted(s.engine));
  add("job", quoted(s.job));
  for (const auto& [name, value] : {std::pair{"pid", s.pid}, {"restarts", s.restarts}, {"total", s.total}, {"done", s.done},
                                    {"done_before", s.done_before}, {"failed", s.failed}, {"jobs", s.jobs}})
    add(name, std::to_string(value));
  for (const auto& [name, value] : {std::pair{"started", s.started}, {"heartbeat", s.heartbeat}, {"seconds_left", s.seconds_left}})
    add(name, fmt::format("{:.1f}", value));
  std::string running, errors;
  for (const ShardStatus::Running& r : s.running)
    running += fmt::format("{}\n    {{\"name\": {}, \"phase\": {}, \"unit\": {}, \"done\": {}, \"total\": {}, \"seconds\": {:.1f}}}", running.empty() ? "" : ",",
                           quoted(r.name), quoted(r.phase), quoted(r.unit), r.done, r.total, r.seconds);
  for (const std::string& error : s.errors) errors += fmt::format("{}\n    {}", errors.empty() ? "" : ",", quoted(error));
  add("running", "[" + running + "]");
  add("errors", "[" + errors + "]", "\n");
  return json + "}\n";
}

ShardStatus read_status(const std::string& path) {
  const ConfigNode map = load_config_file(path);  // JSON is YAML
  require_map(map, "");
  ShardStatus s;
  s.state = text(map, "state");
  s.sweep = text(map, "sweep");
  s.plan = text(map, "plan");
  s.shard = shard_of(map);
  s.host = text(map, "host");
  s.engine = text(map, "engine");
  s.job = text(map, "job");
  s.pid = whole(map, "pid");
  s.restarts = whole(map, "restarts");
  s.started = number(map, "started");
  s.heartbeat = number(map, "heartbeat");
  s.seconds_left = number(map, "seconds_left");
  for (const auto& [name, value] : {std::pair{"total", &s.total}, {"done", &s.done}, {"done_before", &s.done_before}, {"failed", &s.failed}, {"jobs", &s.jobs}})
    *value = count(map, name);
  for (const ConfigNode& run : member(map, "running").children)
    s.running.push_back({.name = text(run, "name"), .phase = text(run, "phase"), .unit = text(run, "unit"), .done = whole(run, "done"),
                         .total = whole(run, "total"), .seconds = number(run, "seconds")});
  for (const ConfigNode& error : member(map, "errors").children) s.errors.push_back(error.text);
  return s;
}

std::vector<ShardStatus> read_statuses(const std::string& folder, const std::string& plan) {
  std::vector<ShardStatus> statuses;
  std::error_code error;
  for (fs::directory_iterator it(folder + "/.sweep", error), end; it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(plan.substr(0, 8) + "-shard-") || !name.ends_with(".json")) continue;
    try {
      statuses.push_back(read_status(it->path().string()));
    } catch (const UserError&) {  // of another version: not a reason to say nothing of the others
    }
  }
  std::sort(statuses.begin(), statuses.end(), [](const ShardStatus& a, const ShardStatus& b) {
    return std::pair(a.shard.count, a.shard.index) < std::pair(b.shard.count, b.shard.index);
  });
  return statuses;
}

void describe_engine(ShardStatus& status) {
  if (const std::string job = variable("SLURM_JOB_ID"); !job.empty()) {
    status.engine = "slurm";
    const std::string array = variable("SLURM_ARRAY_JOB_ID");
    status.job = array.empty() ? job : array + "_" + variable("SLURM_ARRAY_TASK_ID");
    status.restarts = std::max<std::int64_t>(status.restarts, std::atoll(variable("SLURM_RESTART_COUNT").c_str()));
  } else if (const std::string sequence = variable("PARALLEL_SEQ"); !sequence.empty()) {
    status.engine = "parallel";
    status.job = sequence;
  }
}

}  // namespace sluice
