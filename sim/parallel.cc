#include "sim/parallel.h"

#include <algorithm>
#include <utility>

namespace sluice {

WorkerPool::WorkerPool(int num_threads) {
  for (int i = 1; i < num_threads; ++i) helpers_.emplace_back([this] { help(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void WorkerPool::for_chunks(std::size_t n,
                            const std::function<void(std::size_t, std::size_t)>& work) {
  if (helpers_.empty() || n <= kChunk) {
    for (std::size_t begin = 0; begin < n; begin += kChunk) work(begin, std::min(n, begin + kChunk));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    n_ = n;
    next_ = 0;
    busy_ = static_cast<int>(helpers_.size());
    ++round_;
  }
  wake_.notify_all();
  take_chunks();
  std::unique_lock lock(mutex_);
  finished_.wait(lock, [this] { return busy_ == 0; });
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void WorkerPool::take_chunks() {
  for (std::size_t begin = next_.fetch_add(kChunk); begin < n_; begin = next_.fetch_add(kChunk))
    try {
      (*work_)(begin, std::min(n_, begin + kChunk));
    } catch (...) {  // of any kind: it is rethrown where the work was asked for
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
}

void WorkerPool::help() {
  std::size_t seen = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
    }
    take_chunks();
    {
      const std::lock_guard lock(mutex_);
      --busy_;
    }
    finished_.notify_one();
  }
}

}  // namespace sluice
