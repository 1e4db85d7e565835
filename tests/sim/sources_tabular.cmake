set(SLUICE_TABULAR_TESTS sim/tabular_cmdp_test.cc sim/tabular_optimum_test.cc)
