#pragma once
// Work on fixed chunks of a batch by a few threads.  Chunks are cut at fixed sizes, never by the
// number of threads, and nothing is summed across chunks here: results cannot depend on the threads.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice {

inline constexpr std::size_t kChunk = 64;

/// A pool of `num_threads − 1` helpers; the caller is the remaining thread.  Between two rounds of work
/// helpers watch for the next one for kWatch_us before they sleep: a window's batches follow each other
/// faster than a sleeping thread wakes up.
class WorkerPool {
 public:
  explicit WorkerPool(int num_threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Calls work(begin, end) for every chunk of [0, n); returns when all are done.
  /// An exception of any of them is thrown here.
  void for_chunks(std::size_t n, const std::function<void(std::size_t, std::size_t)>& work);
  int num_threads() const { return static_cast<int>(helpers_.size()) + 1; }

 private:
  void help();
  void take_chunks();

  // One round.  Written by the caller before it raises round_, read by helpers after they saw that.
  const std::function<void(std::size_t, std::size_t)>* work_ = nullptr;
  std::size_t n_ = 0;
  bool stop_ = false;
  alignas(64) std::atomic<std::uint32_t> round_ = 0;
  alignas(64) std::atomic<std::size_t> next_ = 0;    // first element that nobody has taken
  alignas(64) std::atomic<std::uint32_t> busy_ = 0;  // helpers that have not left the round
  std::mutex error_mutex_;
  std::exception_ptr error_;  // the first of this round; rethrown by for_chunks
  std::vector<std::thread> helpers_;
};

}  // namespace sluice
