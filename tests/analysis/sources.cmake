# Paths relative to tests/.
set(SLUICE_ANALYSIS_TESTS
  analysis/statistics_test.cc analysis/compare_test.cc analysis/critic_health_test.cc analysis/matched_test.cc analysis/report_test.cc
  analysis/synthetic_results.cc)
