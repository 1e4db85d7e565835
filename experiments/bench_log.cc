// How fast all requests go to a file: rows of a real world's day, over and over.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "experiments/bench_parts.h"
#include "experiments/request_log.h"
#include "experiments/worlds.h"

namespace sluice {
namespace {

constexpr double kMegabyte = 1e6;

struct Rows {
  EnvSpec spec;
  std::vector<TransitionBatch> batches;
  std::size_t count = 0;
};

// A day of 2000 users, about 130 000 rows.
Rows make_rows() {
  const Worlds worlds(1);
  const auto world = worlds.fresh(FeedConfig{}, {.users = 2000, .seed = 1});
  const auto agent = make_agent(RandomConfig{}, world->spec(), Seed{1});
  world->begin_phase({.days = 1, .transitions = Transitions::kCollect});
  Rows rows{.spec = world->spec()};
  std::vector<Decision> decisions;
  for (;;) {
    const RequestBatch& requests = world->recv();
    if (world->transitions().size() > 0) rows.batches.push_back(world->transitions());
    rows.count += world->transitions().size();
    if (requests.size() == 0) return rows;
    decisions.resize(requests.size());
    agent->act(requests, Mode::kEvaluate, decisions);
    world->send(decisions);
  }
}

struct LogCost {
  double wall_mb_per_s = 0, cpu_mb_per_s = 0;
  double ratio = 1;  // of the file to its rows
};

// Logs `rows` about `bytes` worth of times, synced at the end.
LogCost write_log(const Rows& rows, const std::filesystem::path& folder, double bytes, const RequestLogOptions& options) {
  const std::string path = (folder / fmt::format("sluice_bench_{}.h5", getpid())).string();
  const double wall = wall_seconds(), cpu = thread_cpu_seconds();
  double written = 0;
  {
    RequestLog log(path, rows.spec, options);
    while (written < bytes) {
      for (const TransitionBatch& batch : rows.batches) log.append(batch);
      written += static_cast<double>(rows.count * log.row_bytes());
    }
    log.close();
  }
  const int file = open(path.c_str(), O_RDONLY);
  fdatasync(file);
  close(file);
  const LogCost cost = {.wall_mb_per_s = written / kMegabyte / (wall_seconds() - wall),
                        .cpu_mb_per_s = written / kMegabyte / (thread_cpu_seconds() - cpu),
                        .ratio = static_cast<double>(std::filesystem::file_size(path)) / written};
  std::filesystem::remove(path);
  return cost;
}

}  // namespace

BenchNumbers bench_request_log(const Wanted& wanted) {
  BenchNumbers numbers;
  struct Case {
    std::string name;
    std::filesystem::path folder;
    double bytes;
    int gzip_level;
  };
  const std::filesystem::path temporary = std::filesystem::temp_directory_path(), memory = "/dev/shm";
  const std::vector<Case> cases = {
      {fmt::format("request log, all requests with observations, to {} and synced", temporary.string()), temporary, 500 * kMegabyte, 0},
      {"request log, all requests with observations, to memory (/dev/shm)", memory, 500 * kMegabyte, 0},
      {"request log, gzip 1 and shuffle, to memory (/dev/shm)", memory, 40 * kMegabyte, 1}};
  Rows rows;
  for (const Case& one : cases) {
    if (!wanted(one.name) || !std::filesystem::is_directory(one.folder)) continue;
    if (rows.count == 0) rows = make_rows();
    std::vector<double> wall, cpu;
    double ratio = 1;
    for (int repetition = 0; repetition < 3; ++repetition) {
      const LogCost cost = write_log(rows, one.folder, one.bytes, {.storage = {.gzip_level = one.gzip_level}});
      wall.push_back(cost.wall_mb_per_s);
      cpu.push_back(cost.cpu_mb_per_s);
      ratio = cost.ratio;
    }
    numbers.push_back({.name = one.name + " (wall time)", .value = median(wall), .unit = "MB/s"});
    numbers.push_back({.name = one.name + " (CPU time)", .value = median(cpu), .unit = "MB/s"});
    numbers.push_back({.name = one.name + ": size of the file over its rows", .value = ratio, .unit = "x"});
  }
  return numbers;
}

}  // namespace sluice
