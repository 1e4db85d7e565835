// Learning a constrained problem whose optimum is known (tests/golden_cmdp.h).
#include <doctest/doctest.h>
