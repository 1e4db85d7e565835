#pragma once
// The program as a process of its own, for tests that kill it.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sluice {

/// Its messages are appended to `log`, what it prints to `output`.
inline pid_t start_program(const std::vector<std::string>& arguments, const std::string& log, const std::string& output = "/dev/null") {
  std::fflush(nullptr);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child > 0) return child;
  std::vector<char*> argv;
  std::string program = SLUICE_BINARY;
  argv.push_back(program.data());
  std::vector<std::string> copy = arguments;
  for (std::string& argument : copy) argv.push_back(argument.data());
  argv.push_back(nullptr);
  if (freopen(log.c_str(), "a", stderr) == nullptr || freopen(output.c_str(), "w", stdout) == nullptr) _exit(1);
  execv(argv[0], argv.data());
  _exit(127);
}

/// The exit code, or minus the signal that ended it.
inline int exit_of(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

inline std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace sluice
