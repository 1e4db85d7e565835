# Paths relative to tests/.
set(SLUICE_RESULT_TESTS experiments/result_file_test.cc experiments/cmdp_file_test.cc)
