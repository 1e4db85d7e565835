#pragma once
// Which BLAS libtorch's matrix products end up in, and which of its kernels.  With Debian's reference BLAS they are about 25
// times slower than with OpenBLAS, and with the kernels that OpenBLAS 0.3.21 falls back to on processors younger than itself
// (Prescott's, of 2004) 3 to 5 times (GEMM); nothing else would say so.

#include <string>

namespace sluice {

struct BlasInfo {
  std::string name;           // "openblas-serial", "openblas-pthread", "reference", "blis", …, "none"
  std::string file;           // the library behind libblas.so.3
  bool is_reference = false;  // slow: install libopenblas0-serial
  std::string kernels = {};   // of OpenBLAS: "Haswell", "SkylakeX", "Zen", …

  std::string text() const { return kernels.empty() ? name : name + " with kernels for " + kernels; }
};

/// Needs no libtorch; asks the dynamic loader.  The first call may set OPENBLAS_CORETYPE, unless it is set, and so has to come
/// before libtorch is loaded: to what the processor can do, where OpenBLAS has taken kernels without AVX2 although it has it.
const BlasInfo& blas_info();

}  // namespace sluice
