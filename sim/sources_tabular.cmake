set(SLUICE_TABULAR_SOURCES environment.cc example_cmdps.cc observation.cc tabular_cmdp.cc tabular_environment.cc tabular_optimum.cc tabular_planning.cc)
