#include "agents/blas_info.h"

#include <dlfcn.h>

#include <cstdlib>

namespace sluice {

namespace {

constexpr const char* kLibrary = "libblas.so.3";
constexpr const char* kChoice = "OPENBLAS_CORETYPE";

std::string openblas_kernels(void* library) {
  void* const symbol = dlsym(library, "openblas_get_corename");
  return symbol != nullptr ? reinterpret_cast<char* (*)()>(symbol)() : "";
}

// "": nothing beyond what OpenBLAS falls back to.
const char* kernels_for_this_processor() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return "";
}

bool use_avx2(const std::string& kernels) {
  return kernels == "Haswell" || kernels == "Zen" || kernels == "SkylakeX" || kernels == "Cooperlake" || kernels == "SapphireRapids";
}

// Only an OpenBLAS that is loaded again is ever closed: other BLAS libraries may not survive that.
void* open_blas() {
  void* const library = dlopen(kLibrary, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr || std::getenv(kChoice) != nullptr) return library;
  const std::string kernels = openblas_kernels(library), better = kernels_for_this_processor();
  if (kernels.empty() || use_avx2(kernels) || better.empty()) return library;
  setenv(kChoice, better.c_str(), 0);
  dlclose(library);
  return dlopen(kLibrary, RTLD_LAZY | RTLD_LOCAL);
}

BlasInfo ask() {
  void* const library = open_blas();
  if (library == nullptr) return {.name = "none", .file = "", .is_reference = false};
  void* const symbol = dlsym(library, "sgemm_");
  Dl_info info{};
  BlasInfo result{.name = "unknown", .file = "libblas.so.3", .is_reference = false};
  if (symbol == nullptr || dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return result;
  char* const real = realpath(info.dli_fname, nullptr);
  result.file = real != nullptr ? real : info.dli_fname;
  std::free(real);
  result.kernels = openblas_kernels(library);
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

}  // namespace

const BlasInfo& blas_info() {
  static const BlasInfo info = ask();
  return info;
}

}  // namespace sluice
