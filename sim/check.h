#pragma once
// Two kinds of failure.  Wrong input (YAML, file, flag): an exception that carries the exit code
// promised in the README and names the file, the key and the value.  Wrong program: ENSURE, an
// exception too, so that files half written are removed; the program ends with 70 and names the line.

#include <stdexcept>
#include <string>

namespace sluice {

/// Exit codes of the program (sysexits.h where it has one).
enum class ExitCode : int {
  kDone = 0,
  kUsage = 64,        // the command line is wrong
  kData = 65,         // a config or data file is missing, empty, malformed, foreign
  kInternal = 70,     // our fault
  kIo = 74,           // cannot write: permissions, disk full
  kInterrupted = 75,  // stopped by a signal: run the same command again to continue
};

/// Something the user can put right.  `what()` says what is wrong, where, and what would be right.
class UserError : public std::runtime_error {
 public:
  UserError(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

inline UserError usage_error(const std::string& message) { return {ExitCode::kUsage, message}; }
inline UserError data_error(const std::string& message) { return {ExitCode::kData, message}; }
inline UserError io_error(const std::string& message) { return {ExitCode::kIo, message}; }

/// A bug of ours.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] inline void ensure_failed(const char* file, int line, const char* condition,
                                       const std::string& message) {
  throw InternalError(std::string(file) + ":" + std::to_string(line) + ": " + message + "  (" +
                      condition + " does not hold)");
}

}  // namespace sluice

/// A developer's assumption.  (Not named CHECK: doctest owns that word.)
#define ENSURE(condition, message)                                            \
  do {                                                                        \
    if (!(condition)) ::sluice::ensure_failed(__FILE__, __LINE__, #condition, (message)); \
  } while (false)
