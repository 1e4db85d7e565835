#include "experiments/sweep_workers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "sim/check.h"

namespace sluice {
namespace {

// A line per message, its fields apart by tabs.  Up to PIPE_BUF bytes arrive in one piece.
//   P pid done total unit phase      N pid text
class Messenger final : public ProgressSink {
 public:
  explicit Messenger(int pipe) : pipe_(pipe) {}
  void progress(const std::string& label, std::int64_t done, std::int64_t total, const std::string& unit) override {
    const auto colon = label.rfind(": ");  // "RUN: phase"; the parent knows the run
    send(fmt::format("P\t{}\t{}\t{}\t{}\t{}", getpid(), done, total, unit, colon == std::string::npos ? label : label.substr(colon + 2)));
  }
  void note(const std::string& message) override {
    std::string line = message;
    std::replace(line.begin(), line.end(), '\n', ' ');
    send(fmt::format("N\t{}\t{}", getpid(), line.substr(0, PIPE_BUF - 64)));
  }

 private:
  void send(const std::string& line) const {
    const std::string whole = line + "\n";
    while (::write(pipe_, whole.data(), whole.size()) < 0 && errno == EINTR) {}
  }
  int pipe_;
};

[[noreturn]] void be_worker(int pipe, pid_t parent, const std::function<int()>& work) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  catch_interrupts_of_worker();
  signal(SIGPIPE, SIG_IGN);  // a parent that died does not read any more
  if (getppid() != parent) _exit(static_cast<int>(ExitCode::kInterrupted));
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  Messenger messenger(pipe);
  set_progress_sink(&messenger);
  const int code = work();
  std::fflush(nullptr);
  _exit(code);
}

// The first number of a file; negative: there is none.
double number_in(const std::string& path, int skip = 0) {
  std::ifstream in(path);
  double value = -1;
  for (int i = 0; i <= skip; ++i)
    if (!(in >> value)) return -1;
  return value;
}

// Of files, which the kernel gives up for processes: counted in memory.current, but not lost.
double cached_in(const std::string& group) {
  std::ifstream in(group + "/memory.stat");
  std::string name;
  for (double bytes = 0; in >> name >> bytes;)
    if (name == "inactive_file") return bytes;
  return 0;
}

}  // namespace

Workers::Workers() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw io_error("cannot make a pipe");
  read_end_ = ends[0];
  write_end_ = ends[1];
  fcntl(read_end_, F_SETFL, O_NONBLOCK);
  // SIGCHLD only while wait() sleeps, so that no end is missed.
  signal(SIGCHLD, [](int) {});
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
}

Workers::~Workers() {
  signal_all(SIGKILL);
  for (const Running& worker : running_) waitpid(worker.pid, nullptr, 0);
  ::close(read_end_);
  ::close(write_end_);
}

bool Workers::start(std::size_t run, const std::function<int()>& work) {
  std::fflush(nullptr);  // or both would write it
  const pid_t parent = getpid(), pid = fork();
  if (pid < 0) return false;
  if (pid == 0) {
    ::close(read_end_);
    be_worker(write_end_, parent, work);
  }
  running_.push_back({.pid = pid, .run = run, .start = Clock::now(), .phase_start = Clock::now()});
  return true;
}

std::vector<Workers::Ended> Workers::wait(std::chrono::milliseconds at_most, Heeds heeds) {
  std::vector<Ended> ended;
  const auto end = Clock::now() + at_most;
  for (;;) {
    int status = 0;
    rusage used{};
    for (pid_t pid; (pid = wait4(-1, &status, WNOHANG, &used)) > 0;) {
      const auto worker = std::find_if(running_.begin(), running_.end(), [&](const Running& r) { return r.pid == pid; });
      if (worker == running_.end()) continue;
      read_messages();  // its last ones
      ended.push_back({.run = worker->run, .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                       .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                       .seconds = std::chrono::duration<double>(Clock::now() - worker->start).count(),
                       .peak_bytes = 1024.0 * static_cast<double>(used.ru_maxrss), .last_note = std::move(worker->last_note)});
      running_.erase(worker);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (!ended.empty() || running_.empty() || left.count() <= 0 || (heeds == Heeds::kSignals && is_interrupted())) return ended;
    pollfd readable{.fd = read_end_, .events = POLLIN, .revents = 0};
    sigset_t none;
    sigemptyset(&none);
    const timespec patience{.tv_sec = left.count() / 1000, .tv_nsec = left.count() % 1000 * 1000000};
    if (ppoll(&readable, 1, &patience, &none) > 0) read_messages();
  }
}

void Workers::read_messages() {
  std::array<char, 65536> buffer;
  for (ssize_t n; (n = ::read(read_end_, buffer.data(), buffer.size())) > 0;) {
    unread_.append(buffer.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end; (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1) take_in(unread_.substr(begin, end - begin));
    unread_.erase(0, begin);
  }
}

void Workers::take_in(const std::string& line) {
  std::istringstream fields(line);
  std::string kind, pid, done, total, unit, phase;
  std::getline(fields, kind, '\t');
  std::getline(fields, pid, '\t');
  const auto worker = std::find_if(running_.begin(), running_.end(), [&](const Running& r) { return std::to_string(r.pid) == pid; });
  if (kind == "N") {
    std::getline(fields, phase);
    notes_.push_back(phase);
    if (worker != running_.end()) worker->last_note = phase;
    return;
  }
  if (worker == running_.end()) return;
  for (std::string* field : {&done, &total, &unit, &phase}) std::getline(fields, *field, '\t');
  if (worker->phase != phase) worker->phase_start = Clock::now();
  worker->phase = phase;
  worker->unit = unit;
  worker->done = std::atoll(done.c_str());
  worker->total = std::atoll(total.c_str());
}

void Workers::signal_all(int signal) const {
  for (const Running& worker : running_) kill(worker.pid, signal);
}

std::vector<std::string> Workers::take_notes() { return std::exchange(notes_, {}); }

double Workers::bytes_to_come(const std::function<double(std::size_t)>& bytes_of) const {
  double bytes = 0;
  for (const Running& worker : running_) {
    const double resident = number_in(fmt::format("/proc/{}/statm", worker.pid), 1) * static_cast<double>(sysconf(_SC_PAGESIZE));
    bytes += std::max(0.0, bytes_of(worker.run) - std::max(0.0, resident));
  }
  return bytes;
}

double available_memory() {
  double available = 1e18;
  std::ifstream meminfo("/proc/meminfo");
  for (std::string line; std::getline(meminfo, line);)
    if (line.starts_with("MemAvailable:")) available = 1024 * std::atof(line.c_str() + 13);
  // Of this process's control group (a job's, a container's) and of those that it is part of.
  std::ifstream own("/proc/self/cgroup");
  std::string group;
  while (std::getline(own, group) && !group.starts_with("0::")) {}
  for (group = group.size() > 3 ? group.substr(3) : "/";; group.erase(group.rfind('/'))) {
    const std::string folder = "/sys/fs/cgroup" + group;
    const double limit = number_in(folder + "/memory.max"), used = number_in(folder + "/memory.current");
    if (limit > 0 && used >= 0) available = std::min(available, limit - used + cached_in(folder));
    if (group.find('/') == std::string::npos) return available;
  }
}

}  // namespace sluice
