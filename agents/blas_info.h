#pragma once
// Which BLAS libtorch's matrix products end up in.  With Debian's reference BLAS they are about 25
// times slower than with OpenBLAS, and nothing else would say so.

#include <string>

namespace sluice {

struct BlasInfo {
  std::string name;           // "openblas-serial", "openblas-pthread", "reference", "blis", …, "none"
  std::string file;           // the library behind libblas.so.3
  bool is_reference = false;  // slow: install libopenblas0-serial
};

/// Needs no libtorch; asks the dynamic loader.
BlasInfo blas_info();

}  // namespace sluice
