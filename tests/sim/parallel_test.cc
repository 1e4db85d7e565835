#include "sim/parallel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

namespace sluice {
namespace {

std::vector<std::pair<std::size_t, std::size_t>> chunks_of(std::size_t n, int threads) {
  WorkerPool pool(threads);
  std::mutex mutex;
  std::vector<std::pair<std::size_t, std::size_t>> chunks;
  pool.for_chunks(n, [&](std::size_t begin, std::size_t end) {
    const std::lock_guard lock(mutex);
    chunks.emplace_back(begin, end);
  });
  std::sort(chunks.begin(), chunks.end());
  return chunks;
}

}  // namespace

TEST_CASE("parallel: a batch is cut every 64 rows, whatever the number of threads") {
  for (const std::size_t n : {0u, 1u, 63u, 64u, 65u, 1000u, 5000u}) {
    CAPTURE(n);
    std::vector<std::pair<std::size_t, std::size_t>> expected;
    for (std::size_t begin = 0; begin < n; begin += 64) expected.emplace_back(begin, std::min<std::size_t>(n, begin + 64));
    for (const int threads : {1, 2, 3, 7}) {
      CAPTURE(threads);
      CHECK(chunks_of(n, threads) == expected);
    }
  }
}

TEST_CASE("parallel: what a chunk throws is thrown where the work was asked for, and the pool goes on") {
  for (const int threads : {1, 3}) {
    WorkerPool pool(threads);
    CHECK_THROWS_AS(pool.for_chunks(5000, [](std::size_t begin, std::size_t) {
      if (begin == 1024) throw std::runtime_error("no");
    }), std::runtime_error);
    std::atomic<std::size_t> rows = 0;
    pool.for_chunks(5000, [&](std::size_t begin, std::size_t end) { rows += end - begin; });
    CHECK(rows == 5000);
  }
}

}  // namespace sluice
