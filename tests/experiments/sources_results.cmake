# Paths relative to tests/.
set(SLUICE_RESULT_TESTS experiments/every_knob_test.cc experiments/request_log_test.cc experiments/result_file_test.cc experiments/cmdp_file_test.cc)
