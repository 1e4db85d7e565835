#include "sim/parallel.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice {
namespace {

constexpr std::chrono::microseconds kWatch_us{200};

/// Returns when `value` is no longer `old`: watches it for a while, then sleeps until it is notified.  Between two looks
/// the core is offered to others: where threads outnumber cores, the one that is waited for needs it.
void wait_while(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  const auto end = std::chrono::steady_clock::now() + kWatch_us;
  do {
    if (value.load(std::memory_order_acquire) != old) return;
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

WorkerPool::WorkerPool(int num_threads) {
  for (int i = 1; i < num_threads; ++i) helpers_.emplace_back([this] { help(); });
}

WorkerPool::~WorkerPool() {
  stop_ = true;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void WorkerPool::for_chunks(std::size_t n,
                            const std::function<void(std::size_t, std::size_t)>& work) {
  if (helpers_.empty() || n <= kChunk) {
    for (std::size_t begin = 0; begin < n; begin += kChunk) work(begin, std::min(n, begin + kChunk));
    return;
  }
  work_ = &work;
  n_ = n;
  next_.store(0, std::memory_order_relaxed);
  busy_.store(static_cast<std::uint32_t>(helpers_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  take_chunks();
  for (std::uint32_t busy; (busy = busy_.load(std::memory_order_acquire)) != 0;) wait_while(busy_, busy);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void WorkerPool::take_chunks() {
  for (std::size_t begin = next_.fetch_add(kChunk); begin < n_; begin = next_.fetch_add(kChunk))
    try {
      (*work_)(begin, std::min(n_, begin + kChunk));
    } catch (...) {  // of any kind: it is rethrown where the work was asked for
      const std::lock_guard lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
    }
}

void WorkerPool::help() {
  for (std::uint32_t seen = 0;;) {
    wait_while(round_, seen);
    ++seen;  // a round ends only when every helper has left it: none is missed
    if (stop_) return;
    take_chunks();
    busy_.fetch_sub(1, std::memory_order_release);
    busy_.notify_one();
  }
}

}  // namespace sluice
