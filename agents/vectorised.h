#pragma once
// Marks a loop over floats that is worth compiling for AVX2 as well; the machine's version is chosen when
// the program is loaded.  Both give the same bits: nothing is contracted (-ffp-contract=off), and sums are
// kept in kLanes partial sums whatever the width of a register.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SLUICE_VECTORISED __attribute__((target_clones("avx2", "default")))
#else
#define SLUICE_VECTORISED
#endif
