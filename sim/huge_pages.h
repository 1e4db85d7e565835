#pragma once
// Memory for the large arrays that requests touch at random: on huge pages where the kernel grants them
// (Linux, transparent huge pages on `madvise` or `always`).  At a million users nearly every access is
// to another 4 KiB page, and looking up its address costs as much as the memory behind it.

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace sluice {

/// An allocator for std::vector.
template <class T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <class U>
  HugePages(const HugePages<U>&) {}

  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    void* memory = ::operator new(bytes, alignment(bytes));
    // A wish: where it is not granted, ordinary pages do.
    if (bytes >= kLarge) madvise(memory, bytes, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t n) { ::operator delete(memory, alignment(n * sizeof(T))); }
  bool operator==(const HugePages&) const { return true; }

 private:
  static constexpr std::size_t kPage = std::size_t{2} << 20;  // a huge page of x86-64
  static constexpr std::size_t kLarge = 2 * kPage;
  static std::align_val_t alignment(std::size_t bytes) {
    return std::align_val_t{bytes >= kLarge ? kPage : alignof(T) > alignof(std::max_align_t) ? alignof(T) : alignof(std::max_align_t)};
  }
};

}  // namespace sluice
