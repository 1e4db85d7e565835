#include "agents/blas_info.h"

#include <dlfcn.h>

#include <cstdlib>

namespace sluice {

BlasInfo blas_info() {
  // Never closed: some BLAS libraries do not survive being unloaded.
  void* const library = dlopen("libblas.so.3", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return {.name = "none", .file = "", .is_reference = false};
  void* const symbol = dlsym(library, "sgemm_");
  Dl_info info{};
  BlasInfo result{.name = "unknown", .file = "libblas.so.3", .is_reference = false};
  if (symbol == nullptr || dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return result;
  char* const real = realpath(info.dli_fname, nullptr);
  result.file = real != nullptr ? real : info.dli_fname;
  std::free(real);
  const auto names = [&](const char* part) { return result.file.find(part) != std::string::npos; };
  if (names("openblas"))
    result.name = names("serial")    ? "openblas-serial"
                  : names("pthread") ? "openblas-pthread"
                  : names("openmp")  ? "openblas-openmp"
                                     : "openblas";
  else if (names("blis"))
    result.name = "blis";
  else if (names("mkl"))
    result.name = "mkl";
  else if (names("atlas"))
    result.name = "atlas";
  else if (names("/blas/libblas") || names("libblas.so.3"))
    result = {.name = "reference", .file = result.file, .is_reference = true};
  return result;
}

}  // namespace sluice
